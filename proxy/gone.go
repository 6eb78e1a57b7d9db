package proxy

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/errand"
)

// The pace at which the origins of a route are told of clients that have gone. How
// many may wait is what a crowd that leaves at once can be, and 200 bytes each.
const (
	goneConcurrent = 32
	gonePerSecond  = 1000
	goneWaiting    = 100_000
	gonePatience   = 30 * time.Second // for one answer
)

// farewells tell the origins of a route that clients have gone (GRIP: a link with
// rel=gone), each at least once: what fails is tried again, five times. The contract
// has no form for several at once, so each is a request of its own.
type farewells struct {
	retry time.Duration
	desk  *errand.Desk[*farewell]
}

// farewell is what an origin is told of one client.
type farewell struct {
	handler *Handler // has it as a user
	route   *route
	view    viewpoint
	link    *link
	fails   int // owned by the desk's worker
}

// ended counts what became of it, once.
func (f *farewell) ended(how goneResult) {
	f.route.counts.gone[how].Inc()
	f.handler.left()
}

func newFarewells(p Pace) *farewells {
	f := &farewells{retry: or(p.Retry, time.Second)}
	o := errand.Options{Concurrent: goneConcurrent, PerSecond: gonePerSecond, Waiting: goneWaiting}
	f.desk = errand.New(o, func(ctx context.Context, one []*farewell) { f.tell(ctx, one[0]) })
	return f
}

// say has the origin told by h, which the caller is a user of. It returns at once.
// gone may be nil.
func (f *farewells) say(h *Handler, rt *route, v viewpoint, gone *link) {
	if gone == nil {
		return
	}
	h.users.enter()
	one := &farewell{handler: h, route: rt, view: v, link: gone}
	if !f.desk.Add("", one, 0) {
		one.ended(goneDropped)
	}
}

// farewell returns what tells the origin that the client of the instruction has
// gone. What it returns keeps nothing of x.
func (h *Handler) farewell(x *exchange) func() {
	rt, gone := x.route, x.links.gone
	if gone == nil {
		return func() {}
	}
	view := viewpointOf(x.held.Request)
	return func() { rt.farewells.say(h, rt, view, gone) }
}

// tell tells an origin, or tries again later.
func (f *farewells) tell(ctx context.Context, one *farewell) {
	err := f.post(ctx, one)
	if err == nil {
		one.ended(goneTold)
		return
	}
	one.fails++
	if one.fails > errand.Tries || !f.desk.Add("", one, errand.Backoff(f.retry, one.fails)) {
		one.ended(goneGivenUp)
		one.handler.linkLimit.Do(func() {
			one.handler.log.Warn("origin not told of a client that has gone",
				zap.String("route", one.route.Name), zap.String("path", one.link.path), zap.Error(err))
		})
	}
}

func (f *farewells) post(ctx context.Context, one *farewell) error {
	ctx, cancel := context.WithTimeout(ctx, gonePatience)
	defer cancel()
	resp, _, err := one.handler.askLink(ctx, http.MethodPost, one.route, one.view, one.link, http.Header{})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	finish(resp, cancel)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return errLinkStatus(resp.StatusCode)
	}
	return nil
}

// Finish returns when origins have been told of all clients that have gone, or with
// an error when ctx ends. It is called when nobody is held any more.
func (h *Handler) Finish(ctx context.Context) error { return h.line.finish(ctx) }

func (f *farewells) finish(ctx context.Context) error {
	if err := f.desk.Wait(ctx); err != nil {
		return fmt.Errorf("%d clients' origins not told: %w", f.desk.Waiting(), err)
	}
	return nil
}

// close gives up on whoever is not told.
func (f *farewells) close() {
	for _, one := range f.desk.Close() {
		one.ended(goneGivenUp)
	}
}
