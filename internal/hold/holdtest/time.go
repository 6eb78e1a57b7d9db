package holdtest

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// time runs the cases about time in a bubble of fake time.
func (s suite) time(t *testing.T, p protocol) {
	s.each(t, p, keepAliveCases, synctest.Test, listenMemory)
	s.each(t, p, waitingCases, synctest.Test, listenMemory)
	s.each(t, p, drainCases, synctest.Test, listenMemory)
}

// tolerance is how inexact a holder's timers may be.
const tolerance = time.Second

// passed checks how long it has been since start: at most want, and not less
// than the jitter of a keep-alive allows.
func passed(t testing.TB, start time.Time, want time.Duration) {
	t.Helper()
	got := time.Since(start)
	if got > want+tolerance || got < want-want/10-tolerance {
		t.Errorf("after %v, want about %v", got, want)
	}
}

// beat gives the rig's streams a keep-alive.
func beat(interval time.Duration, mode hold.KeepAliveMode) func(*rig) {
	return func(r *rig) {
		r.stream.KeepAlive = hold.KeepAlive{Data: []byte(":\n\n"), Interval: interval, Mode: mode}
	}
}

var keepAliveCases = []one{
	{name: "an idle stream gets keep-alives", setup: beat(20*time.Second, hold.Idle), run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		for range 100 {
			start := time.Now()
			c.want(t, ":\n\n")
			passed(t, start, 20*time.Second)
		}
		r.wantCount(t, 100, "holdfast_keep_alives_total")
	}},
	// T18.
	{name: "what is written puts an idle keep-alive off", setup: beat(20*time.Second, hold.Idle), run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		for range 10 {
			time.Sleep(15 * time.Second)
			r.publish(t, "a", "data: 1\n\n")
			c.want(t, "data: 1\n\n")
		}
		start := time.Now()
		c.want(t, ":\n\n")
		passed(t, start, 20*time.Second)
	}},
	// T19.
	{name: "interval keep-alives come whatever is written", setup: beat(20*time.Second, hold.Interval), run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		start := time.Now()
		for range 11 {
			time.Sleep(1500 * time.Millisecond)
			r.publish(t, "a", "data: 1\n\n")
			c.want(t, "data: 1\n\n")
		}
		c.want(t, ":\n\n")
		passed(t, start, 20*time.Second)
	}},
	{name: "a keep-alive waits while an event is unfinished", setup: beat(20*time.Second, hold.Interval), run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a", "initial", "data: half\n")
		c.want(t, "data: half\n")
		time.Sleep(time.Hour)
		r.publish(t, "a", "data: of\n")
		c.want(t, "data: of\n")
		time.Sleep(time.Hour)
		r.publish(t, "a", "data: it\n\n")
		c.want(t, "data: it\n\n:\n\n")
	}},
	{name: "a stream that is no event stream gets keep-alives anywhere", setup: func(r *rig) {
		plain(r)
		r.stream.KeepAlive = hold.KeepAlive{Data: []byte("\n"), Interval: 20 * time.Second}
	}, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a", "initial", "half")
		c.want(t, "half\n")
	}},
	{name: "a keep-alive that came due behind a slow write is not sent after it", only: http1, setup: beat(20*time.Second, hold.Idle), run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		synctest.Wait()
		r.publish(t, "a", "data: 1\n\n")
		time.Sleep(25 * time.Second)
		c.want(t, "data: 1\n\n")
		start := time.Now()
		c.want(t, ":\n\n")
		if got := time.Since(start); got < 10*time.Second {
			t.Errorf("after %v, want about 20s", got)
		}
	}},
	{name: "a keep-alive that begins an event holds up the next", setup: func(r *rig) {
		r.stream.KeepAlive = hold.KeepAlive{Data: []byte("data: ping\n"), Interval: 20 * time.Second}
	}, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		c.want(t, "data: ping\n")
		time.Sleep(time.Hour)
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\ndata: ping\n")
	}},
	{name: "the server's time limits are not for streams", setup: func(r *rig) {
		r.server.ReadTimeout, r.server.WriteTimeout, r.server.IdleTimeout = time.Second, time.Second, time.Second
	}, run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		time.Sleep(time.Hour)
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
	}},
	{name: "without a keep-alive nothing is written", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a")
		time.Sleep(24 * time.Hour)
		r.publish(t, "a", "data: 1\n\n")
		c.want(t, "data: 1\n\n")
	}},
	{name: "a blocked write ends the stream at the write deadline", only: http1, setup: func(r *rig) {
		r.stream.WriteTimeout = 7 * time.Second
	}, run: func(t *testing.T, r *rig) {
		r.hold(t, "channel", "a")
		start := time.Now()
		r.publish(t, "a", "data: 1\n\n")
		r.wantEnd(t, hold.ReasonWriteTimeout)
		if got := time.Since(start); got != 7*time.Second {
			t.Errorf("ended after %v, want 7s", got)
		}
	}},
}

