package explain

import (
	"net/http"
	"net/url"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// witness keeps what a proxy.Trace tells.
type witness struct {
	route       *proxy.Route
	attempts    []Attempt
	answer      *origin // of the last attempt; nil: none
	arrived     func()  // called when that has come
	instruction *grip.Instruction
	instructed  http.Header // the head that an instruction in JSON asks for
	refused     error       // why the instruction cannot be read or followed
	reason      proxy.Reason
	err         error // why the request failed; nil: it did not
}

// origin is the head of an origin's answer, before anything is changed in it.
type origin struct {
	status int
	header http.Header
}

// trace is what a Handler tells w by.
func (w *witness) trace() *proxy.Trace {
	return &proxy.Trace{
		Route:       func(r *proxy.Route) { w.route = r },
		Ask:         w.asked,
		Answer:      w.answered,
		Instruction: w.instructs,
		Failure:     func(reason proxy.Reason, err error) { w.reason, w.err = reason, err },
	}
}

func (w *witness) asked(to *url.URL, r *http.Request) {
	host := r.Host
	if host == "" {
		host = to.Host
	}
	w.attempts = append(w.attempts, Attempt{Origin: to.String(), Request: requestOf(r, host)})
}

func (w *witness) answered(resp *http.Response, err error) {
	last := &w.attempts[len(w.attempts)-1]
	if err != nil {
		last.Error = err.Error()
		return
	}
	w.answer = &origin{resp.StatusCode, resp.Header.Clone()}
	last.Answer = &Answer{Status: resp.Status, Header: withoutSecrets(w.answer.header)}
	w.arrived()
}

func (w *witness) instructs(in *grip.Instruction, err error) {
	w.instruction, w.refused = in, err
	if in != nil && in.Response != nil {
		w.instructed = in.Response.Header.Clone()
	}
}

// requestOf describes a request that goes out. An empty User-Agent is a mark for
// net/http, which sends none then.
func requestOf(r *http.Request, host string) Request {
	out := Request{Method: r.Method, Target: r.URL.RequestURI(), Host: host, Header: withoutSecrets(r.Header)}
	if out.Header.Get("User-Agent") == "" {
		out.Header.Del("User-Agent")
	}
	return out
}

// describe fills what the witness knows into a report.
func (w *witness) describe(r *Report) {
	r.Attempts = append([]Attempt{}, w.attempts...)
	if rt := w.route; rt != nil {
		r.Route = routeOf(rt)
	}
	if w.instruction != nil {
		r.Instruction = instructionOf(w.instruction)
	}
	if w.err != nil {
		r.Failure = &Failure{string(w.reason), w.err.Error()}
	}
}

func routeOf(rt *proxy.Route) *Route {
	out := &Route{
		Name: rt.Name, Host: rt.Host, PathPrefix: rt.PathPrefix, Protocol: string(rt.Protocol), TLS: string(rt.TLS),
		RewritePrefix: rt.RewritePrefix, ChannelPrefix: rt.ChannelPrefix, Subscribe: rt.Subscribe, Resume: string(rt.Resume),
		Origins: []string{},
	}
	for _, u := range rt.Origins {
		out.Origins = append(out.Origins, u.String())
	}
	return out
}

func instructionOf(in *grip.Instruction) *Instruction {
	out := &Instruction{
		Hold: modeOf(in.Hold), Channels: []Channel{}, Expires: seconds(in.Expires), Meta: in.Meta,
		ExposeHeaders: in.ExposeHeaders, JSON: in.Response != nil,
	}
	for _, c := range in.Channels {
		out.Channels = append(out.Channels, Channel{c.Name, c.PrevID, c.Filters, replayOf(c.NoReplay, c.ReplayAge)})
	}
	if in.Hold == grip.Response {
		out.Timeout = seconds(in.Timeout)
	}
	if k := in.KeepAlive; k != nil {
		out.KeepAlive = keepAliveOf(k.Data, k.Interval, k.Always)
	}
	if in.Status != 0 {
		out.Status = statusText(in.Status, in.Reason)
	}
	for _, l := range in.Links {
		out.Links = append(out.Links, Link{l.URI, l.Rel})
	}
	return out
}

func modeOf(m grip.Mode) string {
	switch m {
	case grip.Response:
		return "response"
	case grip.Stream:
		return "stream"
	default:
		return "none"
	}
}

func replayOf(none bool, age time.Duration) string {
	if none {
		return "off"
	}
	return seconds(age)
}

func keepAliveOf(data []byte, interval time.Duration, always bool) *KeepAlive {
	mode := "idle"
	if always {
		mode = "interval"
	}
	return &KeepAlive{string(data), interval.String(), mode}
}
