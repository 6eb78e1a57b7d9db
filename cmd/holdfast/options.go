package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// hubOptions turns the section channels into a hub's options.
func hubOptions(c config.Channels) channels.Options {
	o := channels.Options{
		Limits:       limits(c.Replay, c.SendWindow),
		IdleChannels: c.Idle,
		MemoryLimit:  int64(c.MemoryLimit),
		DedupWindow:  c.Dedup.Window,
		DedupIDs:     c.Dedup.IDs,
		ParkWait:     c.Park.Wait,
		ParkItems:    c.Park.Items,
	}
	for _, v := range c.Overrides {
		o.Overrides = append(o.Overrides, channels.Override{Prefix: v.Prefix, Limits: limits(v.Replay, v.SendWindow)})
	}
	return o
}

func limits(r config.Replay, w config.SendWindow) channels.Limits {
	return channels.Limits{
		Messages:       r.Messages,
		Bytes:          int64(r.Bytes),
		Age:            r.Age,
		WindowMessages: w.Messages,
		WindowBytes:    int64(w.Bytes),
	}
}

// wireOptions says how items must be encoded for the configured routes.
func wireOptions(cfg config.Config) wire.Options {
	var o wire.Options
	for _, r := range cfg.Routes {
		o.PositionIDs = o.PositionIDs || r.Resume == config.ResumePositions
		o.Deflate = o.Deflate || r.WebSocket.Compression
	}
	return o
}

// serverOptions are the listeners for clients and their limits.
func serverOptions(cfg config.Config) proxy.ServerOptions {
	return proxy.ServerOptions{
		Listen:            cfg.Listen,
		TLSListen:         cfg.TLS.Listen,
		HTTP3:             cfg.TLS.HTTP3,
		HSTS:              cfg.TLS.HSTS,
		ReadHeaderTimeout: cfg.Server.HeaderTimeout,
		IdleTimeout:       cfg.Server.IdleTimeout,
		MaxHeaderBytes:    int(cfg.Server.MaxHeaderBytes),
	}
}

// socketOptions are the settings of held connections.
func socketOptions(c config.Sockets) hold.SocketOptions {
	return hold.SocketOptions{
		SendBuffer:   int(c.SendBuffer),
		NotSentLowat: int(c.NotSent),
		Nagle:        !c.NoDelay,
		UserTimeout:  c.UserTimeout,
		Probes:       c.Probes,
	}
}

// controlServer is the server of the control endpoint with the configured
// limits.
func controlServer(c config.Server, h http.Handler, log *zap.Logger) *http.Server {
	s := control.NewServer(h, log)
	s.ReadHeaderTimeout, s.IdleTimeout, s.MaxHeaderBytes = c.HeaderTimeout, c.IdleTimeout, int(c.MaxHeaderBytes)
	return s
}

// natsAccess says how the configured NATS is reached.
func natsAccess(c config.NATS) (nats.Access, error) {
	c, err := c.ReadSecrets()
	return nats.Access{
		Servers:     c.URL,
		Name:        "holdfast",
		Credentials: c.Credentials,
		NKey:        c.NKey,
		User:        c.User,
		Password:    c.Password,
		Token:       c.Token,
		CA:          c.TLS.CA,
		Cert:        c.TLS.Cert,
		Key:         c.TLS.Key,
	}, err
}

// embeddedOptions are the settings of the server in the process. What only Holdfast
// may publish to is not among them.
func embeddedOptions(c config.NATS) (embedded.Options, error) {
	c, err := c.ReadSecrets()
	e := c.Embedded
	o := embedded.Options{
		StoreDir:     e.StoreDir,
		ServerName:   e.ServerName,
		MaxStore:     int64(e.MaxStore),
		MaxMemory:    int64(e.MaxMemory),
		MaxPayload:   int(e.MaxPayload),
		SyncInterval: e.SyncInterval,
		SyncAlways:   e.SyncAlways,
		Listen:       e.Listen,
		TLS:          embedded.TLS(e.TLS),
		Cluster: embedded.Cluster{
			Name:      e.Cluster.Name,
			Listen:    e.Cluster.Listen,
			Advertise: e.Cluster.Advertise,
			Peers:     e.Cluster.Peers,
			User:      e.Cluster.User,
			Password:  e.Cluster.Password,
			TLS:       embedded.TLS(e.Cluster.TLS),
		},
	}
	for _, u := range e.Users {
		o.Users = append(o.Users, embedded.User{Name: u.User, Password: u.Password, Publish: u.Publish, Subscribe: u.Subscribe})
	}
	return o, err
}