var farewell = regexp.MustCompile(`^data: last\n\nretry: ([12][0-9]{3}|3000)\n\n$`)

var drainCases = []one{
	{name: "a drain ends streams one by one, each cleanly and after what was published", run: func(t *testing.T, r *rig) {
		const n = 10
		var mu sync.Mutex
		var ends []time.Duration
		var reading sync.WaitGroup
		start := time.Now()
		for range n {
			c := r.hold(t, "channel", "a")
			reading.Go(func() {
				rest := c.rest(t)
				mu.Lock()
				defer mu.Unlock()
				ends = append(ends, time.Since(start))
				if !farewell.MatchString(rest) {
					t.Errorf("got %q at the end", rest)
				}
				c.close()
			})
		}
		synctest.Wait()
		r.publish(t, "a", "data: last\n\n")
		if err := r.holder.Drain(t.Context(), 5*time.Second); err != nil {
			t.Error(err)
		}
		reading.Wait()
		slices.Sort(ends)
		for i, end := range ends {
			if want := time.Duration(i) * 5 * time.Second / n; (end - want).Abs() > 50*time.Millisecond {
				t.Errorf("end %d after %v, want %v", i, end, want)
			}
		}
		for range n {
			r.wantEnd(t, hold.ReasonDrain)
		}
	}},
	{name: "until its end a draining stream gets what is published", run: func(t *testing.T, r *rig) {
		first, second := r.hold(t, "channel", "a"), r.hold(t, "channel", "a")
		var reading sync.WaitGroup
		var mu sync.Mutex
		got := make(map[string]int)
		for _, c := range []*client{first, second} {
			reading.Go(func() {
				body, _, _ := strings.Cut(c.rest(t), "retry:")
				mu.Lock()
				defer mu.Unlock()
				got[body]++
				c.close()
			})
		}
		synctest.Wait()
		reading.Go(func() {
			time.Sleep(3 * time.Second)
			r.publish(t, "a", "data: late\n\n")
		})
		if err := r.holder.Drain(t.Context(), 10*time.Second); err != nil {
			t.Error(err)
		}
		reading.Wait()
		if got[""] != 1 || got["data: late\n\n"] != 1 {
			t.Errorf("got %v, want the late event on the stream that ended last", got)
		}
	}},
	{name: "no retry is put inside an event or a plain stream", run: func(t *testing.T, r *rig) {
		c := r.hold(t, "channel", "a", "initial", "data: half")
		done := make(chan error)
		go func() { done <- r.holder.Drain(t.Context(), time.Second) }()
		c.want(t, "data: half")
		c.wantEnd(t)
		c.close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}},
	{name: "a drain admits nobody, and returns at once when nobody is held", run: func(t *testing.T, r *rig) {
		if err := r.holder.Drain(t.Context(), time.Hour); err != nil {
			t.Error(err)
		}
		if err := r.holder.Admit(); !errors.Is(err, hold.ErrDraining) {
			t.Errorf("admitted with %v, want ErrDraining", err)
		}
	}},
	{name: "a drain out of time cuts off who does not read", only: http1, setup: func(r *rig) {
		r.stream.WriteTimeout = time.Hour
	}, run: func(t *testing.T, r *rig) {
		r.hold(t, "channel", "a")
		r.publish(t, "a", "data: 1\n\n")
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		defer cancel()
		start := time.Now()
		if err := r.holder.Drain(ctx, 5*time.Second); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("returned %v, want that time was up", err)
		}
		r.wantEnd(t, hold.ReasonShutdown)
		if got := time.Since(start); got != 8*time.Second {
			t.Errorf("took %v, want 8s", got)
		}
	}},
}
