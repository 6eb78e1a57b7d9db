package proxy

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
)

// A storm of clients would leave a piece each, which is more garbage than all the
// rest of a connection.
func TestAnInitialBodyLeavesNoPieceBehind(t *testing.T) {
	const runs = 200
	x := &exchange{route: &route{pieces: newPieces()}}
	before := new(runtime.MemStats)
	runtime.ReadMemStats(before)
	for range runs {
		x.held = &http.Response{Body: io.NopCloser(strings.NewReader(":\n\n")), ContentLength: 3}
		if err := (&initialBody{x: x}).copyTo(io.Discard, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	after := new(runtime.MemStats)
	runtime.ReadMemStats(after)
	// The race detector has pools drop a quarter of what they get.
	if each := (after.TotalAlloc - before.TotalAlloc) / runs; each > pieceSize/2 {
		t.Errorf("%d bytes allocated for a body of 3", each)
	}
}
