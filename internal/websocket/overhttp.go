package websocket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/woh"
)

// overHTTP is an origin that is asked by HTTP requests, one at a time.
type overHTTP struct {
	s     *Session
	queue *queue
	asked chan struct{} // capacity 1, never closed: ask, whether or not there is anything to say
	gone  chan struct{} // closed when run has returned

	// Owned by readClient.
	message []byte // the client's, until it is whole

	// Owned by run, then by end.
	asking
	speaks bool        // GRIP
	said   []woh.Event // with OPEN
	knows  bool        // that the WebSocket has ended, for it at least
}

// OverHTTP holds the WebSocket of an origin that has accepted it, and returns how
// it ended.
func (s *Session) OverHTTP(opening *Opening) Ending {
	o := &overHTTP{
		s:      s,
		queue:  newQueue(),
		asked:  make(chan struct{}, 1),
		gone:   make(chan struct{}),
		asking: opening.asking,
		said:   opening.said,
	}
	if opening.agreed != nil {
		o.speaks, s.sorter.prefix = true, opening.agreed.Prefix
	}
	return s.serve(o)
}

// run implements origin.
func (o *overHTTP) run() {
	defer close(o.gone)
	e := o.doAll(o.said)
	o.said = nil
	for again := false; e == nil && !o.s.detached.Load(); {
		if !again && !o.wait() {
			return
		}
		again, e = o.exchange()
	}
	switch {
	case e != nil:
		o.s.finish(*e)
	case o.s.detached.Load():
		o.hangUp()
	}
}

// hangUp tells the origin, which has detached, that its connection has ended. What it
// answers is for nobody.
func (o *overHTTP) hangUp() {
	_, _, err := o.persist(o.s.ctx, woh.Append(nil, woh.Event{Type: woh.Close}), unreached)
	o.knows = err == nil
}

// wait returns when the origin is to be asked, and reports false if the session is
// over.
func (o *overHTTP) wait() bool {
	var due <-chan time.Time
	if o.interval > 0 {
		timer := time.NewTimer(o.interval)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-o.queue.news:
	case <-o.asked:
	case <-due:
	case <-o.s.over:
		return false
	}
	return true
}

// exchange tells the origin what the client has said, and does what it answers.
// again reports that it is to be asked again at once.
func (o *overHTTP) exchange() (again bool, e *Ending) {
	offer := o.queue.offer()
	reply, said, err := o.persist(o.s.ctx, offer.body, unreached)
	if err != nil {
		return false, o.failed(err)
	}
	again, err = o.queue.accept(offer, accepted(reply.Header))
	if err != nil {
		e := badOrigin(err)
		return false, &e
	}
	closes := len(offer.last) > 0 && !again
	e = o.doAll(said)
	if closes && e.saysNothing() {
		e = nil // RFC 6455 §5.5.1: the client's own code is what to answer with
	}
	if e != nil {
		if closes && e.Reason == ReasonOriginClosed {
			e.Reason = hold.ReasonClientClosed
		}
		return false, e
	}
	if !closes {
		return again, nil
	}
	// GRIP has the origin answer CLOSE with CLOSE. Where it does not, or without a
	// code, we do.
	o.knows = true
	end, err := endingOf(hold.ReasonClientClosed, offer.last[0].Content)
	if err != nil {
		end = clientFailed(err)
	}
	return false, &end
}

// failed is the end when the origin could not be asked.
func (o *overHTTP) failed(err error) *Ending {
	e := badOrigin(err)
	if passes(err) {
		e = originFailed(err)
	}
	return &e
}

// doAll does what the origin has said. It returns nil if the session goes on.
func (o *overHTTP) doAll(said []woh.Event) *Ending {
	for _, event := range said {
		if e := o.do(event); e != nil {
			return e
		}
	}
	return nil
}

func (o *overHTTP) do(event woh.Event) *Ending {
	switch event.Type {
	case woh.Text:
		if !utf8.Valid(event.Content) {
			e := badOrigin(errors.New("event TEXT is not UTF-8"))
			return &e
		}
		return o.toClient(ws.OpText, event.Content)
	case woh.Binary:
		return o.toClient(ws.OpBinary, event.Content)
	case woh.Ping:
		return o.control(ws.OpPing, event)
	case woh.Pong:
		return o.control(ws.OpPong, event)
	case woh.Close:
		return o.closed(event.Content)
	case woh.Disconnect:
		o.knows = true
		return &Ending{Reason: ReasonOriginClosed, code: codeNoFrame}
	case woh.Open:
		e := badOrigin(errors.New("event OPEN of a WebSocket that is open"))
		return &e
	}
	return nil // GRIP: what is not known is passed over
}

// closed is the end that the origin's CLOSE means. npm's @fanoutio/grip writes the
// code 0 where it is given none.
func (o *overHTTP) closed(payload []byte) *Ending {
	if bytes.Equal(payload, []byte{0, 0}) {
		payload = nil
	}
	e, err := endingOf(ReasonOriginClosed, payload)
	o.knows = err == nil
	if err != nil {
		e = badOrigin(fmt.Errorf("event CLOSE: %w", err))
	}
	return &e
}

// toClient passes on a message, or does what it says.
func (o *overHTTP) toClient(op ws.OpCode, content []byte) *Ending {
	if int64(len(content)) > o.s.MaxMessage {
		e := originFailed(errTooBig)
		return &e
	}
	if o.speaks {
		return o.s.fromOrigin(part{op: op, first: true, last: true, payload: content})
	}
	return o.s.toClient(o.s.out.send(op, content))
}

// control passes on a ping or a pong.
func (o *overHTTP) control(op ws.OpCode, event woh.Event) *Ending {
	if len(event.Content) > ws.MaxControlFramePayloadSize {
		e := badOrigin(fmt.Errorf("event %s has %d bytes, at most %d are allowed", event.Type, len(event.Content), ws.MaxControlFramePayloadSize))
		return &e
	}
	return o.s.toClient(o.s.out.send(op, event.Content))
}

// take implements origin.
func (o *overHTTP) take(p part) error {
	event := woh.Event{Type: woh.Binary, Content: p.payload}
	switch p.op {
	case ws.OpPing:
		if o.s.detached.Load() {
			return o.s.out.send(ws.OpPong, p.payload)
		}
		event.Type = woh.Ping
	case ws.OpPong:
		event.Type = woh.Pong
	default:
		if !p.first || !p.last {
			o.message = append(o.message, p.payload...)
			event.Content = o.message
		}
		if !p.last {
			return nil
		}
		o.message = nil
		if p.op == ws.OpText {
			event.Type = woh.Text
			if !utf8.Valid(event.Content) {
				return errNotUTF8
			}
		}
	}
	if !o.s.detached.Load() {
		o.queue.push(event, o.s.over)
	}
	return nil
}

// close implements origin.
func (o *overHTTP) close(payload []byte) bool {
	if o.s.detached.Load() || o.s.isOver() {
		return false
	}
	o.queue.push(woh.Event{Type: woh.Close, Content: bytes.Clone(payload)}, o.s.over)
	return true
}

// refresh implements origin.
func (o *overHTTP) refresh() { ring(o.asked) }

// end implements origin.
func (o *overHTTP) end() {
	<-o.gone
	if !o.knows {
		ctx, cancel := context.WithTimeout(context.Background(), closeWait)
		defer cancel()
		o.disconnect(ctx)
	}
}
