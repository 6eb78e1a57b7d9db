package hold_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/hold/holdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGoroutinesIsAHolder(t *testing.T) {
	holdtest.Run(t, func(o hold.Options) hold.Holder { return hold.New(o) })
}
