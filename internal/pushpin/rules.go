package pushpin

import (
	"fmt"
	"maps"
	"net"
	"strconv"
	"strings"
)

// A rule carries a setting over, or says what is lost, as the rest of a
// sentence that begins with the setting's name.
type rule func(Setting) (lost string)

// rules are those of all settings that Pushpin knows.
func (t *translation) rules() map[string]rule {
	rules := inside()
	maps.Copy(rules, withoutEquivalent())
	maps.Copy(rules, map[string]rule{
		"global.port_offset":                  t.number(func(n int) { t.portOffset = n }),
		"runner.http_port":                    t.httpPort,
		"runner.https_ports":                  httpsPorts,
		"runner.log_level":                    t.logLevel,
		"runner.client_buffer_size":           t.number(t.bufferSize),
		"runner.client_maxconn":               t.number(t.maxConnections),
		"proxy.debug":                         flag(&t.debug),
		"proxy.auto_cross_origin":             t.autoCrossOrigin,
		"proxy.sig_key":                       t.sigKey,
		"proxy.sig_iss":                       t.sigIss,
		"proxy.x_forwarded_for":               forwardedFor,
		"proxy.set_x_forwarded_protocol":      forwardedProtocol,
		"proxy.accept_x_forwarded_protocol":   ifSet("needs trusted_proxies: name the networks whose X-Forwarded-Proto is believed"),
		"proxy.upstream_key":                  t.upstreamKey,
		"handler.push_in_spec":                t.endpoints(&t.pull),
		"handler.push_in_sub_spec":            t.endpoints(&t.sub),
		"handler.push_in_sub_specs":           t.endpoints(&t.sub),
		"handler.push_in_sub_connect":         flag(&t.subConnects),
		"handler.push_in_http_addr":           t.controlAddr,
		"handler.push_in_http_port":           t.controlPortIs,
		"handler.push_in_http_max_body_size":  t.number(t.maxBody),
		"handler.message_wait":                t.number(t.messageWait),
		"handler.id_cache_ttl":                t.number(t.idCache),
		"handler.connection_subscription_max": t.number(t.maxChannels),
	})
	return rules
}

// The values of Pushpin's sample file that Holdfast's defaults stand for.
const (
	defaultControlPort   = 5561
	sampleHTTPPort       = "7999"
	sampleMaxConnections = 50_000
	sampleMaxChannels    = 20
	sampleMaxBody        = 1_000_000
	sampleMessageWait    = 5000 // ms
	sampleIDCache        = 60   // s
	ownHeaderBytes       = 32 << 10
	sampleIssuer         = "pushpin"
	sampleKey            = "changeme"
)

// number is the rule of a setting that is a whole number.
func (t *translation) number(set func(int)) rule {
	return func(s Setting) string {
		if s.Value == "" {
			return ""
		}
		n, err := strconv.Atoi(s.Value)
		if err != nil || n < 0 || n > 1<<31-1 {
			return "is " + strconv.Quote(s.Value) + ", which is no number"
		}
		set(n)
		return ""
	}
}

// flag is the rule of a setting that is true or false.
func flag(set *bool) rule {
	return func(s Setting) string {
		*set = isTrue(s.Value)
		return ""
	}
}

func (t *translation) autoCrossOrigin(s Setting) string {
	if t.crossOrigin = isTrue(s.Value); t.crossOrigin {
		return aboutPreflights
	}
	return ""
}

func isTrue(value string) bool { return strings.EqualFold(value, "true") || value == "1" }

func (t *translation) messageWait(milliseconds int) {
	if milliseconds != sampleMessageWait {
		t.doc.Channels.Park.Wait = strconv.Itoa(milliseconds) + "ms"
	}
}

func (t *translation) idCache(seconds int) {
	if seconds != sampleIDCache {
		t.doc.Channels.Dedup.Window = strconv.Itoa(seconds) + "s"
	}
}

func (t *translation) httpPort(s Setting) string {
	switch host, port, ok := hostPort(s.Value); {
	case !ok:
		return "is " + strconv.Quote(s.Value) + ", which is no port"
	case host != "" || port != sampleHTTPPort:
		t.doc.Listen = []string{net.JoinHostPort(host, port)}
	}
	return ""
}

// hostPort splits PORT or HOST:PORT.
func hostPort(text string) (host, port string, ok bool) {
	port = text
	if strings.Contains(text, ":") {
		var err error
		if host, port, err = net.SplitHostPort(text); err != nil {
			return "", "", false
		}
	}
	if host == "*" {
		host = ""
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return host, port, err == nil && n > 0 && isHost(host)
}

// isHost reports whether text can be a host name or an address.
func isHost(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool {
		alphanumeric := 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9'
		return !alphanumeric && !strings.ContainsRune(".:-_", r)
	})
}

