package clienttest

import (
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/servetest"
)

// TestPublishedClients holds all tests, so that holdfast is built once.
func TestPublishedClients(t *testing.T) {
	needClients(t)
	holdfast := servetest.Build(t)
	tests := []struct {
		name string
		run  func(*testing.T, servetest.Program)
	}{
		{"clients miss nothing when their connection is lost", missNothing},
		{"clients in a browser miss nothing", missNothingInABrowser},
		{"clients go on at another node", goOnAtAnotherNode},
		{"serve-grip", serveGrip},
		{"grip publishes", publishers},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, holdfast)
		})
	}
}
