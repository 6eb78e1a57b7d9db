package bench

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// aside makes the requests for the common channel over a connection of its own,
// while others are made: some servers answer only when all streams have the event,
// and what waits for that answer would not come during the pass.
type aside struct {
	poster *poster
	busy   sync.WaitGroup // with one request at most
	err    error          // of the last one; read when not busy
}

// wait returns when the last request is answered, with its error.
func (a *aside) wait() error {
	a.busy.Wait()
	return a.err
}

// sendAside publishes the batch, which is one item for the common channel, and
// does not wait for the answer. The error is that of the request before.
func (p *publisher) sendAside(ctx context.Context) error {
	if err := p.aside.wait(); err != nil {
		return err
	}
	path, _ := p.dialect.target(p.batch)
	body := p.dialect.append(nil, p.batch)
	p.aside.busy.Go(func() {
		start := time.Now()
		if err := p.aside.poster.post(ctx, path, body); err != nil {
			p.aside.err = fmt.Errorf("publish: %w", err)
			return
		}
		p.requests.add(time.Since(start))
	})
	return nil
}