// proxyOptions are the settings of the proxy; its parts are not among them.
func proxyOptions(cfg config.Config) (proxy.Options, error) {
	o := proxy.Options{
		TrustedProxies: cfg.TrustedProxies,
		Feature:        grip.Feature,
		Holding: proxy.Holding{
			MaxChannels:      cfg.MaxChannelsPerStream,
			ResumeParameters: cfg.Resume.QueryParameters,
			PositionEvent:    cfg.Resume.PositionEvent,
			GapEvent:         cfg.Gap.Event,
			GapChannels:      cfg.Gap.Channels,
			Recovery:         proxy.Pace{Concurrent: cfg.Recovery.Concurrent, PerSecond: cfg.Recovery.PerSecond},
		},
		Limits: proxy.Limits{
			NewStreams: cfg.Limits.NewStreams,
			Burst:      cfg.Limits.NewStreamsBurst,
			Queue:      cfg.Limits.Queue,
			Patience:   cfg.Limits.QueueWait,
		},
	}
	o.Quotas, o.Bodies = quotas(cfg.Limits), bodies(cfg.Server)
	var err error
	if o.Signer, err = signer("grip.sig_key", cfg.GRIP); err != nil {
		return o, err
	}
	if o.Upstream, err = upstream(cfg.GRIP); err != nil {
		return o, err
	}
	for _, r := range cfg.AllRoutes() {
		route, err := routeOf(r)
		if err != nil {
			return o, err
		}
		if r.SigKey != "" || r.SigIss != "" {
			own := config.GRIP{SigKey: cmp.Or(r.SigKey, cfg.GRIP.SigKey), SigIss: cmp.Or(r.SigIss, cfg.GRIP.SigIss)}
			if route.Signer, err = signer("sig_key of route "+r.Name, own); err != nil {
				return o, err
			}
		}
		if route.Tokens, err = tokensOf(r.Tokens); err != nil {
			return o, fmt.Errorf("route %s: %w", r.Name, err)
		}
		o.Routes = append(o.Routes, route)
	}
	return o, nil
}

// routeOf turns one element of routes into a route.
func routeOf(r config.Route) (proxy.Route, error) {
	route := proxy.Route{
		Name:                  r.Name,
		Host:                  r.Host,
		PathPrefix:            r.PathPrefix,
		Protocol:              proxy.Protocol(r.Protocol),
		TLS:                   proxy.TLS(r.TLS),
		Balance:               proxy.Balance(r.Balance),
		OriginProtocol:        proxy.OriginProtocol(r.OriginProtocol),
		MaxConnections:        r.MaxConnections,
		CheckOrigin:           r.CheckOrigin,
		CORS:                  proxy.CORS(r.CORS),
		Debug:                 r.Debug,
		Subscribe:             r.Subscribe,
		Channels:              proxy.ChannelPolicy(r.Channels),
		MaxBody:               int64(r.MaxBody),
		RewritePrefix:         r.RewritePrefix,
		OriginRequests:        r.OriginRequests,
		ConnectTimeout:        r.ConnectTimeout,
		ResponseHeaderTimeout: r.ResponseHeaderTimeout,
		WriteTimeout:          r.WriteTimeout,
		OnUnavailable:         proxy.OnUnavailable(r.OnUnavailable),
		ChannelPrefix:         r.ChannelPrefix,
		Resume:                proxy.Resume(r.Resume),
		OnLag:                 proxy.OnLag(r.OnLag),
		KeepAlive: proxy.KeepAlive{
			Interval: r.KeepAlive.Interval,
			Format:   proxy.KeepAliveFormat(r.KeepAlive.Format),
			Fixed:    r.KeepAlive.Mode == config.KeepAliveInterval,
		},
		Reauthorize: proxy.Reauthorize{
			Event: r.Reauthorize.Event, Before: r.Reauthorize.Before, Patience: r.Reauthorize.Patience,
		},
		Retry:     r.Retry,
		OverHTTP:  r.OverHTTP,
		WebSocket: proxy.WebSocket{MaxMessage: int64(r.WebSocket.MaxMessage), Compression: r.WebSocket.Compression},
	}
	for _, origin := range r.Origins {
		u, err := url.Parse(origin)
		if err != nil {
			return route, fmt.Errorf("origin: %w", err)
		}
		route.Origins = append(route.Origins, u)
	}
	var err error
	if route.Request, err = edits(r.RequestHeaders); err != nil {
		return route, err
	}
	route.Response, err = edits(r.ResponseHeaders)
	return route, err
}

func edits(e config.HeaderEdits) (proxy.HeaderEdits, error) {
	out := proxy.HeaderEdits{Remove: e.Remove}
	for _, line := range e.Set {
		name, value, err := config.ParseHeader(line)
		if err != nil {
			return out, err
		}
		out.Set = append(out.Set, proxy.Field{Name: name, Value: value})
	}
	return out, nil
}
