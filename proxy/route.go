package proxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"golang.org/x/net/http/httpguts"
)

// Resume says what a returning client can resume from.
type Resume string

// The values of Route.Resume.
const (
	ResumeIDs       Resume = "ids" // ids that publishers gave, and positions where we write the event
	ResumePositions Resume = "positions"
	ResumeOff       Resume = "off"
)

// OnLag says what becomes of a stream that falls off the send window.
type OnLag string

// The values of Route.OnLag. LagAuto is LagGap for event streams, LagClose for
// all others.
const (
	LagAuto  OnLag = ""
	LagGap   OnLag = "gap"
	LagClose OnLag = "close"
)

// OnUnavailable says what an EventSource is told when the origin cannot
// answer.
type OnUnavailable string

// The values of Route.OnUnavailable. An EventSource gives up for good on any
// status but 200, so the default asks it to come back.
const (
	UnavailableRetry  OnUnavailable = "retry"
	UnavailableStatus OnUnavailable = "status"
)

// KeepAliveFormat says how a keep-alive of ours looks on an event stream.
type KeepAliveFormat string

// The values of KeepAlive.Format.
const (
	KeepAliveComment KeepAliveFormat = "comment"
	KeepAliveEvent   KeepAliveFormat = "event"
	KeepAliveData    KeepAliveFormat = "data"
)

// KeepAlive is what a route's held event streams get when their instruction
// names none.
type KeepAlive struct {
	Interval time.Duration   // 0: none
	Format   KeepAliveFormat // empty: KeepAliveComment
	// Fixed sends at every interval, whether or not anything else was sent.
	Fixed bool
}

// TLSClient says how to talk to servers over TLS (certs.Client). Its values can be
// compared; those that are equal do so in the same way.
type TLSClient interface {
	// Config is for one connection, and the caller's. It may be called from any
	// goroutine.
	Config() *tls.Config
}

// Field is one header field.
type Field struct{ Name, Value string }

// HeaderEdits changes a header: first the fields of Remove and of Set go,
// whatever their values, then the fields of Set are added in order.
type HeaderEdits struct {
	Set    []Field
	Remove []string
}

// Route says which requests go to which origins, and how. New copies it; what
// it points to may not change afterwards.
type Route struct {
	// Name is the route's label in logs and metrics. Empty: what it takes.
	Name string
	// Host is a host name without a port. Empty: every host that has no
	// route of its own for the path.
	Host string
	// PathPrefix is compared with the path as the client sent it, escapes and
	// dot segments untouched; a path that would have another route without them has
	// none. "/api" matches "/api" and "/api/x", not "/apix";
	// "/api/" does not match "/api". Empty is "/".
	PathPrefix string
	Protocol   Protocol // empty: ProtocolAny
	TLS        TLS      // empty: TLSAny
	// RewritePrefix, when set, takes the place of PathPrefix in the path that
	// the origin sees: "/" takes the prefix away.
	RewritePrefix string
	// Tokens, unless nil, hold event streams without a trip to an origin.
	Tokens *Tokens
	// Origins are http or https URLs without a path. With Tokens there may be none.
	Origins []*url.URL
	// OriginProtocol is what they speak. Empty: OriginHTTP1.
	OriginProtocol OriginProtocol
	// OriginTLS says how to talk to https origins. Nil: Options.OriginTLS does.
	OriginTLS TLSClient
	Balance   Balance // empty: BalanceFirst
	// MaxConnections bounds the requests under way at one origin, tunnels
	// included. 0: no bound.
	MaxConnections int
	// Request and Response edit the headers towards the origin and towards
	// the client. A Host set for requests is what the origin gets for a host.
	Request, Response HeaderEdits

	// OriginRequests is how many requests may be with the origins at once: from
	// asking until the head of the answer has come, so that neither a tunnel nor
	// a long body counts. More wait as Options.Limits says. 0: any number.
	OriginRequests int
	// ConnectTimeout bounds connecting to one origin, TLS included. 0: 5 s.
	ConnectTimeout time.Duration
	// ResponseHeaderTimeout bounds the wait for the head of the answer after
	// the request has been sent, and before how long the origin may take nothing of
	// its body. 0: 60 s.
	ResponseHeaderTimeout time.Duration
	// WriteTimeout bounds one write to a client that does not read. 0: 60 s.
	WriteTimeout time.Duration
	// OnUnavailable: empty is UnavailableRetry.
	OnUnavailable OnUnavailable

	// Signer signs this route's requests. Nil: Options.Signer does.
	Signer Signer
	// MaxBody bounds the bodies of requests, in bytes. 0: Options.Bodies does.
	MaxBody int64
	// CORS lets pages of other sites read. Without Origins it is the origin's
	// business.
	CORS CORS
	// CheckOrigin refuses what pages of other sites than those send with the
	// user's cookies, or open as a WebSocket.
	CheckOrigin bool
	// Debug tells clients why their requests failed.
	Debug bool

	// ChannelPrefix is put before every channel name of an instruction.
	ChannelPrefix string
	// Channels says which channels an instruction may name.
	Channels ChannelPolicy
	// Subscribe are whole names of channels that every hold follows.
	Subscribe []string
	Resume    Resume // empty: ResumeIDs
	OnLag     OnLag
	KeepAlive KeepAlive
	// Reauthorize is for streams whose instruction has an expiry.
	Reauthorize Reauthorize
	// Retry, when positive, opens every held event stream with a retry: line.
	Retry time.Duration
	// OverHTTP: the origin has no WebSockets; it is sent their events in requests.
	OverHTTP  bool
	WebSocket WebSocket
}

