package nats

import (
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// refusals collects what the server has not let us publish. The server tells of
// it before it answers a flush, but the library hands it on by a goroutine that may
// be late. What that will have told of is known by the library's last error, unless
// another error has hidden it.
type refusals struct {
	news chan struct{} // has room for one: there are more

	mu       sync.Mutex // held for moments
	watching bool       // somebody asks
	since    []refused  // what was told since the watch began
	known    bool       // there has been one
}

// refused is a message that was not published, with the library's error, of which
// there is one for each.
type refused struct {
	err     error
	subject string
}

func newRefusals() *refusals { return &refusals{news: make(chan struct{}, 1)} }

// add is called by the library, for each in their order.
func (r *refusals) add(err error, subject string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = true
	if r.watching {
		r.since = append(r.since, refused{err, subject})
		signal(r.news)
	}
}

// watch is from before messages are sent until the server has confirmed them.
type watch struct {
	*refusals
	nc      *nats.Conn
	dropped func() int // how many messages the library had no room for
	earlier error
	before  int // what dropped was
}

// watch begins one, which must be ended before the next.
func (r *refusals) watch(nc *nats.Conn, dropped func() int) watch {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watching = true
	return watch{r, nc, dropped, nc.LastError(), dropped()}
}

func (r *refusals) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watching, r.since = false, nil
}

// refused returns how many messages to which subjects were refused, when the server
// has confirmed what was sent. It is not sure if there may be more of them.
func (w *watch) refused(deadline time.Time) (count map[string]int, sure bool) {
	last := w.nc.LastError()
	_, _, isRefusal := refusal(last)
	switch {
	case last == w.earlier && (last == nil || isRefusal || w.dropped() == w.before):
		return nil, true
	case isRefusal:
		sure = w.await(last, deadline)
	default:
		sure = !w.isKnown() // who may publish everything need not suffer
	}
	return w.count(), sure
}

// await returns when all has been told up to err, and false if that takes too
// long.
func (w *watch) await(err error, deadline time.Time) bool {
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	for !w.told(err) {
		select {
		case <-w.news:
		case <-late.C:
			return w.told(err)
		}
	}
	return true
}

func (r *refusals) told(err error) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.since) - 1; i >= 0; i-- {
		if r.since[i].err == err {
			return true
		}
	}
	return false
}

func (r *refusals) isKnown() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.known
}

func (r *refusals) count() map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	count := make(map[string]int, len(r.since))
	for _, one := range r.since {
		count[one.subject]++
	}
	return count
}
