package stream

import (
	"context"
	"sync"
	"time"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/nats"
)

const (
	batchSize   = 256 // messages handed to the hub at once
	maxFetchers = 16  // channels whose history is fetched at once
)

// session is a bus with one connection of the library. Everything in it but the
// goroutines that it starts for requests is done by run's goroutine, which owns
// the feeds.
type session struct {
	bus    *Bus
	ctx    context.Context
	cancel context.CancelFunc
	nc     *client.Conn
	js     jetstream.JetStream
	direct *direct

	requests sync.WaitGroup
	results  chan func() // what requests have brought, to be done by run

	placed   []channels.Placed
	due      []*feed   // whose heads must be asked for
	sweep    bool      // all heads must be asked for
	census   bool      // one is under way
	settled  bool      // the stream is known
	changes  int       // how often it may have become another
	settling bool      // it is being looked for
	asking   bool      // Refresh is being answered
	censuses int       // how many there were
	failing  time.Time // since when none can be taken, zero if they can
	waiters  []*syncing
	doubt    *doubt // unless nil, what is new is held back
	sure     int    // the first census that knows of all that may have been lost
	repairs  int    // fetches of what was lost that are under way
	connects uint64 // connections that the library has made anew
	path     string // the way from other servers, as it was last
	order    int    // counts the stream's epochs
	mark     uint64 // the highest mark that has arrived
	awaited  []awaited
	fetchers chan struct{} // nil until settled
}

// awaited is a mark that somebody waits for.
type awaited struct {
	seq     uint64
	arrived chan struct{}
}

func newSession(ctx context.Context, b *Bus, nc *client.Conn) (*session, error) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncTimeout(attempt), jetstream.WithPublishAsyncMaxPending(maxPending))
	if err != nil {
		return nil, err
	}
	s := &session{
		bus: b, nc: nc, js: js,
		direct:  &direct{nc, "$JS.API.DIRECT.GET." + b.names.stream},
		results: make(chan func()),
		placed:  make([]channels.Placed, 0, batchSize),
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s, nil
}

// fetchersOf is how many histories may be on their way at once over a connection.
func fetchersOf(nc *client.Conn) int {
	return int(max(1, min(maxFetchers, pendingBytes/(pageBytes+nc.MaxPayload()))))
}

// end undoes newSession and all that has come of it.
func (s *session) end() {
	s.bus.publishing.Store(nil)
	s.bus.unsettled("not connected")
	s.bus.lookup.Store(nil)
	s.cancel()
	s.requests.Wait()
	s.js.CleanupPublisher()
}

// run works until the session's context ends, or the connection.
func (s *session) run(closed <-chan struct{}) error {
	for _, subject := range []string{s.bus.names.live + "mark", s.bus.names.elected} {
		if _, err := s.nc.ChanSubscribe(subject, s.bus.queue); err != nil {
			return err
		}
	}
	for _, f := range s.bus.feeds { // of the session before
		if err := s.subscribe(f); err != nil {
			return err
		}
	}
	s.bus.publishing.Store(&publishing{s.js, s.ctx.Done()})
	s.lookAround()
	s.beginDoubt()
	s.settle()
	tick := time.NewTicker(sweepInterval)
	defer tick.Stop()
	look := time.NewTicker(pathInterval)
	defer look.Stop()
	for {
		select {
		case m := <-s.bus.queue:
			s.take(m)
		case f := <-s.results:
			f()
		case <-s.bus.interest.news:
			if err := s.heed(); err != nil {
				return err
			}
		case <-s.bus.asks:
			s.refresh()
		case w := <-s.bus.syncs:
			s.sync(w)
		case <-s.bus.alarms:
			s.check()
		case <-tick.C:
			s.check()
		case <-look.C:
			s.lookAround()
		case <-closed:
			return nil
		case <-s.ctx.Done():
			return nil
		}
		s.count()
		s.endDoubt()
		s.release()
	}
}

// do runs request beside the loop, and what it returns in the loop.
func (s *session) do(request func(ctx context.Context) (then func())) {
	s.requests.Go(func() {
		then := request(s.ctx)
		select {
		case s.results <- then:
		case <-s.ctx.Done():
		}
	})
}

// pause waits before another try.
func pause(ctx context.Context) {
	select {
	case <-time.After(retryPause):
	case <-ctx.Done():
	}
}