const (
	defaultConnectTimeout = 5 * time.Second
	defaultHeaderTimeout  = time.Minute
	defaultWriteTimeout   = time.Minute
)

// withDefaults returns r with everything filled in.
func (r Route) withDefaults() Route {
	r.Host = normalHost(r.Host)
	r.PathPrefix = or(r.PathPrefix, "/")
	r.Name = or(r.Name, r.label())
	r.Balance = or(r.Balance, BalanceFirst)
	r.OriginProtocol = or(r.OriginProtocol, OriginHTTP1)
	r.ConnectTimeout = or(r.ConnectTimeout, defaultConnectTimeout)
	r.ResponseHeaderTimeout = or(r.ResponseHeaderTimeout, defaultHeaderTimeout)
	r.WriteTimeout = or(r.WriteTimeout, defaultWriteTimeout)
	r.OnUnavailable = or(r.OnUnavailable, UnavailableRetry)
	r.Resume = or(r.Resume, ResumeIDs)
	r.WebSocket.MaxMessage = or(r.WebSocket.MaxMessage, defaultMaxMessage)
	r.KeepAlive.Format = or(r.KeepAlive.Format, KeepAliveComment)
	return r
}

// or returns v, or fallback if v is the zero value.
func or[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}

// validate returns everything that is wrong with a route that has its
// defaults.
func (r *Route) validate() error {
	errs := []error{r.Request.validate("request"), r.Response.validate("response")}
	if !strings.HasPrefix(r.PathPrefix, "/") {
		errs = append(errs, fmt.Errorf("path prefix %q does not start with a slash", r.PathPrefix))
	}
	if r.RewritePrefix != "" && !strings.HasPrefix(r.RewritePrefix, "/") {
		errs = append(errs, fmt.Errorf("rewritten prefix %q does not start with a slash", r.RewritePrefix))
	}
	if !r.enumsKnown() {
		errs = append(errs, fmt.Errorf("protocol %q, tls %q, balance %q, origin protocol %q, resume %q, on_lag %q, on_unavailable %q or keep-alive format %q is not known",
			r.Protocol, r.TLS, r.Balance, r.OriginProtocol, r.Resume, r.OnLag, r.OnUnavailable, r.KeepAlive.Format))
	}
	if len(r.Origins) == 0 && r.Tokens == nil {
		errs = append(errs, errors.New("no origins"))
	}
	for _, u := range r.Origins {
		errs = append(errs, validateOrigin(u))
	}
	for _, name := range r.Subscribe {
		errs = append(errs, channels.CheckName(name))
	}
	return errors.Join(errs...)
}

// enumsKnown reports whether the settings with a list of values have one of
// them.
func (r *Route) enumsKnown() bool {
	return r.matchKnown() &&
		slices.Contains([]Balance{BalanceFirst, BalanceRoundRobin, BalanceLeastRequests}, r.Balance) &&
		slices.Contains([]OriginProtocol{OriginHTTP1, OriginAuto, OriginHTTP2, OriginH2C}, r.OriginProtocol) &&
		slices.Contains([]Resume{ResumeIDs, ResumePositions, ResumeOff}, r.Resume) &&
		slices.Contains([]OnLag{LagAuto, LagGap, LagClose}, r.OnLag) &&
		slices.Contains([]OnUnavailable{UnavailableRetry, UnavailableStatus}, r.OnUnavailable) &&
		slices.Contains([]KeepAliveFormat{KeepAliveComment, KeepAliveEvent, KeepAliveData}, r.KeepAlive.Format)
}

func validateOrigin(u *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("origin %q: the scheme must be http or https", u.Redacted())
	case u.Hostname() == "":
		return fmt.Errorf("origin %q: no host", u.Redacted())
	case u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return fmt.Errorf("origin %q: only scheme, host and port are allowed; use a rewritten prefix for paths", u.Redacted())
	}
	return nil
}

func (e *HeaderEdits) validate(which string) error {
	var errs []error
	for _, name := range e.names() {
		if !httpguts.ValidHeaderFieldName(name) || isReserved(name) {
			errs = append(errs, fmt.Errorf("%s header %q cannot be edited", which, name))
		}
	}
	for _, f := range e.Set {
		if !httpguts.ValidHeaderFieldValue(f.Value) {
			errs = append(errs, fmt.Errorf("%s header %q: the value has control characters", which, f.Name))
		}
	}
	return errors.Join(errs...)
}

// isReserved reports whether a field frames messages or belongs to the
// protocol between us and the origin.
func isReserved(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Connection", "Content-Length", "Keep-Alive", "Te", "Trailer", "Transfer-Encoding", "Upgrade":
		return true
	}
	return grip.IsField(name)
}

func (e *HeaderEdits) names() []string {
	names := append([]string(nil), e.Remove...)
	for _, f := range e.Set {
		names = append(names, f.Name)
	}
	return names
}

// apply edits h.
func (e *HeaderEdits) apply(h http.Header) {
	for _, name := range e.Remove {
		h.Del(name)
	}
	for _, f := range e.Set {
		h.Del(f.Name)
	}
	for _, f := range e.Set {
		h.Add(f.Name, f.Value)
	}
}
