package explain

import (
	"context"
	"net/http"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// stage is the hub and the holder of one request: what is held on it ends at
// once, and stays known.
type stage struct {
	hub    *channels.Hub
	follow *channels.Follow // nil: nothing was to be followed
	stream *hold.Stream     // nil: no stream was to be held
}

func newStage() *stage { return &stage{hub: channels.NewHub(channels.DefaultOptions())} }

// Await implements proxy.Hub.
func (s *stage) Await(context.Context, ...string) (release func(), err error) {
	return func() {}, nil
}

// Follow implements proxy.Hub.
func (s *stage) Follow(ctx context.Context, f channels.Follow) (*channels.Cursor, error) {
	s.follow = &f
	return s.hub.Follow(ctx, f)
}

// Group implements hold.Holder. Nobody publishes here, so nobody is woken.
func (s *stage) Group() channels.Group { return deaf{} }

type deaf struct{}

// Wake implements channels.Group.
func (deaf) Wake(*channels.Log) {}

// Admit implements hold.Holder.
func (s *stage) Admit() error { return nil }

// Release implements hold.Holder.
func (s *stage) Release() {}

// Hold implements hold.Holder.
func (s *stage) Hold(_ http.ResponseWriter, _ *http.Request, stream *hold.Stream) (wait func(), err error) {
	s.stream = stream
	stream.Cursor.Close()
	return nil, nil
}

// Attach implements hold.Holder.
func (s *stage) Attach(_ *channels.Cursor, w hold.Waiter) *hold.Seat {
	w.End(hold.ReasonDrain)
	return new(hold.Seat)
}

// Detach implements hold.Holder.
func (s *stage) Detach(*hold.Seat) {}

// Identify implements hold.Holder.
func (s *stage) Identify(*hold.Seat, *hold.Who) {}

// Join implements hold.Holder.
func (s *stage) Join(*channels.Cursor, hold.Waiter) *hold.Seat { return new(hold.Seat) }

// Part implements hold.Holder.
func (s *stage) Part(*hold.Seat) {}

// Drain implements hold.Holder.
func (s *stage) Drain(context.Context, time.Duration) error { return nil }

// Run implements hold.Holder.
func (s *stage) Run(context.Context) error { return nil }
