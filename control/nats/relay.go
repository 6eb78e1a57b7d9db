package nats

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// relayTimeout bounds how long the server may take to confirm. It says nothing
// while it hangs, and publishers should hear before their own patience ends.
const relayTimeout = 5 * time.Second

// Relay publishes on all nodes what one of them is given: each item is sent as
// the message that a microservice would have sent, and published here when the
// server has confirmed that it has it. Make it with NewRelay and give it to the
// Source whose connection it shall use.
type Relay struct {
	// Fixed once a Source has it.
	here     intake.Publisher
	prefix   string
	notReady func() []string
	metrics  *Metrics

	refusals *refusals

	news chan struct{} // has room for one: somebody waits

	mu      sync.Mutex // held for moments
	open    bool       // there is somebody who takes what waits
	waiting []*relayed
}

// relayed is a publication on its way. Whoever has taken it owns it until done is
// closed.
type relayed struct {
	items    []grip.Item
	messages []*nats.Msg
	results  []channels.Result
	err      error
	done     chan struct{}
}

// NewRelay returns a relay that publishes on this node by way of here, in the
// order in which the other nodes get it.
func NewRelay(here intake.Publisher) *Relay {
	return &Relay{here: here, refusals: newRefusals(), news: make(chan struct{}, 1)}
}

// Publish is for intake.Publisher. What concurrent calls publish is confirmed
// together. It returns after twice relayTimeout at most, whatever becomes of ctx:
// what has been sent is not called back. The error is an intake.Unavailable if
// nothing was published on any node, and an intake.Unsure if that is not known.
func (r *Relay) Publish(_ context.Context, items []grip.Item) ([]channels.Result, error) {
	p := &relayed{items: items, done: make(chan struct{})}
	var err error
	if p.messages, err = r.compose(items); err != nil {
		return nil, err
	}
	if err := r.add(p); err != nil {
		p.err = err
		r.finish(p)
	}
	<-p.done
	return p.results, p.err
}

// endCode is the close code that WebSockets get from End (RFC 6455 §7.4.1: normal
// closure), and ending the item that ends everybody.
const (
	endCode = 1000
	ending  = `{"no-seq":true,"formats":{"http-stream":{"action":"close"},"ws-message":{"action":"close","code":1000}}}`
)

// End ends the streams that follow a channel, on all nodes, after what was
// published before. It returns how many of this node follow it. Its errors are
// those of Publish.
func (r *Relay) End(ctx context.Context, channel string) (streams int, err error) {
	end := grip.Item{Channel: channel, NoSeq: true, Raw: []byte(ending)}
	end.Stream = &grip.StreamFormat{Action: grip.Close}
	end.Message = &grip.MessageFormat{Action: grip.Close, Code: endCode}
	results, err := r.Publish(ctx, []grip.Item{end})
	if err != nil {
		return 0, err
	}
	return results[0].Streams, nil
}

func (r *Relay) compose(items []grip.Item) ([]*nats.Msg, error) {
	messages := make([]*nats.Msg, len(items))
	for i := range items {
		tokens, err := Encode(items[i].Channel)
		if err != nil {
			return nil, err
		}
		messages[i] = Compose(r.prefix+channelsWord+tokens, &items[i])
	}
	return messages, nil
}

// add lets p wait to be sent. With an error it is still the caller's.
func (r *Relay) add(p *relayed) error {
	if reasons := r.notReady(); reasons != nil {
		return unreachable(reasons[0])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.open {
		return unreachable("nats: not connected")
	}
	r.waiting = append(r.waiting, p)
	signal(r.news)
	return nil
}

// run sends what waits over one connection of the library until ctx ends. dropped
// is how many messages there was no room for.
func (r *Relay) run(ctx context.Context, nc *nats.Conn, dropped func() int) {
	r.mu.Lock()
	r.open = true
	r.mu.Unlock()
	for ctx.Err() == nil {
		select {
		case <-r.news:
			r.send(nc, dropped, r.take(true))
		case <-ctx.Done():
		}
	}
	for _, p := range r.take(false) {
		p.err = unreachable("nats: not connected")
		r.finish(p)
	}
}

// take returns what waits, and says whether more may.
func (r *Relay) take(open bool) []*relayed {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.waiting
	r.waiting, r.open = nil, open
	return all
}

// send publishes a batch on all nodes.
func (r *Relay) send(nc *nats.Conn, dropped func() int, batch []*relayed) {
	watch := r.refusals.watch(nc, dropped)
	connection := nc.Stats().Reconnects
	var sent []*relayed
	for _, p := range batch {
		if p.send(nc); p.err == nil {
			sent = append(sent, p)
		}
	}
	if len(sent) > 0 {
		confirm(nc, connection, &watch, sent)
	}
	watch.end()
	for _, p := range batch {
		if p.err == nil {
			p.results, p.err = r.here.Publish(context.Background(), p.items)
		}
		r.finish(p)
	}
}

// confirm asks the server whether it has what was sent, over the connection with
// that number.
func confirm(nc *nats.Conn, connection uint64, watch *watch, sent []*relayed) {
	deadline := time.Now().Add(relayTimeout)
	err := nc.FlushTimeout(relayTimeout)
	if err == nil && nc.Stats().Reconnects != connection {
		err = nats.ErrDisconnected // it was the next connection that answered
	}
	if err != nil {
		for _, p := range sent {
			p.err = unconfirmed(err)
		}
		return
	}
	refused, sure := watch.refused(deadline)
	judge(sent, refused, sure)
}

// send hands a publication to the library, which refuses what it cannot send at
// once.
func (p *relayed) send(nc *nats.Conn) {
	if p.err = CheckSizes(nc, p.messages); p.err != nil {
		return
	}
	for i, m := range p.messages {
		switch err := nc.PublishMsg(m); {
		case err == nil:
		case i == 0:
			p.err = unreachable(err.Error())
			return
		default:
			p.err = unconfirmed(err)
			return
		}
	}
}

// finish counts what became of a publication and lets its publisher go on.
func (r *Relay) finish(p *relayed) {
	n := float64(len(p.items))
	var unsure intake.Unsure
	switch {
	case p.err == nil:
		r.metrics.relayed.Add(n)
	case errors.As(p.err, &unsure):
		r.metrics.relayUnsure.Add(n)
	default:
		r.metrics.relayRefused.Add(n)
	}
	close(p.done)
}

func unreachable(why string) error {
	return intake.Unavailable("Other nodes cannot be reached, so nothing is published: " + why + ".")
}

func unconfirmed(err error) error {
	return intake.Unsure(fmt.Sprintf(
		"NATS did not confirm (%v). The item may be published on other nodes; send it again with the same id.", err))
}
