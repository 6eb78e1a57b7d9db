package proxy

import (
	"context"
	"net/http"

	"github.com/holdfast-proxy/holdfast/internal/barred"
)

// Front serves clients by a Handler that can be replaced. Requests that are under
// way, and streams that are held, stay with the one that they began with, which ends
// with the last of them.
type Front struct{ line *lineage }

// NewFront returns a front that serves as o says. The error is that of New.
func NewFront(o Options) (*Front, error) {
	h, err := New(o)
	if err != nil {
		return nil, err
	}
	return &Front{h.line}, nil
}

// Replace has requests served as o says from now on. Its Metrics, its Log and the
// parts of its Holding must be those of before. With an error, which is that of New
// or says that the front is closed, nothing has changed. It may be called from any goroutine, and waits for nobody.
//
// A route that has the same name and the same settings, but for its Signer, keeps its
// connections to the origins, what has been found out about them, and who waits for
// them; so does the pace of new streams. A new Signer also signs what is asked for
// streams that are held already, so that a key which was replaced signs nothing any
// more. A route that is gone keeps a Signer of its own.
func (f *Front) Replace(o Options) error { return f.line.replace(o) }

// ServeHTTP implements http.Handler, as Handler.ServeHTTP does.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := f.line.enter()
	defer h.left()
	h.ServeHTTP(w, r)
}

// Recover is Handler.Recover.
func (f *Front) Recover() { f.line.recover() }

// Recheck is Handler.Recheck.
func (f *Front) Recheck(rule *barred.Rule) (asked int) { return f.line.current.Load().Recheck(rule) }

// Renew is Handler.Renew.
func (f *Front) Renew(ctx context.Context, r Renewal) (what string) {
	return f.line.current.Load().Renew(ctx, r)
}

// Finish is Handler.Finish.
func (f *Front) Finish(ctx context.Context) error { return f.line.finish(ctx) }

// Close is Handler.Close. Nobody is served any more.
func (f *Front) Close() { f.line.close() }
