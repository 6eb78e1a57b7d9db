package main

import (
	"context"
	"sync/atomic"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// layout is how items are laid out. It only grows: a stream that is held goes on with
// what its route wanted when it began.
type layout struct{ current atomic.Pointer[wire.Options] }

// need adds what o asks for. It has one caller at a time. What was published before
// does not have it: such events come without an id, or are not compressed.
func (l *layout) need(o wire.Options) {
	is := l.options()
	l.current.Store(&wire.Options{PositionIDs: is.PositionIDs || o.PositionIDs, Deflate: is.Deflate || o.Deflate})
}

func (l *layout) options() wire.Options {
	if o := l.current.Load(); o != nil {
		return *o
	}
	return wire.Options{}
}

// laidOut publishes in a hub, as the layout is at the moment.
type laidOut struct {
	hub    *channels.Hub
	layout *layout
}

// Publish is for intake.Publisher.
func (p laidOut) Publish(ctx context.Context, items []grip.Item) ([]channels.Result, error) {
	return intake.ToHub(p.hub, p.layout.options()).Publish(ctx, items)
}
