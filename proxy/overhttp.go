package proxy

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/net/http/httpguts"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/websocket"
	"github.com/holdfast-proxy/holdfast/internal/woh"
)

// eventsRoom is what an origin's answer in events may have beside the longest
// message, in bytes.
const eventsRoom = 1 << 20

// markHearers notes which routes lead to origins that are sent events. What clients
// send there by any of them could pass for events.
func markHearers(routes []*route) {
	hears := map[string]bool{}
	for _, rt := range routes {
		for _, u := range rt.Origins {
			hears[u.Host] = hears[u.Host] || rt.OverHTTP
		}
	}
	for _, rt := range routes {
		rt.hearsEvents = slices.ContainsFunc(rt.Origins, func(u *url.URL) bool { return hears[u.Host] })
	}
}

// claimsEvents reports whether an origin may take a request for one of ours with
// events, whichever of several values it goes by, and whether or not it tells dashes
// from underscores (as CGI and WSGI do not).
func claimsEvents(h http.Header) bool {
	for name, values := range h {
		if !strings.EqualFold(strings.ReplaceAll(name, "_", "-"), "Content-Type") {
			continue
		}
		for _, value := range values {
			if strings.Contains(strings.ToLower(value), woh.ContentType) {
				return true
			}
		}
	}
	return false
}

// takeSocket answers the handshakes of WebSockets for a route with
// WebSocket-over-HTTP. It returns false for other requests.
func (h *Handler) takeSocket(x *exchange, r *http.Request) bool {
	if !asksSocket(r) || r.ProtoMajor != 1 {
		return false
	}
	x.outcome = held
	if f := h.holdOverHTTP(x, r); f != nil {
		h.refuse(x, r, f)
	}
	return true
}

// holdOverHTTP asks the origin to accept a WebSocket, relays its answer if it does
// not, and otherwise returns when the WebSocket has ended.
func (h *Handler) holdOverHTTP(x *exchange, r *http.Request) *failure {
	if err := checkHandshake(r); err != nil {
		return &failure{BadHandshake, err}
	}
	if h.holding.Hub == nil {
		return &failure{BadInstruction, errors.New("holding is not set up")}
	}
	if f := h.admit(x, r, x.implicit()); f != nil {
		return f
	}
	opening, err := websocket.Open(r.Context(), h.asker(x, r))
	if err == nil && x.chained {
		err = opening.HandOn(grip.OffersSocket(r.Header))
	}
	if rejection := (*rejection)(nil); errors.As(err, &rejection) {
		h.holding.Holder.Release()
		return h.reject(x, r, rejection)
	}
	if err != nil {
		h.abandon(x, r, opening, failureOf(err, BadInstruction))
		return nil
	}
	dropHopByHop(opening.Header)
	acceptHandshake(opening.Header, r.Header.Get("Sec-WebSocket-Key"))
	s, f := h.openSocket(x, r, &http.Response{Header: opening.Header, ProtoMajor: 1, ProtoMinor: 1})
	if f != nil {
		h.abandon(x, r, opening, f)
		return nil
	}
	h.socketEnded(x, r, s.OverHTTP(opening))
	return nil
}

// abandon tells the client that f has kept its WebSocket from coming about, and then
// the origin, if that may know of it.
func (h *Handler) abandon(x *exchange, r *http.Request, opening *websocket.Opening, f *failure) {
	defer h.holding.Holder.Release()
	if notConnected := (*connectError)(nil); !errors.As(f, &notConnected) && f.reason != OriginBusy {
		defer opening.Abandon()
	}
	h.refuse(x, r, f)
	_ = x.w.FlushError() // a client that has left waits for nothing
}

// checkHandshake reports what is wrong with a client's handshake (RFC 6455 §4.2.1).
func checkHandshake(r *http.Request) error {
	if !httpguts.HeaderValuesContainsToken(r.Header["Connection"], "upgrade") {
		return errors.New("no Connection: Upgrade")
	}
	if v := r.Header.Get("Sec-WebSocket-Version"); v != "13" {
		return fmt.Errorf("Sec-WebSocket-Version %q", v)
	}
	key := r.Header.Get("Sec-WebSocket-Key")
	if b, err := base64.StdEncoding.DecodeString(key); err != nil || len(b) != 16 {
		return fmt.Errorf("Sec-WebSocket-Key %q is not 16 bytes in base64", key)
	}
	return nil
}

// acceptHandshake answers it (RFC 6455 §4.2.2).
func acceptHandshake(h http.Header, key string) {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
	h.Set("Sec-WebSocket-Accept", base64.StdEncoding.EncodeToString(sum[:]))
}

// rejection is the error that an origin's answer is not one in events.
type rejection struct {
	resp *http.Response
	body []byte
}

func (e *rejection) Error() string {
	return fmt.Sprintf("answer has status %d and type %q", e.resp.StatusCode, e.resp.Header.Get("Content-Type"))
}

// reject relays the answer of an origin that does not accept a WebSocket.
func (h *Handler) reject(x *exchange, r *http.Request, e *rejection) *failure {
	dropHopByHop(e.resp.Header)
	x.outcome = relayed
	x.finishHeader(e.resp)
	d := head{code: e.resp.StatusCode, reason: phraseOf(e.resp), header: e.resp.Header}
	d.writeWhole(x, r, e.body)
	return nil
}

