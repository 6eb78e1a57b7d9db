package hold

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
)

// Errors of Holder.Admit.
var (
	// ErrFull: as many streams are held as are allowed.
	ErrFull = errors.New("as many streams are held as are allowed")
	// ErrDraining: the holder is ending its streams and takes no new ones.
	ErrDraining = errors.New("streams are being ended")
)

// Holder keeps held responses and writes to them. All methods may be called
// from any goroutine.
type Holder interface {
	// Group is told of news. Every cursor given to Hold, Attach or Join is made
	// with it.
	Group() channels.Group

	// Admit reserves a place for one stream or waiter. It is called before the
	// head of a response is written that will be held, so that a refusal can
	// still be said; it may be called before the origin is asked. The error is ErrFull or ErrDraining. Each
	// place is used by one Hold or Attach, or given back by Release.
	Admit() error
	Release()

	// Hold takes over the connection of a response whose head and initial body
	// have been written to w, and sends it what s.Cursor reads until it ends.
	// See Prepare for what the head must say.
	//
	// The holder owns s and its cursor in every case, also after an error,
	// and the place that Admit gave. The handler must return as soon as Hold
	// does and must not touch w or the request's body any more.
	//
	// On HTTP/2 and HTTP/3 a response lasts as long as its handler. Then wait is not nil,
	// and the handler calls it before it returns; it blocks until the stream has
	// ended, or panics with http.ErrAbortHandler to reset it. What is on the handler's stack meanwhile, and whatever that refers
	// to, is kept for as long as the stream: it is best called where there is
	// least.
	//
	// Hold does not wait for the client. The error says why the connection could
	// not be taken; s.Ended is not called then.
	Hold(w http.ResponseWriter, r *http.Request, s *Stream) (wait func(), err error)

	// Attach lets w, which waits for a response of its own, hear of news for
	// c and of the end. It uses the place that Admit gave, until Detach. Of
	// news from before Attach it does not hear: w reads c once by itself. c may
	// be nil, for who hears of the end alone.
	Attach(c *channels.Cursor, w Waiter) *Seat
	// Detach undoes Attach. A Kick or End that is already on its way may
	// still come. It does not close the cursor.
	Detach(*Seat)

	// Identify says that the client of who is attached is another, from now on, or
	// that it follows other channels.
	Identify(*Seat, *Who)

	// Join lets w, which is attached, hear of news for another cursor, until
	// Part.
	Join(c *channels.Cursor, w Waiter) *Seat
	// Part undoes Join, as Detach undoes Attach.
	Part(*Seat)

	// Drain admits nobody any more and ends what is held, spread evenly over
	// window and each cleanly, after what was published until its turn. It
	// returns nil when all have ended. When ctx ends before that, it cuts the
	// rest off, which is gone then if it goes within a second, and returns ctx's
	// error.
	Drain(ctx context.Context, window time.Duration) error

	// Run does the holder's work until ctx ends; then it cuts off what is
	// still held and returns nil when all of it is gone.
	Run(ctx context.Context) error
}

// Waiter is who is held and writes by itself: a request that waits for one
// answer, or a WebSocket. One that has a method CutOff(Reason) is ended by it
// when there is no time left for End. It may be Known, Labelled and a Describer, too.
// Its methods are called from any goroutine and must not block.
type Waiter interface {
	// Kick is called when its cursor may have something new.
	Kick()
	// End is when it should answer, or say farewell, at once.
	Ender
}
