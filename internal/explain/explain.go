package explain

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/proxy"
	"go.uber.org/zap"
	"golang.org/x/net/http/httpguts"
)

// client is where requests seem to come from.
const client = "127.0.0.1:1"

// NewRequest makes the request of a client for a URL, with header lines as in
// "Name: value". A line for Host replaces the URL's.
func NewRequest(method, address string, lines []string) (*http.Request, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not a URL with http or https and a host", address)
	}
	if u.User != nil {
		return nil, fmt.Errorf("%s has a user: send it as -H 'Authorization: Basic ...'", u.Redacted())
	}
	if !httpguts.ValidHeaderFieldName(method) {
		return nil, fmt.Errorf("%q is not a method", method)
	}
	r := &http.Request{
		Method: method, URL: &url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery, ForceQuery: u.ForceQuery},
		Host: u.Host, RequestURI: u.RequestURI(), RemoteAddr: client,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody,
	}
	if u.Scheme == "https" {
		r.TLS = &tls.ConnectionState{}
	}
	for _, line := range lines {
		if err := addHeader(r, line); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func addHeader(r *http.Request, line string) error {
	name, value, found := strings.Cut(line, ":")
	value = strings.Trim(value, " \t")
	switch {
	case !found || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value):
		return fmt.Errorf("%q is not a header: write 'Name: value'", line)
	case strings.EqualFold(name, "Upgrade"):
		return errors.New("a request to switch protocols, as for a WebSocket, cannot be explained")
	case strings.EqualFold(name, "Host"):
		r.Host = value
	default:
		r.Header.Add(name, value)
	}
	return nil
}

// bodyPatience is how long the body of an answer may take. One that is meant to
// end does so long before.
const bodyPatience = 3 * time.Second

// Run sends r, which NewRequest has made, through a Handler with these options
// and reports what becomes of it. Of the options Head, Asking, Holding's Hub and
// Holder, Metrics, Trace and Log are replaced. It takes as long as the origin,
// a few seconds more for a body that does not end, and no longer than ctx. The
// error is that of proxy.New.
func Run(ctx context.Context, o proxy.Options, r *http.Request) (*Report, error) {
	return run(ctx, o, r, bodyPatience)
}

func run(ctx context.Context, o proxy.Options, r *http.Request, patience time.Duration) (*Report, error) {
	ctx, leave := context.WithCancel(ctx)
	defer leave()
	var gaveUp atomic.Bool
	stop := func() bool { return true } // of what begins when the answer arrives
	on, saw := newStage(), &witness{arrived: func() {
		stop = time.AfterFunc(patience, func() { gaveUp.Store(true); leave() }).Stop
	}}
	o.Head, o.Holding.Hub, o.Holding.Holder = on.hub.Head, on, on
	o.Asking, o.Metrics, o.Trace, o.Log = nil, nil, saw.trace(), zap.NewNop()
	handler, err := proxy.New(o)
	if err != nil {
		return nil, err
	}
	defer handler.Close()
	rec := newRecorder()
	cut := serve(handler, rec, r.WithContext(ctx))
	stop()
	return conclude(r, on, saw, rec, cut, gaveUp.Load()), nil
}

// conclude puts a report together when everything has happened. endless: the
// answer was given up.
func conclude(r *http.Request, on *stage, saw *witness, rec *recorder, cut, endless bool) *Report {
	if endless {
		saw.reason, saw.err = "", nil // it is nobody else's
	}
	report := &Report{Request: requestOf(r, r.Host), Hold: on.describe(saw), Client: rec.answer()}
	report.Request.Target = withoutToken(report.Request.Target, saw.route)
	saw.describe(report)
	report.Client.Ending = ending(report.Hold, rec, cut, endless)
	report.Findings = advise(&evidence{
		request: r, saw: saw, hold: report.Hold, client: &report.Client, body: rec.body.Bytes(), endless: endless,
	})
	return report
}

// serve reports whether the handler cut the connection.
func serve(h http.Handler, w http.ResponseWriter, r *http.Request) (cut bool) {
	defer func() {
		if p := recover(); p != nil {
			err, _ := p.(error)
			if !errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			cut = true
		}
	}()
	h.ServeHTTP(w, r)
	return false
}

// describe tells what would be held, nil if nothing.
func (s *stage) describe(saw *witness) *Hold {
	if s.follow == nil {
		return nil
	}
	h := &Hold{Kind: "response", Channels: []Channel{}, ResumeFrom: s.follow.Resume.ID}
	for _, sub := range s.follow.Subscriptions {
		h.Channels = append(h.Channels, Channel{Name: sub.Channel, PrevID: sub.PrevID, Replay: replayOf(sub.NoReplay, sub.MaxAge)})
	}
	if s.stream == nil {
		h.Timeout = seconds(saw.instruction.Timeout)
		return h
	}
	h.Kind, h.Events, h.WriteTimeout, h.OnLag = "stream", s.stream.EventStream, seconds(s.stream.WriteTimeout), "close"
	if s.stream.OnLag == hold.GapOnLag {
		h.OnLag = "gap"
	}
	if k := s.stream.KeepAlive; k.Interval > 0 {
		h.KeepAlive = keepAliveOf(k.Data, k.Interval, k.Mode == hold.Interval)
	}
	return h
}

// ending says how the client's answer goes on.
func ending(h *Hold, rec *recorder, cut, endless bool) string {
	switch {
	case endless:
		return "the answer did not end in good time, and was given up"
	case h != nil && h.Kind == "stream":
		return "the connection stays open for what is published"
	case h != nil:
		return "that comes after " + h.Timeout + ", unless something is published before"
	case rec.tooLong:
		return fmt.Sprintf("there is more than %d bytes; the rest was not read", maxBody)
	case cut:
		return "the connection is cut"
	}
	return ""
}

func statusText(code int, reason string) string {
	if reason == "" {
		reason = http.StatusText(code)
	}
	return fmt.Sprintf("%d %s", code, reason)
}
