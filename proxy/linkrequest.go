package proxy

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// linkPatience is how long the body of the answer to a link may take to come.
const linkPatience = 30 * time.Second

// viewpoint is what requests to links have of the request that they follow. The
// rest, above all its credentials, they have not: a link carries all that the
// origin needs (GRIP). So they are the same for all who have the same viewpoint.
type viewpoint struct {
	host, forwardedHost, proto string
}

func viewpointOf(out *http.Request) viewpoint {
	return viewpoint{out.Host, out.Header.Get("X-Forwarded-Host"), out.Header.Get("X-Forwarded-Proto")}
}

// askLink sends an origin a request for a link. at is the place noted when the
// head of the answer arrived; the caller closes its body.
func (h *Handler) askLink(ctx context.Context, method string, rt *route, v viewpoint, l *link, header http.Header) (*http.Response, channels.Position, error) {
	x := &exchange{route: rt, counts: rt.counts, only: l.origin}
	req, err := http.NewRequestWithContext(ctx, method, "http://link", http.NoBody)
	if err != nil {
		return nil, x.at, err
	}
	setTarget(req.URL, &url.URL{RawQuery: l.query}, l.path)
	req.Host, req.Header = v.host, header
	header.Set("User-Agent", "") // none, rather than net/http's
	header.Set("Accept-Encoding", "identity")
	setNonEmpty(header, "X-Forwarded-Host", v.forwardedHost)
	setNonEmpty(header, "X-Forwarded-Proto", v.proto)
	h.sign(header, rt)
	rt.editRequest(req)
	resp, err := rt.forward.Transport.RoundTrip(x.bind(req))
	return resp, x.at, err
}

// page is an origin's answer to a next link.
type page struct {
	in    *grip.Instruction
	links links
	body  []byte
	at    channels.Position // noted when the head arrived
	asked uint64            // the place when it was asked for

	// The body with a position behind it, made for the last stream that wanted one:
	// most that get this page are at the same place.
	position   channels.Position
	positioned []byte
}

// errPage says that an answer to a link cannot be followed. Asking again would
// not help.
type errPage struct{ err error }

func (e *errPage) Error() string { return e.err.Error() }

func (e *errPage) Unwrap() error { return e.err }

// turn asks for the page behind a link, and reads it whole: of an answer that is
// cut short nothing has been used, and it can be asked for again.
func (h *Handler) turn(ctx context.Context, rt *route, v viewpoint, l *link, seen []hold.Seen) (*page, error) {
	ctx, cancel := context.WithTimeout(ctx, rt.ResponseHeaderTimeout+linkPatience)
	defer cancel()
	resp, at, err := h.askLink(ctx, http.MethodGet, rt, v, l, http.Header{"Grip-Last": rt.lastOf(seen)})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		finish(resp, cancel)
		return nil, errLinkStatus(resp.StatusCode)
	}
	body, f := decodeBody(resp, maxInstruction)
	if f != nil {
		if f.reason == BodyTooLarge || f.reason == BadEncoding {
			return nil, &errPage{f}
		}
		return nil, f
	}
	p, err := h.readPage(rt, resp, body, l)
	if err != nil {
		return nil, &errPage{err}
	}
	p.at = at
	return p, nil
}

// finish reads what is left of an answer that has told enough, so that its
// connection can be used again. One with much to say, or that takes its time, is
// ended by cancel.
func finish(resp *http.Response, cancel context.CancelFunc) {
	defer time.AfterFunc(time.Second, cancel).Stop()
	io.CopyN(io.Discard, resp.Body, 64<<10)
}

// readPage reads the instruction of an answer to a link.
func (h *Handler) readPage(rt *route, resp *http.Response, body []byte, l *link) (*page, error) {
	in, err := grip.Parse(resp.StatusCode, resp.Header, body)
	if err != nil {
		return nil, err
	}
	if in.Response != nil {
		body = in.Response.Body
	}
	if in.Hold == grip.Response {
		return nil, fmt.Errorf("a link can be answered by a stream hold only")
	}
	if err := h.checkInstruction(&exchange{route: rt}, in); err != nil {
		return nil, err
	}
	x := &exchange{route: rt, held: resp}
	own := &initialBody{x: x, bytes: body, whole: true}
	if f := x.filter(in, own); f != nil {
		return nil, f
	}
	p := &page{in: in, body: own.bytes}
	p.links, err = rt.links(in, resp.Request, l.origin)
	return p, err
}

// lastOf is what the origin is told of what the client has seen.
func (rt *route) lastOf(seen []hold.Seen) (values []string) {
	for _, s := range seen {
		if v, ok := rt.last(s); ok {
			values = append(values, v)
		}
	}
	return values
}

// last is what the origin is told of one channel, by its own name for it. ok is
// false if that is nothing.
func (rt *route) last(s hold.Seen) (value string, ok bool) {
	if s.ID == "" {
		return "", false
	}
	return grip.Last(rt.nameForOrigin(s.Channel), s.ID)
}

// key is the same for requests that an origin answers alike.
func (l *link) key(rt *route, v viewpoint, seen []hold.Seen) string {
	parts := []string{rt.Name, v.host, v.forwardedHost, v.proto, l.path, l.query}
	if l.origin != nil {
		parts = append(parts, l.origin.String())
	}
	return strings.Join(append(parts, rt.lastOf(seen)...), "\n")
}
