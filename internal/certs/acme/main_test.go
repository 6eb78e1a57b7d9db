package acme

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

// The authority of the tests cannot be closed. certmagic keeps a limiter for each
// authority for good, and looks at a lock five seconds after it was given back.
func TestMain(m *testing.M) {
	leaktest.Main(m,
		goleak.IgnoreAnyFunction("github.com/letsencrypt/pebble/v2/va.VAImpl.processTasks"),
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.(*RingBufferRateLimiter).loop"),
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.keepLockfileFresh"),
	)
}