// asker returns what posts the events of one WebSocket, all with the header of its
// handshake.
func (h *Handler) asker(x *exchange, r *http.Request) websocket.Asker {
	id := newConnectionID()
	return func(ctx context.Context, fields http.Header, events []byte) (*websocket.Reply, error) {
		var written atomic.Bool
		out := eventsRequest(noteWritten(context.WithValue(ctx, exchangeKey{}, x), &written), r, events)
		h.rewrite(&httputil.ProxyRequest{In: r, Out: out})
		h.finishEvents(x, out)
		out.Header.Set("Connection-Id", id)
		for name, values := range fields {
			out.Header[name] = values
		}
		resp, err := x.route.forward.Transport.RoundTrip(out)
		if err != nil {
			return nil, passing(err, written.Load())
		}
		defer resp.Body.Close()
		// The body has as long as the head had.
		defer time.AfterFunc(x.route.ResponseHeaderTimeout, func() { resp.Body.Close() }).Stop()
		body, f := readEvents(resp, x.route.WebSocket.MaxMessage+eventsRoom)
		switch {
		case f != nil:
			return nil, f
		case resp.StatusCode != http.StatusOK || mediaType(resp.Header) != woh.ContentType:
			return nil, &rejection{resp, body}
		case len(contentCodings(resp.Header)) > 0:
			return nil, &failure{BadEncoding, errors.New("events have a Content-Encoding")}
		}
		return &websocket.Reply{Header: resp.Header, Body: body}, nil
	}
}

// finishEvents offers the origin to speak GRIP. If a proxy in front is to do that, the
// offer is up to it, and so is the signature, which a WebSocket may outlive: then it is
// replaced by our own, if there is one.
func (h *Handler) finishEvents(x *exchange, out *http.Request) {
	if !x.chained || grip.OffersSocket(out.Header) {
		out.Header["Sec-Websocket-Extensions"] = []string{"grip"}
	} else {
		grip.StripExtensions(out.Header)
	}
	if x.chained && !h.fromProxy(out) {
		h.addSignature(out.Header, x.route)
	}
}

// newConnectionID returns a random UUID (RFC 9562 §5.4).
func newConnectionID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// dropHopByHop removes the fields that are for one connection (RFC 9110 §7.6.1).
func dropHopByHop(h http.Header) {
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			h.Del(strings.TrimSpace(name))
		}
	}
	dropFraming(h)
	for _, name := range []string{"Proxy-Authenticate", "Proxy-Authorization", "Trailer", "Content-Length"} {
		h.Del(name)
	}
}

// eventsRequest makes a request with events of a handshake. What a client may not
// say is removed, and what would be about another body.
func eventsRequest(ctx context.Context, r *http.Request, events []byte) *http.Request {
	out := r.Clone(ctx)
	out.Method, out.Close = http.MethodPost, false
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(events)), int64(len(events))
	out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(events)), nil }
	dropHopByHop(out.Header)
	for name := range out.Header {
		if ofEvents(name) {
			delete(out.Header, name)
		}
	}
	out.Header.Set("Accept", woh.ContentType)
	out.Header.Set("Accept-Encoding", "identity")
	out.Header.Set("Content-Type", woh.ContentType)
	return out
}

// ofEvents reports whether a field of a handshake is not for the requests with events
// that follow from it: we say it ourselves, or it is about the body of the handshake.
// To some origins underscores are dashes.
func ofEvents(name string) bool {
	name = http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
	switch name {
	case "Connection-Id", "Content-Encoding", "Content-Type", "Expect", "Forwarded":
		return true
	}
	return strings.HasPrefix(name, "Meta-") || strings.HasPrefix(name, "X-Forwarded-")
}

// noteWritten returns a context whose request sets written when all of it was written:
// from then on the origin may act on it.
func noteWritten(ctx context.Context, written *atomic.Bool) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(info httptrace.WroteRequestInfo) {
		if info.Err == nil {
			written.Store(true)
		}
	}})
}

// passing marks the errors of a round trip that pass, by whether the request was
// written.
func passing(err error, written bool) error {
	var f *failure
	if !errors.As(err, &f) {
		return err
	}
	switch f.reason {
	case OriginUnreachable, OriginTimeout, OriginBusy:
		if written {
			return fmt.Errorf("%w: %w", websocket.ErrUnanswered, err)
		}
		return fmt.Errorf("%w: %w", websocket.ErrUnreached, err)
	}
	return err
}

// readEvents reads the body of an answer, at most limit bytes.
func readEvents(resp *http.Response, limit int64) ([]byte, *failure) {
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, &failure{OriginCut, err}
	case int64(len(body)) > limit:
		return nil, &failure{BodyTooLarge, fmt.Errorf("answer to events is over %d bytes", limit)}
	}
	return body, nil
}

// failureOf finds the failure in err, or makes one.
func failureOf(err error, fallback Reason) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return &failure{fallback, err}
}
