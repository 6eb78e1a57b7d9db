package config

import "time"

// Route is one element of routes. Keys that it leaves out have the values of
// DefaultRoute.
type Route struct {
	// What the route is called in logs and metrics. Empty: its host and
	// path_prefix.
	Name string `mapstructure:"name"`
	// The host of the requests, without a port, as clients send it: names in
	// other letters in their form with xn--, addresses as they are (::1). Empty:
	// every host.
	Host string `mapstructure:"host"`
	// What the path of the requests begins with, in whole segments: /api
	// takes /api and /api/x but not /apix. A path that means one of another
	// route when escapes and dot segments are resolved, as in /api/../x, or
	// parameters are taken off, as in /api;x, is for none.
	PathPrefix string `mapstructure:"path_prefix"`
	// Which of these requests. http: all but WebSockets. websocket: only
	// requests to open a WebSocket. Empty: both.
	Protocol Protocol `mapstructure:"protocol"`
	// Which of these requests. only: those that came over TLS, to Holdfast or
	// by the word of one of trusted_proxies. never: the others. Empty: both.
	TLS RouteTLS `mapstructure:"tls"`
	// What path_prefix is replaced by on the way to the origin; / takes it
	// away. Empty: the path stays as it is.
	RewritePrefix string `mapstructure:"rewrite_prefix"`
	// The URLs of the API, as in http://10.0.0.5:8000. With tokens there may be
	// none. One that cannot be
	// reached, breaks connections or does not answer in time is tried last for
	// a while, 1s at first and up to 30s.
	Origins []string `mapstructure:"origins"`
	// Hold event streams by token alone, without asking the origins: what a
	// token allows, it says itself. With keys, jwks or encryption_keys there,
	// every GET for an event stream needs one. All else goes to the origins,
	// and is refused if there are none.
	Tokens Tokens `mapstructure:"tokens"`
	// Which HTTP is spoken with the origins. http1: HTTP/1.1. auto: HTTP/2 with
	// https origins that offer it, HTTP/1.1 with all others. http2: HTTP/2 over
	// TLS. h2c: HTTP/2 in the clear, by prior knowledge. WebSockets are HTTP/1.1
	// in every case.
	OriginProtocol OriginProtocol `mapstructure:"origin_protocol"`
	// TLS with https origins.
	OriginTLS OriginTLS `mapstructure:"origin_tls"`
	// How many requests may be with the origins at once, until the heads of
	// their responses are there. 0: as many as limits.origin_requests says.
	OriginRequests int `mapstructure:"origin_requests"`
	// Which origin gets a request first. first: the one that is named first.
	// round_robin: each in turn. least_requests: the one with the fewest
	// requests under way.
	Balance Balance `mapstructure:"balance"`
	// How many requests one origin may have under way at once; held streams
	// are not among them, tunnels are. For origins that take only so many
	// connections; against storms origin_requests is better. Beyond it
	// requests wait for a place, at most limits.queue of them and no longer
	// than connect_timeout. 0: no limit.
	MaxConnections int `mapstructure:"max_connections"`
	// Put before every channel name in this route's instructions, so that
	// routes cannot listen to each other's channels. Publishers name the
	// whole channel.
	ChannelPrefix string `mapstructure:"channel_prefix"`
	// Which channels the API may have clients of this route follow, by their
	// whole names, with channel_prefix. An instruction that names another is
	// refused, and the client gets 502. Those of subscribe are always allowed.
	Channels ChannelPolicy `mapstructure:"channels"`
	// Channels that every hold of this route follows beside those of its
	// instruction. channel_prefix is not put before them.
	Subscribe []string `mapstructure:"subscribe"`
	// The key that signs this route's requests, in place of grip.sig_key.
	SigKey string `mapstructure:"sig_key"`
	// The issuer named there, in place of grip.sig_iss. Needs sig_key, here or
	// in grip.
	SigIss string `mapstructure:"sig_iss"`
	// How long the body of a request may be, in place of server.max_body. 0B:
	// as server.max_body says.
	MaxBody Size `mapstructure:"max_body"`
	// What a returning client gets of what it has missed. ids: what follows
	// the event id it has seen last. positions: the same, and Holdfast gives
	// ids to events that have none. off: nothing.
	Resume Resume `mapstructure:"resume"`
	// What happens to a client that is too slow for channels.send_window.
	// gap: it is told so and goes on with what is new (event streams only).
	// close: its stream ends. Empty: gap for event streams, close for others.
	OnLag LagAction `mapstructure:"on_lag"`
	// What an EventSource gets when the origin cannot be reached or a limit
	// is hit. retry: an empty stream that makes the browser come back later.
	// status: the bare 502, 503 or 504, after which browsers give up for good.
	OnUnavailable Unavailable `mapstructure:"on_unavailable"`
	// What is sent on quiet event streams. The origin's Grip-Keep-Alive
	// comes before this.
	KeepAlive KeepAlive `mapstructure:"keep_alive"`
	// How the clients of event streams that expire (Grip-Expires, or a token's exp)
	// are asked for new credentials.
	Reauthorize Reauthorize `mapstructure:"reauthorize"`
	// How long browsers wait before they come back, sent as retry: when an
	// event stream opens. 0s: not sent, the browser decides (about 3s).
	Retry time.Duration `mapstructure:"retry"`
	// The API has no WebSockets: what their clients do is sent to it as events
	// in HTTP requests, and its answers go to them (WebSocket-over-HTTP).
	OverHTTP bool `mapstructure:"over_http"`
	// WebSockets whose origin speaks GRIP on them. All others pass through.
	WebSocket WebSocket `mapstructure:"websocket"`
	// Changes to the headers of requests to the origin.
	RequestHeaders HeaderEdits `mapstructure:"request_headers"`
	// Changes to the headers of responses to the client.
	ResponseHeaders HeaderEdits `mapstructure:"response_headers"`
	// Refuse what pages of other sites send with the user's cookies, before the
	// origin is asked: 403 for requests, streams and WebSockets whose Origin
	// is neither the site that is asked nor in cors.origins. For APIs that know
	// users by cookies; a WebSocket is kept from other sites by nothing else.
	CheckOrigin bool `mapstructure:"check_origin"`
	// Which pages of other sites may read what this route answers, Holdfast's
	// own errors and refusals included.
	CORS CORS `mapstructure:"cors"`
	// Tell clients why their requests fail, with what the log says. Not for
	// production: it shows addresses and channel names.
	Debug bool `mapstructure:"debug"`
	// How long connecting to one of the origins may take.
	ConnectTimeout time.Duration `mapstructure:"connect_timeout"`
	// How long the origin may take from the request to the head of its
	// response, and before that, how long it may take nothing of a body.
	ResponseHeaderTimeout time.Duration `mapstructure:"response_header_timeout"`
	// How long a write to a client may be stuck before the client counts as
	// gone. On Linux a download goes on as long as the client takes 256KiB in
	// that time; on other systems it may have to be more. Held streams have
	// smaller buffers.
	WriteTimeout time.Duration `mapstructure:"write_timeout"`
}

// KeepAlive is a route's section keep_alive.
type KeepAlive struct {
	// How long a stream may be quiet. 0s: no keep-alives.
	Interval time.Duration `mapstructure:"interval"`
	// What is sent. comment: a comment line, which clients never see. event:
	// an event named keep-alive. data: an event without a name.
	Format KeepAliveFormat `mapstructure:"format"`
	// idle: only when nothing else was sent for the interval. interval:
	// every time the interval has passed.
	Mode KeepAliveMode `mapstructure:"mode"`
}

// WebSocket is a route's section websocket.
type WebSocket struct {
	// How long a message may be, from the client and from the origin.
	MaxMessage Size `mapstructure:"max_message"`
	// Compress messages for clients that offer it (permessage-deflate). What
	// is published is compressed once for all of them.
	Compression bool `mapstructure:"compression"`
}

// HeaderEdits are changes to a header: first names are removed, then lines
// are set. See ParseHeader for the lines.
type HeaderEdits struct {
	// Lines as "Name: value". Each replaces every header of that name; a
	// name given twice is sent twice.
	Set []string `mapstructure:"set"`
	// Names of headers to take away.
	Remove []string `mapstructure:"remove"`
}
