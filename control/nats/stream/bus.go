package stream

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/time/rate"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/nats"
)

const (
	// defaultQueue is how many live messages may wait. What is beyond is lost,
	// and found again.
	defaultQueue = 64 << 10
	// sweepInterval is how often it is made sure that nothing was lost.
	sweepInterval = 15 * time.Second
	// pathInterval is how often the way from other servers is looked at.
	pathInterval = 500 * time.Millisecond
	// retryPause is before something that failed is tried again.
	retryPause  = 250 * time.Millisecond
	logInterval = time.Minute
)

// Bus publishes into a stream, and feeds a hub from it. Make it with New, give
// it its hub with Attach, and call Run once.
type Bus struct {
	// Fixed after Attach.
	opts  Options
	names names
	link  *nats.Link
	hub   *channels.Hub

	interest *interest
	queue    chan *client.Msg // the library fills it; never closed
	alarms   chan struct{}    // has room for one: something may have been lost
	asks     chan struct{}    // has room for one: how far has the order come
	syncs    chan *syncing

	feeds   map[string]*feed // by live subject; Run's
	witness witness          // Run's
	kept    kept             // Run's
	renewed func()           // Options.Renewed, Run's; nil once it was called

	underway   *underway
	publishing atomic.Pointer[publishing]
	problem    atomic.Pointer[string] // why the stream is of no use, nil if it is
	lookup     atomic.Pointer[string] // why channels cannot be looked up, nil if they can

	quiet struct{ bad, stream, refused, lost rate.Sometimes }
}

// New returns a bus that has not connected yet. The error is about an option, or
// a file that one names.
func New(o Options) (*Bus, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	b := &Bus{
		opts:     o,
		renewed:  o.Renewed,
		names:    namesOf(o.Prefix),
		interest: newInterest(),
		queue:    make(chan *client.Msg, o.queue),
		alarms:   make(chan struct{}, 1),
		asks:     make(chan struct{}, 1),
		syncs:    make(chan *syncing),
		feeds:    make(map[string]*feed),
		underway: newUnderway(),
	}
	for _, s := range []*rate.Sometimes{&b.quiet.bad, &b.quiet.stream, &b.quiet.refused, &b.quiet.lost} {
		s.Interval = logInterval
	}
	b.unsettled("the stream is not known yet")
	var err error
	b.link, err = nats.NewLink(nats.LinkOptions{
		Access:  o.Access,
		Metrics: o.Metrics.link,
		Log:     o.Log,
		Up:      b.alarm,
		Lost:    b.alarm,
		Refused: b.underway.refuse,
		Rights:  Rights(o.Prefix),
	})
	return b, err
}

// Attach gives the bus the hub that it feeds, whose Feed it is.
func (b *Bus) Attach(h *channels.Hub) { b.hub = h }

// alarm asks for a sweep as soon as there can be one.
func (b *Bus) alarm() { signal(b.alarms) }

// Refresh asks how far the order has come, for those who will soon want to start
// there. It returns at once.
func (b *Bus) Refresh() { signal(b.asks) }

// NotReady tells why clients and publishers should go elsewhere, empty if they
// need not. It may be called from any goroutine and never blocks.
func (b *Bus) NotReady() []string {
	if reasons := b.link.NotReady(); reasons != nil {
		return reasons
	}
	for _, problem := range []*atomic.Pointer[string]{&b.problem, &b.lookup} {
		if p := problem.Load(); p != nil {
			return []string{"nats: " + *p}
		}
	}
	return nil
}

func (b *Bus) unsettled(why string) { b.problem.Store(&why) }

func (b *Bus) unlooked(why string) { b.lookup.Store(&why) }

// Run feeds the hub until ctx ends. While NATS cannot be reached it tries again.
// The error is that an option is of no use to the library.
func (b *Bus) Run(ctx context.Context) error {
	return b.link.Run(ctx, func(nc *client.Conn, closed <-chan struct{}) error {
		s, err := newSession(ctx, b, nc)
		if err != nil {
			return err
		}
		defer s.end()
		return s.run(closed)
	})
}

// publishing is how a connection publishes.
type publishing struct {
	js   jetstream.JetStream
	done <-chan struct{} // closed when the connection is given up
}
