package hold

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/sse"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// keepAlive is what all streams with the same keep-alive share.
type keepAlive struct {
	interval time.Duration
	mode     KeepAliveMode
	chunk    []byte // the data as a chunk; wire.Data gives it back
	effect   sse.Effect
}

// wait is how long to wait for the next one: up to a tenth less than the
// interval, so that streams get out of step.
func (k *keepAlive) wait() time.Duration {
	return k.interval - rand.N(k.interval/10+1)
}

// Expire notes that a keep-alive is due, unless something was written
// meanwhile. It implements wheel.Expirer.
func (l *live) Expire(now time.Time) time.Duration {
	wait := l.keep.wait()
	if l.keep.mode == Idle {
		quiet := now.Sub(l.holder.start) - time.Duration(l.wrote.Load())
		if quiet < wait {
			return wait - quiet
		}
	}
	l.pulse.Store(true)
	l.Kick()
	return wait
}

// maxKeepAlives bounds how many keep-alives are kept for sharing: origins
// choose the data.
const maxKeepAlives = 256

// keepAlives finds the shared form of keep-alives.
type keepAlives struct {
	mu    sync.Mutex
	known map[keepAliveKey]*keepAlive
}

type keepAliveKey struct {
	data     string
	interval time.Duration
	mode     KeepAliveMode
}

func newKeepAlives() *keepAlives {
	return &keepAlives{known: make(map[keepAliveKey]*keepAlive)}
}

// intern returns the shared form of k, nil if k sends nothing.
func (c *keepAlives) intern(k KeepAlive) *keepAlive {
	if k.Interval <= 0 || len(k.Data) == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.known[keepAliveKey{string(k.Data), k.Interval, k.Mode}]; known != nil {
		return known
	}
	if len(c.known) >= maxKeepAlives {
		clear(c.known)
	}
	shared := &keepAlive{
		interval: k.Interval,
		mode:     k.Mode,
		chunk:    wire.AppendChunk(nil, k.Data),
		effect:   sse.Scan(k.Data).Effect,
	}
	c.known[keepAliveKey{string(k.Data), k.Interval, k.Mode}] = shared
	return shared
}
