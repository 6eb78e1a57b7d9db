package websocket

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/woh"
)

// Asker posts events to the origin, with more header fields. It may be called from
// one goroutine at a time. The error matches ErrUnreached or ErrUnanswered if it passes.
type Asker func(ctx context.Context, fields http.Header, events []byte) (*Reply, error)

// ErrUnreached is matched by errors of an Asker that pass and came before the origin had
// the events: it could not be connected to, or had too much to do.
var ErrUnreached = errors.New("origin is not reached")

// ErrUnanswered is matched by errors of an Asker that pass, but may have come after the
// origin had done what the events say: it did not answer in time.
var ErrUnanswered = errors.New("origin has not answered")

// Reply is an origin's answer in events, all of it.
type Reply struct {
	Header http.Header
	Body   []byte
}

const (
	// minInterval is the least Keep-Alive-Interval.
	minInterval = 20 * time.Second
	// maxInterval is the most: a day.
	maxInterval = 24 * time.Hour
	// maxMeta is how many fields an origin may have us keep, and maxMetaSize how
	// many bytes of them.
	maxMeta     = 100
	maxMetaSize = 16 << 10
)

// asking is what one conversation with an origin has come to. One goroutine at a
// time owns it.
type asking struct {
	ask      Asker
	meta     http.Header   // Meta-* of the next request
	interval time.Duration // after which the origin is asked anyway; 0: never
}

// post asks once.
func (a *asking) post(ctx context.Context, events []byte) (*Reply, []woh.Event, error) {
	reply, err := a.ask(ctx, a.meta, events)
	if err != nil {
		return nil, nil, err
	}
	if err := a.note(reply.Header); err != nil {
		return nil, nil, err
	}
	said, err := woh.Parse(reply.Body)
	return reply, said, err
}

// retries is how often an origin is asked again, after 1, 2, 4 ... seconds.
const retries = 5

// persist asks until there is an answer, or an error that again does not allow.
func (a *asking) persist(ctx context.Context, events []byte, again func(error) bool) (*Reply, []woh.Event, error) {
	for n := 0; ; n++ {
		reply, said, err := a.post(ctx, events)
		if n == retries || !again(err) {
			return reply, said, err
		}
		timer := time.NewTimer(time.Second<<n + rand.N(time.Second))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, nil, err
		}
	}
}

// unreached reports whether the origin cannot have acted on the events.
func unreached(err error) bool { return errors.Is(err, ErrUnreached) }

// passes reports whether the origin can be asked again where it does no harm that it is
// told twice.
func passes(err error) bool { return unreached(err) || errors.Is(err, ErrUnanswered) }

// note keeps what an answer's header asks for.
func (a *asking) note(h http.Header) error {
	if value := h.Get("Keep-Alive-Interval"); value != "" {
		a.interval = parseInterval(value)
	}
	for name, values := range h {
		if key, ok := strings.CutPrefix(name, "Set-Meta-"); ok && key != "" {
			a.setMeta("Meta-"+key, values[len(values)-1])
		}
	}
	size := 0
	for name, values := range a.meta {
		size += len(name) + len(values[0])
	}
	if len(a.meta) > maxMeta || size > maxMetaSize {
		return fmt.Errorf("Set-Meta-*: more than %d fields or %d bytes", maxMeta, maxMetaSize)
	}
	return nil
}

func (a *asking) setMeta(name, value string) {
	if value == "" {
		a.meta.Del(name)
	} else {
		a.meta.Set(name, value)
	}
}

// parseInterval reads Keep-Alive-Interval. GRIP: what is no positive number turns
// it off, and less than 20 is 20.
func parseInterval(value string) time.Duration {
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil || n <= 0 {
		return 0
	}
	return max(minInterval, min(maxInterval, time.Duration(min(n, int(maxInterval/time.Second)))*time.Second))
}

// accepted reads Content-Bytes-Accepted, -1 if it is not there or no number.
func accepted(h http.Header) int {
	n, err := strconv.Atoi(strings.TrimSpace(h.Get("Content-Bytes-Accepted")))
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// Opening is a conversation with an origin that has accepted the WebSocket.
type Opening struct {
	// Header is of the answer, without what is for the proxy.
	Header http.Header

	asking asking
	agreed *grip.Socket // nil: it does not speak GRIP
	said   []woh.Event  // behind OPEN
}

// Open asks the origin to accept the WebSocket. An origin may take its time: it
// answers nothing but a Keep-Alive-Interval, and is asked again after that. An
// error is the Asker's, or says what is wrong with the answer. With it, too, comes
// the conversation, which is only good for Abandon then.
func Open(ctx context.Context, ask Asker) (*Opening, error) {
	o := &Opening{asking: asking{ask: ask, meta: http.Header{}}}
	open := woh.Append(nil, woh.Event{Type: woh.Open})
	for {
		reply, said, err := o.asking.post(ctx, open)
		if err != nil {
			return o, err
		}
		if len(said) > 0 || o.asking.interval == 0 {
			return o, o.opened(reply, said)
		}
		timer := time.NewTimer(o.asking.interval)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return o, ctx.Err()
		}
	}
}

// opened reads the answer that accepts the WebSocket.
func (o *Opening) opened(reply *Reply, said []woh.Event) (err error) {
	if len(said) == 0 || said[0].Type != woh.Open {
		return errors.New("answer does not begin with the event OPEN")
	}
	o.said = said[1:]
	if o.agreed, err = grip.ParseSocket(reply.Header); err != nil {
		return err
	}
	o.Header = reply.Header.Clone()
	grip.StripExtensions(o.Header)
	for name := range o.Header {
		if strings.HasPrefix(name, "Set-Meta-") {
			delete(o.Header, name)
		}
	}
	for _, name := range []string{"Content-Type", "Content-Length", "Keep-Alive-Interval", "Content-Bytes-Accepted"} {
		o.Header.Del(name)
	}
	return nil
}

// errNotOffered: what is accepted must have been offered (RFC 6455 §4.1).
var errNotOffered = errors.New("answer takes up the extension grip without being offered it")

// HandOn leaves it to the client, which is a GRIP proxy, to speak GRIP with the origin:
// Header tells it what the origin has agreed to, and nothing is interpreted here.
// Offered: the client has offered it.
func (o *Opening) HandOn(offered bool) error {
	switch {
	case o.agreed == nil:
		return nil
	case !offered:
		return errNotOffered
	}
	grip.AcceptSocket(o.Header, o.agreed)
	o.agreed = nil
	return nil
}

// Abandon tells the origin that the WebSocket has not come about after all.
func (o *Opening) Abandon() {
	ctx, cancel := context.WithTimeout(context.Background(), closeWait)
	defer cancel()
	o.asking.disconnect(ctx)
}

// disconnect tells the origin that the client is gone, until ctx ends if it does not
// answer.
func (a *asking) disconnect(ctx context.Context) {
	_, _, _ = a.persist(ctx, woh.Append(nil, woh.Event{Type: woh.Disconnect}), passes)
}
