package proxy

import (
	"testing"
	"testing/synctest"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// TestAPollIsRefusedWhatIsPublishedAfterItsRevocation, though it looks for both at
// once. Nothing kicks the waiter here: the holder does not run.
func TestAPollIsRefusedWhatIsPublishedAfterItsRevocation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		registry := hold.NewRegistry(0)
		b.holder = hold.New(hold.Options{Registry: registry})
		b.handler.holding.Holder = b.holder
		registry.SetGuard(func(h *hold.Held) {
			h.End(hold.ReasonRevoked)
			b.respond(t, "ch", "secret")
		})
		if rec := b.follow(pollAnswer("ch")); rec.Code != 403 || rec.Body.String() != Revoked.message()+"\n" {
			t.Errorf("%d %q", rec.Code, rec.Body)
		}
	})
}
