package config

import (
	"net/netip"
	"slices"
	"time"
)

// Config is every setting of a Holdfast process. Default makes one, Load fills
// one from its sources, Validate tells what is wrong with one.
type Config struct {
	// Addresses where clients connect in the clear, host:port each; without
	// a host, on every address of the machine. HTTP/1.1, and HTTP/2 with
	// prior knowledge.
	Listen []string `mapstructure:"listen"`
	// The API behind Holdfast, as in http://127.0.0.1:8000: the short form
	// of one more route, with every default, that takes what no other route
	// takes. Either this or routes must be set.
	Origin string `mapstructure:"origin"`
	// How many streams and long polls may be held at once. 0: as many as the
	// limit on open files allows, with an eighth of it (64 at least) kept
	// for requests under way. What comes on top is turned away, as the
	// route's on_unavailable says.
	MaxStreams int `mapstructure:"max_streams"`
	// How much may come at once: protection for the APIs, and for Holdfast,
	// when all clients come back together.
	Limits Limits `mapstructure:"limits"`
	// How many channels one stream may have. An instruction that names more
	// is refused, and the client gets 502.
	MaxChannelsPerStream int `mapstructure:"max_channels_per_stream"`
	// The networks of proxies in front of Holdfast, as in 10.0.0.0/8 or
	// 192.0.2.7. Only from there X-Forwarded-For, X-Forwarded-Proto and
	// X-Forwarded-Host are believed and extended; from others they are
	// replaced.
	TrustedProxies []netip.Prefix `mapstructure:"trusted_proxies"`
	// Every connection to listen and tls.listen begins with a header of the
	// PROXY protocol, version 1 or 2, that names the client. Only
	// trusted_proxies may connect then: all other connections are closed, and
	// those that do not begin with such a header.
	ProxyProtocol bool `mapstructure:"proxy_protocol"`
	// Encrypted listeners.
	TLS TLS `mapstructure:"tls"`
	// Limits on what clients send. They hold for the control endpoint too.
	Server Server `mapstructure:"server"`
	// The endpoint for publishers and operators.
	Control Control `mapstructure:"control"`
	// Publishing over NATS, beside the control endpoint.
	NATS NATS `mapstructure:"nats"`
	// Publishing over ZeroMQ, for publishers made for Pushpin.
	ZMQ ZMQ `mapstructure:"zmq"`
	// How origins know that a request came through Holdfast.
	GRIP GRIP `mapstructure:"grip"`
	// Which requests go to which origin. The most specific route takes a
	// request, whatever the order here: one with its host before one without,
	// then the longest path_prefix.
	Routes []Route `mapstructure:"routes"`
	// How clients that come back say what they have seen.
	Resume ResumeNames `mapstructure:"resume"`
	// What an event stream is told when events are missing.
	Gap Gap `mapstructure:"gap"`
	// How much of what was published is kept, and for how long.
	Channels Channels `mapstructure:"channels"`
	// How fast origins are asked for what held streams and long polls miss,
	// where an instruction has a next link or a prev-id.
	Recovery Recovery `mapstructure:"recovery"`
	// How held streams are kept.
	Hold Hold `mapstructure:"hold"`
	// How changes of these settings are taken over without a restart.
	Reload Reload `mapstructure:"reload"`
	// How the process ends after SIGTERM. A second signal ends it at once.
	Drain Drain `mapstructure:"drain"`
	// The log on standard error.
	Log Log `mapstructure:"log"`
}

// Server is the section server.
type Server struct {
	// How long a client may take to send the head of a request.
	HeaderTimeout time.Duration `mapstructure:"header_timeout"`
	// How long a connection may stay open between two requests. Held streams
	// are not between requests.
	IdleTimeout time.Duration `mapstructure:"idle_timeout"`
	// How large the head of a request may be; beyond it the answer is 431.
	MaxHeaderBytes Size `mapstructure:"max_header_bytes"`
	// How long the body of a client's request may be; beyond it the answer is
	// 413. Routes can have their own, and the control endpoint has
	// control.max_body. Bodies are passed on as they come and cost no memory.
	// 0B: any length.
	MaxBody Size `mapstructure:"max_body"`
	// How long a client may send nothing of a body that the API waits for,
	// until it begins to answer; after that the answer is 408. An upload may
	// take as long as it needs. 0s: any time, which lets clients that send
	// nothing keep requests open. Not for the control endpoint.
	BodyTimeout time.Duration `mapstructure:"body_timeout"`
	// How much of such a body must come per second, on average, once
	// body_timeout has passed; what the API does not take is not counted. It
	// keeps out clients that send a byte now and then, but also those whose
	// requests are slow streams. 0B: any amount. Not for the control endpoint.
	BodyRate Size `mapstructure:"body_rate"`
}

