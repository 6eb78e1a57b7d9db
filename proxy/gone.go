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
	handler *Handler
	retry   time.Duration
	desk    *errand.Desk[*farewell]
}

// farewell is what an origin is told of one client.
type farewell struct {
	route *route
	view  viewpoint
	link  *link
	fails int // owned by the desk's worker
}

func newFarewells(h *Handler, p Pace) *farewells {
	f := &farewells{handler: h, retry: or(p.Retry, time.Second)}
	o := errand.Options{Concurrent: goneConcurrent, PerSecond: gonePerSecond, Waiting: goneWaiting}
	f.desk = errand.New(o, func(ctx context.Context, one []*farewell) { f.tell(ctx, one[0]) })
	return f
}

// say has the origin told. It returns at once. gone may be nil.
func (f *farewells) say(rt *route, v viewpoint, gone *link) {
	if gone != nil && !f.desk.Add("", &farewell{route: rt, view: v, link: gone}, 0) {
		rt.counts.gone[goneDropped].Inc()
	}
}

// farewell returns what tells the origin that the client of the instruction has
// gone. What it returns keeps nothing of x.
func (x *exchange) farewell() func() {
	rt, gone := x.route, x.links.gone
	if gone == nil {
		return func() {}
	}
	view := viewpointOf(x.held.Request)
	return func() { rt.farewells.say(rt, view, gone) }
}

// tell tells an origin, or tries again later.
func (f *farewells) tell(ctx context.Context, one *farewell) {
	err := f.post(ctx, one)
	if err == nil {
		one.route.counts.gone[goneTold].Inc()
		return
	}
	one.fails++
	if one.fails > errand.Tries || !f.desk.Add("", one, errand.Backoff(f.retry, one.fails)) {
		one.route.counts.gone[goneGivenUp].Inc()
		f.handler.linkLimit.Do(func() {
			f.handler.log.Warn("origin not told of a client that has gone",
				zap.String("route", one.route.Name), zap.String("path", one.link.path), zap.Error(err))
		})
	}
}

func (f *farewells) post(ctx context.Context, one *farewell) error {
	ctx, cancel := context.WithTimeout(ctx, gonePatience)
	defer cancel()
	resp, _, err := f.handler.askLink(ctx, http.MethodPost, one.route, one.view, one.link, http.Header{})
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
func (h *Handler) Finish(ctx context.Context) error {
	for _, rt := range h.routes.all {
		if err := rt.farewells.desk.Wait(ctx); err != nil {
			return fmt.Errorf("%d clients' origins not told: %w", h.untold(), err)
		}
	}
	return nil
}

// untold counts the clients of whom an origin is still to be told.
func (h *Handler) untold() (n int) {
	for _, rt := range h.routes.all {
		n += rt.farewells.desk.Waiting()
	}
	return n
}

// close gives up on whoever is not told.
func (f *farewells) close() {
	for _, one := range f.desk.Close() {
		one.route.counts.gone[goneGivenUp].Inc()
	}
}
