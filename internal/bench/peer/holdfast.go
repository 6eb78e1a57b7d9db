package peer

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// Holdfast is the program at that path, with its defaults.
func Holdfast(program string) Peer {
	return Peer{
		Name:   "Holdfast",
		What:   "this program",
		Origin: true,
		Replay: true,
		Slow:   true,
		TLS:    true,
		Version: func(ctx context.Context) (string, error) {
			return firstLine(exec.CommandContext(ctx, program, "version"))
		},
		dialect: bench.GRIP,
		metrics: true,
		stream:  byQuery,
		configure: func(s Setup) (Launch, error) {
			args := []string{program, "serve", "--origin", "http://" + s.Origin, "--control-listen", s.Control, "--log-level", "error"}
			if c := s.Certificate; c != nil {
				args = append(args, "--listen", "127.0.0.1:0", "--tls-listen", s.Clients, "--tls-cert", c.Cert, "--tls-key", c.Key)
			} else {
				args = append(args, "--listen", s.Clients)
			}
			return Launch{
				Args:   args,
				Env:    []string{fmt.Sprintf("GOMAXPROCS=%d", s.Cores)},
				Config: fmt.Sprintf("GOMAXPROCS=%d holdfast %s", s.Cores, strings.Join(args[1:], " ")),
			}, nil
		},
	}
}

// firstLine is the first line of what a command prints.
func firstLine(cmd *exec.Cmd) (string, error) {
	out, err := cmd.CombinedOutput()
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line), err
}
