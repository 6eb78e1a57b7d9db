package nats

import (
	"errors"
	"testing"
)

// Who asks for answers that we may not send can go on for ever.
func TestRefusalsAreKeptWhileSomebodyAsks(t *testing.T) {
	r := newRefusals()
	add := func() { r.add(errors.New("x"), "s") }
	none := func() int { return 0 }
	add()
	w := r.watch(nil, none)
	add()
	if n := r.count()["s"]; n != 1 {
		t.Errorf("%d while it is asked", n)
	}
	w.end()
	add()
	if len(r.since) != 0 || !r.isKnown() {
		t.Errorf("%d kept", len(r.since))
	}
}
