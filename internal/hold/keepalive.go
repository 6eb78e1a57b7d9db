package hold

import (
	"math/rand/v2"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// keepAlive is what all streams with the same keep-alive share.
type keepAlive struct {
	interval time.Duration
	mode     KeepAliveMode
	chunk    []byte // the data, framed
	effect   sse.Effect
}

// lookAgain is how long a stream with a link and without a keep-alive waits for one.
const lookAgain = 15 * time.Second

// wait is how long to wait for the next one: up to a tenth less than the
// interval, so that streams get out of step.
func (k *keepAlive) wait() time.Duration {
	return k.interval - rand.N(k.interval/10+1)
}

// KeepAliveAfter is how long to wait until Beat is asked for the first time;
// zero if the stream has no keep-alive.
func (f *Feed) KeepAliveAfter() time.Duration {
	switch k := f.keep(); {
	case k != nil:
		return k.wait()
	case f.link != nil: // it may get one
		return lookAgain
	}
	return 0
}

// Beat is asked when that time is up, again and again. It tells whether a
// keep-alive is due on a stream that was last written to so long ago, and how
// long to wait until it is asked again.
func (f *Feed) Beat(quiet time.Duration) (due bool, again time.Duration) {
	k := f.keep()
	if k == nil {
		return false, lookAgain
	}
	again = k.wait()
	if k.mode == Idle && quiet < again {
		return false, again - quiet
	}
	return true, again
}

// PutsOff reports whether what b brought the stream does away with a
// keep-alive that is due: the stream was not idle.
func (f *Feed) PutsOff(b *Batch) bool {
	k := f.keep()
	return (b.kind == ofEntries || b.kind == ofRelief) && k != nil && k.mode == Idle
}
