package pushpin

import "encoding/base64"

// inside are the settings about Pushpin's own processes, their sockets and
// files. They mean nothing elsewhere.
func inside() map[string]rule {
	rules := map[string]rule{}
	for _, name := range []string{
		"global.include", "global.rundir", "global.libdir", "global.ipc_prefix",
		"runner.services", "runner.logdir", "runner.condure_bin", "runner.connmgr_bin", "runner.mongrel2_bin", "runner.m2sh_bin",
		"runner.m2adapter_bin", "runner.zurl_bin", "runner.proxy_bin", "runner.handler_bin",
		"proxy.routesfile", "proxy.sockjs_url", "proxy.workers", "proxy.updates_check", "proxy.organization_name",
		"handler.ipc_file_mode", "handler.push_in_http_max_headers_size", "handler.update_on_first_subscription",
		"handler.subscription_linger",
	} {
		rules[name] = func(Setting) string { return "" }
	}
	return rules
}

// withoutEquivalent are the settings that mean something and cannot be carried
// over.
func withoutEquivalent() map[string]rule {
	const (
		stats    = "has no equivalent: /metrics and /channels of the control endpoint replace the stats socket"
		metrics  = "has no equivalent: the control endpoint serves /metrics"
		commands = "has no equivalent: the control endpoint takes requests over HTTP"
		rates    = "has no equivalent: deliveries are not limited, and none are dropped"
		sessions = "has no equivalent: sessions are not supported"
	)
	rules := map[string]rule{
		"runner.local_ports":              ifSet("has no equivalent: clients connect over TCP"),
		"runner.allow_compression":        ifTrue("has no equivalent"),
		"proxy.max_open_requests":         ifSet("has no equivalent: set max_connections of routes"),
		"proxy.x_forwarded_for_trusted":   ifSet("has no equivalent: see trusted_proxies"),
		"proxy.orig_headers_need_mark":    ifSet("has no equivalent: original headers are not marked"),
		"proxy.accept_pushpin_route":      ifTrue("has no equivalent: routes are chosen by host, path, protocol and TLS"),
		"proxy.cdn_loop":                  ifSet("has no equivalent; request_headers of routes can set CDN-Loop"),
		"proxy.log_from":                  ifTrue("has no equivalent"),
		"proxy.log_user_agent":            ifTrue("has no equivalent"),
		"handler.command_spec":            ifSet(commands),
		"handler.message_rate":            ifSet(rates),
		"handler.message_hwm":             ifSet(rates),
		"handler.message_block_size":      ifSet(rates),
		"handler.share_all":               ifTrue("has no equivalent: each request reaches the origin"),
		"handler.state_spec":              ifSet(sessions),
		"global.stats_connection_ttl":     ifSet(stats),
		"global.stats_connection_send":    ifSet(stats),
		"handler.stats_spec":              ifSet(stats),
		"handler.stats_subscription_ttl":  ifSet(stats),
		"handler.stats_report_interval":   ifSet(stats),
		"handler.stats_format":            ifSet(stats),
		"proxy.stats_report_interval":     ifSet(stats),
		"proxy.stats_connections_max_ttl": ifSet(stats),
		"proxy.stats_connection_ttl":      ifSet(stats),
		"handler.stats_connection_ttl":    ifSet(stats),
		"handler.prometheus_port":         ifSet(metrics),
		"handler.prometheus_prefix":       ifSet(metrics),
		"proxy.prometheus_port":           ifSet(metrics),
		"proxy.prometheus_prefix":         ifSet(metrics),
	}
	return rules
}

// ifSet loses a setting that has a value.
func ifSet(lost string) rule {
	return func(s Setting) string {
		if s.Value == "" || s.Value == "false" {
			return ""
		}
		return lost
	}
}

// ifTrue loses a setting that is on.
func ifTrue(lost string) rule {
	return func(s Setting) string {
		if isTrue(s.Value) {
			return lost
		}
		return ""
	}
}

func validBase64(text string) bool {
	_, err := base64.StdEncoding.DecodeString(text)
	return err == nil && text != ""
}