// Control is the section control.
type Control struct {
	// Addresses of the control endpoint. An address that others can reach
	// needs tokens, or tls.client_ca.
	Listen []string `mapstructure:"listen"`
	// Encryption of all these addresses, and who may connect.
	TLS ControlTLS `mapstructure:"tls"`
	// Bearer tokens that are good for everything; a request must carry one, or
	// one of access. file:PATH reads them from a file, one a line. Without any,
	// and without access and keys, every request is let in that does not come
	// from a web page.
	Tokens []string `mapstructure:"tokens"`
	// Bearer tokens that are good for some things only.
	Access []Access `mapstructure:"access"`
	// Keys of publishers that sign their requests, as GRIP libraries do with
	// ?iss=...&key=... in GRIP_URL: a bearer token that is a JWT signed with
	// one of them is as good as one of tokens, unless its claims rights and
	// channels say less. They are written as grip.sig_key; public keys in PEM
	// will do. Where others can reach listen, a secret has 32 bytes at least.
	Keys []string `mapstructure:"keys"`
	// Ids of services of Fastly Fanout whose path for publishers is served too,
	// POST /service/ID/publish/, also with the token in Fastly-Key. So programs
	// made for Fanout can be tried with Holdfast in its place.
	FastlyServices []string `mapstructure:"fastly_services"`
	// How large the body of a request may be; beyond it the answer is 413.
	MaxBody Size `mapstructure:"max_body"`
	// Serve Go's profiles below /debug/pprof/.
	Pprof bool `mapstructure:"pprof"`
}

// Guarded reports whether publishers must show who they are.
func (c Control) Guarded() bool { return len(c.Tokens)+len(c.Access)+len(c.Keys) > 0 }

// Reachable reports whether others than this machine can reach the endpoint.
func (c Control) Reachable() bool { return slices.ContainsFunc(c.Listen, reachable) }

// GRIP is the section grip.
type GRIP struct {
	// The key that signs Grip-Sig on every request to an origin: text,
	// base64:... or file:PATH. A private key in PEM signs with ES256 (P-256) or
	// RS256, anything else with HS256. Empty: no Grip-Sig.
	SigKey string `mapstructure:"sig_key"`
	// The issuer named in Grip-Sig. The default is Pushpin's, so that
	// origins that check the issuer go on working after a switch.
	SigIss string `mapstructure:"sig_iss"`
	// Keys of GRIP proxies in front of this one (Holdfast, Pushpin, Fastly
	// Fanout), written as sig_key; public keys in PEM will do. A request whose
	// Grip-Sig one of them has signed gets the origin's answer with its
	// instructions, for the proxy in front to follow. Two keys let one be
	// replaced.
	UpstreamKeys []string `mapstructure:"upstream_keys"`
}

// ResumeNames is the section resume. Whether a route resumes at all is the
// route's resume.
type ResumeNames struct {
	// Query parameters that are read as Last-Event-ID, for clients that
	// cannot send the header. The header comes first, then these in order.
	QueryParameters []string `mapstructure:"query_parameters"`
	// The name of the event that gives a stream its position at the start,
	// on routes with resume: positions.
	PositionEvent string `mapstructure:"position_event"`
}

// Gap is the section gap.
type Gap struct {
	// The name of the event that says that events are missing.
	Event string `mapstructure:"event"`
	// Name the channel in it. Channel names are the origin's business;
	// clients normally do not know them.
	Channels bool `mapstructure:"channels"`
}

// Drain is the section drain.
type Drain struct {
	// How long new connections are still taken while /readyz already says
	// 503. Set 5s to 15s behind a load balancer.
	Delay time.Duration `mapstructure:"delay"`
	// Over which time the held streams end after that, evenly spread, so
	// that their clients do not all come back at once.
	Window time.Duration `mapstructure:"window"`
}

// Log is the section log.
type Log struct {
	// The least important lines to write: debug, info, warn or error. Single
	// connections are logged at debug.
	Level LogLevel `mapstructure:"level"`
	// console (for people), json (for machines) or auto: console on a
	// terminal, otherwise json.
	Format LogFormat `mapstructure:"format"`
}
