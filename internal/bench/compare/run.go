package compare

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/bench/peer"
)

// A Plan is what to compare.
type Plan struct {
	Peers  []peer.Peer
	Cases  []Case
	Rounds int
	Cores  int
	// AllRounds measures every case in all rounds, those that take long as well.
	AllRounds bool
	Command   string // to put into the document
	// Progress gets a line for each measurement.
	Progress io.Writer
}

// Run measures everything. It blocks for minutes. A server that is not installed
// is left out, and one that fails at a case is left out of that; the document says
// so. The error is that of ctx, or why nothing can be measured at all.
func (p Plan) Run(ctx context.Context) (*Document, error) {
	if p.Rounds < 1 || p.Cores < 1 {
		return nil, errors.New("compare: needs at least one round and one core")
	}
	origin, stop, err := serveOrigin(ctx)
	if err != nil {
		return nil, fmt.Errorf("compare: origin: %w", err)
	}
	defer stop()
	start := time.Now()
	c := &comparison{plan: p, origin: origin, doc: &Document{
		Taken: start.UTC().Truncate(time.Second), Command: p.Command, Machine: thisMachine(), Cores: p.Cores,
	}}
	c.look(ctx)
	for _, one := range p.Cases {
		t := c.trial(one)
		if err := t.run(ctx); err != nil {
			return nil, fmt.Errorf("compare: %w", err)
		}
		c.doc.Cases = append(c.doc.Cases, t.outcome())
	}
	c.doc.Machine.LoadAfter = load()
	c.doc.Minutes = time.Since(start).Minutes()
	return c.doc, nil
}

func serveOrigin(ctx context.Context) (addr string, stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: bench.Origin()}
	served := make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(listener) // returns when stop closes it
	}()
	return listener.Addr().String(), func() {
		server.Close()
		<-served
	}, nil
}

// comparison is one under way.
type comparison struct {
	plan    Plan
	origin  string // the origin's address
	doc     *Document
	present []int // servers that are installed, as indexes of plan.Peers
}

// look finds out which servers are there.
func (c *comparison) look(ctx context.Context) {
	for i, p := range c.plan.Peers {
		s := Server{Name: p.Name, What: p.What, Note: p.Note, Origin: p.Origin}
		version, err := p.Version(ctx)
		if err != nil {
			s.Missing = err.Error()
			fmt.Fprintf(c.plan.Progress, "%s is left out: %v\n", p.Name, err)
		} else {
			s.Version = version
			c.present = append(c.present, i)
		}
		c.doc.Servers = append(c.doc.Servers, s)
	}
}
