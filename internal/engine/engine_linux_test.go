package engine_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/holdfast-proxy/holdfast/internal/engine"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/hold/holdtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEngineIsAHolder(t *testing.T) {
	for name, loops := range map[string]int{"one loop": 1, "three loops": 3} {
		t.Run(name, func(t *testing.T) {
			holdtest.Run(t, func(o hold.Options) hold.Holder {
				e, err := engine.New(engine.Options{Options: o, Loops: loops})
				if err != nil {
					t.Fatal(err)
				}
				return e
			})
		})
	}
}
