package peer

import (
	"context"
	"fmt"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// Floor is the bare server of package floor, in the program at that path.
func Floor(program string) Peer {
	p := floor(program, func(Setup) []string { return nil })
	p.Name = "floor"
	p.What = "a bare loop in Go: no origin, no history, no limits"
	p.Note = "It is no product: it shows what net/http, the socket and the write cost where nothing else is done."
	return p
}

// AskingFloor is the floor with the round trip to an origin that each stream of a
// proxy takes, which matters for connecting alone.
func AskingFloor(program string) Peer {
	p := floor(program, func(s Setup) []string { return []string{"--origin", "http://" + s.Origin} })
	p.Name = "floor-asking"
	p.What = "the floor with a bare round trip to an origin"
	p.Origin = true
	p.ConnectOnly = true
	return p
}

// ProxyingFloor is a bare httputil.ReverseProxy, which hands the origin's response
// on and holds nothing: what a round trip through net/http costs.
func ProxyingFloor(program string) Peer {
	p := floor(program, func(s Setup) []string { return []string{"--origin", "http://" + s.Origin, "--proxy"} })
	p.Name = "floor-proxying"
	p.What = "a bare httputil.ReverseProxy, which holds nothing"
	p.Origin = true
	p.ConnectOnly = true
	p.answers = true
	return p
}

func floor(program string, more func(Setup) []string) Peer {
	return Peer{
		Version: func(context.Context) (string, error) { return "part of Holdfast", nil },
		dialect: bench.Plain,
		stream:  byQuery,
		configure: func(s Setup) (Launch, error) {
			args := append([]string{program, "bench", "floor", "--listen", s.Clients, "--control-listen", s.Control}, more(s)...)
			return Launch{
				Args:   args,
				Env:    []string{fmt.Sprintf("GOMAXPROCS=%d", s.Cores)},
				Config: fmt.Sprintf("GOMAXPROCS=%d holdfast %s", s.Cores, strings.Join(args[1:], " ")),
			}, nil
		},
	}
}