func httpsPorts(s Setting) string {
	if s.Value == "" {
		return ""
	}
	return `needs certificates: set tls.listen to [":` + strings.TrimPrefix(s.Value, "*:") + `"] and tls.certificates to what is in Pushpin's runner/certs`
}

func (t *translation) logLevel(s Setting) string {
	level, _, rest := strings.Cut(s.Value, ",")
	levels := map[string]string{"": "", "0": "error", "1": "warn", "2": "", "3": "debug"} // info is the default
	known := false
	if t.doc.Log.Level, known = levels[level]; !known {
		return "is " + strconv.Quote(level) + ", which is no level"
	}
	if rest {
		return "is carried over as " + strconv.Quote(level) + ": parts have no levels of their own"
	}
	return ""
}

func (t *translation) bufferSize(n int) {
	if n > ownHeaderBytes {
		t.doc.Server.MaxHeaderBytes = strconv.Itoa(n) + "B"
	}
}

func (t *translation) maxConnections(n int) {
	if n != sampleMaxConnections {
		t.doc.MaxStreams = n
	}
}

func (t *translation) maxChannels(n int) {
	if n != sampleMaxChannels && n > 0 {
		t.doc.MaxChannels = n
	}
}

func (t *translation) maxBody(n int) {
	if n != sampleMaxBody && n > 0 {
		t.doc.Control.MaxBody = strconv.Itoa(n) + "B"
	}
}

func (t *translation) sigKey(s Setting) string {
	lost := keyProblem(s.Value)
	if lost == "" || lost == keyIsKnown {
		t.doc.GRIP.SigKey = s.Value
	}
	return lost
}

// upstreamKey carries the key of a proxy in front over.
func (t *translation) upstreamKey(s Setting) string {
	switch encoded, isBase64 := strings.CutPrefix(s.Value, "base64:"); {
	case s.Value == "":
	case s.Value == "file:" || isBase64 && !validBase64(encoded) || !isPlain(s.Value):
		return "is not a key"
	case strings.HasPrefix(s.Value, "file:"):
		return "is not carried over: set grip.upstream_keys to file: and the whole path of the key's file"
	default:
		t.doc.GRIP.UpstreamKeys = []string{s.Value}
	}
	return ""
}

const keyIsKnown = "is the key of Pushpin's sample, which everybody knows: change it here and at the origin"

// keyProblem says what is wrong with a key, or is to be known of it.
func keyProblem(key string) string {
	encoded, isBase64 := strings.CutPrefix(key, "base64:")
	switch {
	case key == "":
		return "is empty: requests are not signed. (Pushpin signs them with an empty key)"
	case key == sampleKey:
		return keyIsKnown
	case key == "file:" || isBase64 && !validBase64(encoded) || !isPlain(key):
		return "is not a key"
	case strings.HasPrefix(key, "file:"):
		return "is not carried over: set sig_key to file: and the whole path of the key's file"
	}
	return ""
}

func (t *translation) sigIss(s Setting) string {
	if s.Value == "" {
		return "is empty: requests are signed with the issuer " + sampleIssuer
	}
	if !isPlain(s.Value) {
		return "is not plain text"
	}
	if s.Value != sampleIssuer {
		t.doc.GRIP.SigIss = s.Value
	}
	return ""
}

func forwardedFor(s Setting) string {
	if s.Value == "" || s.Value == "truncate:0,append" || s.Value == "truncate:0, append" {
		return ""
	}
	return "needs trusted_proxies: what they say is believed and extended, all others are told as they are seen"
}

func forwardedProtocol(s Setting) string {
	if isTrue(s.Value) {
		return "has no equivalent: only X-Forwarded-Proto is set, not X-Forwarded-Protocol"
	}
	return ""
}

func (t *translation) controlAddr(s Setting) string {
	t.controlHost, t.controlLine = s.Value, s.Line
	return ""
}

func (t *translation) controlPortIs(s Setting) string {
	t.controlLine = max(t.controlLine, s.Line)
	return t.number(func(n int) { t.controlPort = n })(s)
}

// controlAddress sets control.listen, if others cannot reach it: without a
// token Holdfast would refuse it.
func (t *translation) controlAddress(file string) {
	port := t.controlPort + t.portOffset
	if port > 1<<16-1 || port == 0 {
		t.notes = append(t.notes, Note{file, t.controlLine, fmt.Sprintf("handler.push_in_http_port would be %d: set control.listen", port)})
		return
	}
	host := t.controlHost
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		t.notes = append(t.notes, Note{file, t.controlLine, "handler.push_in_http_addr is one that others can reach: set control.listen and control.tokens"})
		host = "127.0.0.1"
	}
	if host != "127.0.0.1" || port != defaultControlPort {
		t.doc.Control.Listen = []string{net.JoinHostPort(host, strconv.Itoa(port))}
	}
}
