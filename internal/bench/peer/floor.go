package peer

import (
	"context"
	"fmt"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// Floor is the bare server of package floor, in the program at that path.
func Floor(program string) Peer {
	return Peer{
		Name:    "floor",
		What:    "a bare loop in Go: no origin, no history, no limits",
		Note:    "It is no product: it shows what net/http, the socket and the write cost where nothing else is done.",
		Version: func(context.Context) (string, error) { return "part of Holdfast", nil },
		dialect: bench.Plain,
		stream:  byQuery,
		configure: func(s Setup) (Launch, error) {
			args := []string{program, "bench", "floor", "--listen", s.Clients, "--control-listen", s.Control}
			return Launch{
				Args:   args,
				Env:    []string{fmt.Sprintf("GOMAXPROCS=%d", s.Cores)},
				Config: fmt.Sprintf("GOMAXPROCS=%d holdfast bench floor --listen %s --control-listen %s", s.Cores, s.Clients, s.Control),
			}, nil
		},
	}
}
