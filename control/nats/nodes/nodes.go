package nodes

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/roll"
)

const (
	beatInterval = 2 * time.Second
	queueSize    = 256 // messages of other nodes that may wait; more are lost
	// goodbyeTimeout is how long the end waits for the server to take the goodbye.
	goodbyeTimeout = time.Second
	logInterval    = time.Minute
)

// Subjects is what the subjects between nodes match. Nobody else may publish or
// subscribe there: who does learns channels' names, and can invent nodes.
func Subjects(prefix string) string { return subject(prefix, ">") }

// Rights are what nodes need of their user.
func Rights(prefix string) []nats.Right {
	all := Subjects(prefix)
	return []nats.Right{
		{Verb: nats.Publish, Subject: all},
		{Verb: nats.Subscribe, Subject: all},
		{Verb: nats.Subscribe, Subject: client.InboxPrefix + ">", Probe: client.InboxPrefix + nats.ProbeToken},
	}
}

func subject(prefix, last string) string { return "_" + prefix + ".nodes." + last }

// Metrics tells what becomes of the connection.
type Metrics struct{ link *nats.LinkMetrics }

// NewMetrics registers the metrics with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	return &Metrics{nats.NewLinkMetrics(reg, "nodes")}
}

// Options are what Nodes are made of. New reads them once.
type Options struct {
	// Access says how NATS is reached. Required.
	Access nats.Access
	// Prefix begins the subjects, after an underscore. Empty: nats.DefaultPrefix.
	Prefix string
	// Name is what this node is called. All nodes should have different names, and
	// keep them when they are started again. Required.
	Name string
	// Hub is what this node tells of. Required.
	Hub roll.Hub
	// Streams is what this node holds. Required.
	Streams live.Keeper
	// Metrics and Log are required.
	Metrics *Metrics
	Log     *zap.Logger
}

// Nodes is this node among the others. Make it with New, and call Run once.
type Nodes struct {
	// Fixed after New.
	opts  Options
	id    string // of this process
	link  *nats.Link
	queue chan *client.Msg // the library fills it; never closed
	up    chan struct{}    // has room for one: there is a new connection

	conn atomic.Pointer[client.Conn] // nil while Run has none

	renewing sync.WaitGroup // answers that may wait; they end with the session

	mu      sync.Mutex
	members members // guarded by mu

	quiet struct{ odd, namesake, lost rate.Sometimes }
}

// New returns nodes that are not connected yet. The error is about an option, or
// a file that one names.
func New(o Options) (*Nodes, error) {
	if o.Prefix == "" {
		o.Prefix = nats.DefaultPrefix
	}
	if err := nats.CheckPrefix(o.Prefix); err != nil {
		return nil, fmt.Errorf("nats: %w", err)
	}
	n := &Nodes{
		opts:    o,
		id:      rand.Text(),
		queue:   make(chan *client.Msg, queueSize),
		up:      make(chan struct{}, 1),
		members: members{},
	}
	for _, s := range []*rate.Sometimes{&n.quiet.odd, &n.quiet.namesake, &n.quiet.lost} {
		s.Interval = logInterval
	}
	var err error
	n.link, err = nats.NewLink(nats.LinkOptions{Access: o.Access, Metrics: o.Metrics.link, Log: o.Log, Up: n.connected, Rights: Rights(o.Prefix)})
	return n, err
}

// connected is called when there is a connection.
func (n *Nodes) connected() {
	select {
	case n.up <- struct{}{}:
	default:
	}
}

// Run answers other nodes until ctx ends, and says goodbye. While NATS cannot be
// reached it tries again. The error is that an option is of no use to the library.
func (n *Nodes) Run(ctx context.Context) error {
	return n.link.Run(ctx, func(nc *client.Conn, closed <-chan struct{}) error { return n.session(ctx, nc, closed) })
}

// session is Run with one connection of the library.
func (n *Nodes) session(ctx context.Context, nc *client.Conn, closed <-chan struct{}) error {
	for _, last := range []string{hereWord, askWord} {
		if _, err := nc.ChanSubscribe(subject(n.opts.Prefix, last), n.queue); err != nil {
			return err
		}
	}
	ctx, end := context.WithCancel(ctx)
	defer n.renewing.Wait()
	defer end()
	n.conn.Store(nc)
	defer n.conn.Store(nil)
	tick := time.NewTicker(beatInterval)
	defer tick.Stop()
	for {
		select {
		case m := <-n.queue:
			n.take(ctx, nc, m)
		case <-n.up:
			n.say(nc, beat{Hello: true})
		case <-tick.C:
			n.say(nc, beat{})
		case <-closed:
			return nil
		case <-ctx.Done():
			n.leave(nc)
			return nil
		}
	}
}

// leave says goodbye.
func (n *Nodes) leave(nc *client.Conn) {
	if n.link.NotReady() != nil {
		return
	}
	n.say(nc, beat{Bye: true})
	_ = nc.FlushTimeout(goodbyeTimeout) // if this fails, the others will miss us for a while
}

// take heeds a message of another node, or of our own.
func (n *Nodes) take(ctx context.Context, nc *client.Conn, m *client.Msg) {
	var err error
	if m.Subject == subject(n.opts.Prefix, askWord) {
		err = n.report(ctx, nc, m)
	} else {
		err = n.hear(nc, m.Data)
	}
	if err != nil {
		n.quiet.odd.Do(func() { n.opts.Log.Warn("message of a node not understood", zap.Error(err)) })
	}
}

// hereWord ends the subject on which nodes say that they are there.
const hereWord = "here"

// beat is what a node says of itself.
type beat struct {
	Node  string `json:"node"`
	ID    string `json:"id"`              // of the process
	Hello bool   `json:"hello,omitempty"` // it wants to hear of the others
	Bye   bool   `json:"bye,omitempty"`   // it goes
}

// say tells all of this node.
func (n *Nodes) say(nc *client.Conn, b beat) {
	b.Node, b.ID = n.opts.Name, n.id
	n.send(nc, &client.Msg{Subject: subject(n.opts.Prefix, hereWord), Data: encode(b)})
}

// send sends m. What is lost is said, or asked for, again.
func (n *Nodes) send(nc *client.Conn, m *client.Msg) {
	if err := nc.PublishMsg(m); err != nil {
		n.quiet.lost.Do(func() { n.opts.Log.Warn("message to other nodes not sent", zap.Error(err)) })
	}
}

// hear notes what a node says of itself.
func (n *Nodes) hear(nc *client.Conn, payload []byte) error {
	var b beat
	if err := json.Unmarshal(payload, &b); err != nil {
		return fmt.Errorf("beat: %w", err)
	}
	switch {
	case b.ID == n.id:
		return nil
	case b.Node == "" || len(b.Node) > maxName:
		return fmt.Errorf("beat: a name of %d bytes", len(b.Node))
	case b.Node == n.opts.Name:
		n.quiet.namesake.Do(func() { n.opts.Log.Warn("another node has the name of this one", zap.String("name", b.Node)) })
	default:
		n.note(b)
	}
	if b.Hello {
		n.say(nc, beat{})
	}
	return nil
}

func (n *Nodes) note(b beat) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if b.Bye {
		delete(n.members, b.Node)
	} else {
		n.members.heard(b.Node, time.Now())
	}
}

// expected are those who should answer now.
func (n *Nodes) expected() members {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.members.forget(time.Now())
	return maps.Clone(n.members)
}

// encode encodes what always can be.
func encode(v any) []byte {
	payload, err := json.Marshal(v)
	if err != nil {
		panic("nodes: a message that is not JSON: " + err.Error())
	}
	return payload
}