// heed does what the hub has told.
func (s *session) heed() (failed error) {
	for _, c := range s.bus.interest.take() {
		tokens, err := nats.Encode(c.channel)
		if err != nil {
			continue // the hub has no such channels
		}
		live := s.liveOf(c.channel)
		if !c.wanted {
			s.drop(live)
			continue
		}
		f := &feed{channel: c.channel, stored: s.bus.names.channels + tokens}
		s.bus.feeds[live] = f
		if err := s.subscribe(f); err != nil && failed == nil {
			failed = err // the next session subscribes to all
		}
	}
	return failed
}

// liveOf is the subject where the stream republishes what is new on a channel.
func (s *session) liveOf(channel string) string {
	tokens, _ := nats.Encode(channel) // the hub has no channels that have none
	return s.bus.names.live + "channels." + tokens
}

// subscribe asks for what is new on a channel, and then for what there is.
func (s *session) subscribe(f *feed) (err error) {
	live := s.bus.names.live + f.stored[len(s.bus.opts.Prefix)+1:]
	if f.sub, err = s.nc.ChanSubscribe(live, s.bus.queue); err != nil {
		return err
	}
	f.waiting, f.fetching, f.repair = nil, false, nil
	f.checked, f.owed = 0, 0 // by censuses of the session before
	s.ask(f)
	return nil
}

func (s *session) drop(live string) {
	if f := s.bus.feeds[live]; f != nil {
		_ = f.sub.Unsubscribe() // an error means that the connection has ended
		delete(s.bus.feeds, live)
	}
}

// kept reports whether the hub still wants f.
func (s *session) kept(f *feed) bool {
	return s.bus.feeds[s.bus.names.live+f.stored[len(s.bus.opts.Prefix)+1:]] == f
}

// check makes sure that the stream is what it was, and that nothing was lost.
func (s *session) check() {
	if s.reconnected() {
		s.beginDoubt()
	}
	s.sweep = true
	s.settle()
}

// unsettle finds out anew about the stream, since it may be another. Until then
// there is no census.
func (s *session) unsettle() {
	s.settled = false
	s.changes++
	s.settle()
}

// settle finds out about the stream, until it is found.
func (s *session) settle() {
	if s.settling {
		return
	}
	s.settling = true
	changes := s.changes
	seen := order{s.bus.hub.Epoch(), s.bus.hub.Head().Seq, s.bus.witness, s.bus.renewed != nil}
	s.do(func(ctx context.Context) func() {
		found, err := s.bus.settle(ctx, s.js, s.direct, seen)
		if err != nil {
			pause(ctx)
		}
		return func() {
			s.settling = false
			if err != nil {
				s.bus.unsettled(err.Error())
				s.bus.quiet.stream.Do(func() { s.bus.opts.Log.Warn("the stream is of no use", zap.Error(err)) })
				s.settle()
				return
			}
			if changes != s.changes {
				s.settle()
				return
			}
			s.found(found)
		}
	})
}

// found goes on with a stream that is there.
func (s *session) found(at settled) {
	if at.epoch != s.bus.hub.Epoch() {
		s.bus.opts.Log.Info("order of the stream taken over", zap.String("epoch", at.epoch))
		s.bus.hub.Restart(at.epoch)
		s.order, s.mark, s.doubt = s.order+1, 0, nil
		s.bus.witness = witness{}
		for _, f := range s.bus.feeds {
			f.filled, f.fetching, f.waiting, f.repair = false, false, nil, nil
			f.last, f.proved, f.checked, f.owed = 0, 0, 0, 0
		}
		s.sweep = true
	}
	if s.fetchers == nil { // the server has not said before what it takes
		s.fetchers = make(chan struct{}, fetchersOf(s.nc))
	}
	if renewed := s.bus.renewed; renewed != nil {
		s.bus.renewed = nil
		renewed()
	}
	s.settled = true
	s.bus.problem.Store(nil)
	s.bus.witness, s.bus.kept = s.bus.witness.see(at.last.seq, at.last.at), at.kept
	s.bus.hub.Learn(at.last.seq)
	s.count()
}

// refresh asks a replica how far the order has come, not much more than a hundred
// times a second.
func (s *session) refresh() {
	if s.asking || !s.settled {
		return
	}
	s.asking = true
	order := s.order
	s.do(func(ctx context.Context) func() {
		h, err := s.direct.heads(ctx, 0, []string{s.bus.names.mark})
		return func() {
			if err == nil && order == s.order {
				s.bus.hub.Learn(h.upTo)
			}
			s.do(func(ctx context.Context) func() {
				shortly(ctx)
				return func() { s.asking = false }
			})
		}
	})
}
