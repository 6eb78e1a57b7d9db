package proxy

import (
	"context"
	"maps"
	"slices"
)

// desks are where a route's origins are asked, and told, on behalf of streams that are
// held. All handlers with a route of that name share them.
type desks struct {
	recovery  *recovery
	farewells *farewells
}

func (d desks) close() {
	d.recovery.close()
	d.farewells.close()
}

// desksOf returns the desks of a route, which are made if nobody has them. It is called
// while a handler is made.
func (l *lineage) desksOf(name string, p Pace) desks {
	d, ok := l.desks[name]
	if !ok {
		d = desks{newRecovery(p), newFarewells(p)}
		l.desks[name] = d
	}
	return d
}

func (l *lineage) everyDesk() []desks {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.desks))
}

// recover has every held response that can ask its origin do so.
func (l *lineage) recover() {
	for _, d := range l.everyDesk() {
		d.recovery.all()
	}
}

// finish is Handler.Finish.
func (l *lineage) finish(ctx context.Context) error {
	for _, d := range l.everyDesk() {
		if err := d.farewells.finish(ctx); err != nil {
			return err
		}
	}
	return nil
}
