//go:build !linux

package engine

import "github.com/holdfast-proxy/holdfast/internal/hold"

// Engine is the goroutine holder here: event loops need Linux.
type Engine = hold.Goroutines

// New returns a holder. There is no error.
func New(o Options) (*Engine, error) { return hold.New(o.Options), nil }
