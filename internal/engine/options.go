package engine

import "github.com/holdfast-proxy/holdfast/internal/hold"

// Options says how an Engine works.
type Options struct {
	hold.Options
	// Loops is how many event loops there are, 64 at most. Zero is one for
	// every processor that Go uses.
	Loops int
}
