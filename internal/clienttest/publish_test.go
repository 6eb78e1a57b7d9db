package clienttest

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/servetest"
)

// publishers are given a GRIP_URL, as applications are. It says where the control
// endpoint is and how it knows them: by a token, by a JWT that they sign, or by a
// name and a password. Holdfast takes tokens where it has some, and else, like
// Pushpin, everybody.
func publishers(t *testing.T, holdfast servetest.Program) {
	publishBy(t, holdfast, "node", "publish.mjs")
}

// publishBy publishes with a program, which prints what came of it.
func publishBy(t *testing.T, holdfast servetest.Program, program ...string) {
	const nowhere = "http://127.0.0.1:1"
	guarded := holdfast.Start(t, nowhere, "control: {tokens: [old, secret]}")
	open := holdfast.Start(t, nowhere, "")
	tests := []struct {
		name    string
		control string
		gripURL string // CONTROL is the endpoint without http://
		status  int
	}{
		{"with the token", guarded.ControlURL, "http://CONTROL/?key=secret", http.StatusOK},
		{"without a token", guarded.ControlURL, "http://CONTROL", http.StatusUnauthorized},
		{"with another token", guarded.ControlURL, "http://CONTROL?key=guess", http.StatusUnauthorized},
		{"with a JWT in place of the token", guarded.ControlURL, "http://CONTROL?iss=app&key=secret", http.StatusUnauthorized},
		{"with nothing", open.ControlURL, "http://CONTROL", http.StatusOK},
		{"with a slash at the end", open.ControlURL, "http://CONTROL/", http.StatusOK},
		{"with a token that nobody asks for", open.ControlURL, "http://CONTROL?key=secret", http.StatusOK},
		{"with a JWT that nobody asks for", open.ControlURL, "http://CONTROL?iss=app&key=secret", http.StatusOK},
		{"with a password that nobody asks for", open.ControlURL, "http://user:password@CONTROL", http.StatusOK},
	}
	t.Run("a publisher", func(t *testing.T) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				program := exec.Command(program[0], append(program[1:len(program):len(program)], "c", "data: x\n\n")...)
				gripURL := strings.Replace(tt.gripURL, "CONTROL", strings.TrimPrefix(tt.control, "http://"), 1)
				program.Env = append(os.Environ(), "GRIP_URL="+gripURL)
				var got struct {
					Status  int
					Message string
				}
				if start(t, program).next(&got); got.Status != tt.status {
					t.Errorf("got %+v, want %d", got, tt.status)
				}
			})
		}
	})
}
