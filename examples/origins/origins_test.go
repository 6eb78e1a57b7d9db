package origins

import (
	"bufio"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/servetest"
)

// Each origin is run with its addresses replaced, since the ones written in it
// may be in use.
func TestEachOriginHoldsAndPublishes(t *testing.T) {
	tests := map[string]struct {
		file, tool string
	}{
		"Go":      {"go/main.go", "go"},
		"Node.js": {"node/origin.js", "node"},
		"Python":  {"python/origin.py", "python3"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(tt.tool); err != nil {
				t.Skipf("skipped: %s is not installed", tt.tool)
			}
			port := freePort(t)
			proxy := servetest.Start(t, "http://127.0.0.1:"+port)
			file := moved(t, tt.file, port, proxy.ControlURL)
			run(t, tt.tool, file)
			holdsAndPublishes(t, proxy.URL)
		})
	}
}

func freePort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// moved copies the origin with another port and control endpoint.
func moved(t *testing.T, file, port, control string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	with := strings.NewReplacer("8000", port, "http://127.0.0.1:5561", control).Replace(string(text))
	path := filepath.Join(t.TempDir(), filepath.Base(file))
	if err := os.WriteFile(path, []byte(with), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// run runs the origin until the test ends. `go run` would leave its child
// behind, so a Go file is built first.
func run(t *testing.T, tool, file string) {
	cmd := exec.Command(tool, file)
	if tool == "go" {
		binary := strings.TrimSuffix(file, ".go")
		if out, err := exec.Command("go", "build", "-o", binary, file).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		cmd = exec.Command(binary)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

// holdsAndPublishes follows the origin's stream, posts a text, and waits for it
// to come back as an event.
func holdsAndPublishes(t *testing.T, proxyURL string) {
	stream := bufio.NewScanner(open(t, proxyURL+"/events").Body)
	expect(t, stream, ": welcome", "")
	resp, err := http.Post(proxyURL+"/publish", "text/plain", strings.NewReader("two\nlines"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("publishing: %s", resp.Status)
	}
	expect(t, stream, `data: "two\nlines"`, "id: ", "")
}

// open asks until the origin has started.
func open(t *testing.T, url string) *http.Response {
	for range 200 {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode == http.StatusOK {
			t.Cleanup(func() { resp.Body.Close() })
			return resp
		}
		resp.Body.Close()
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the origin does not start")
	return nil
}

// expect reads lines that begin like those wanted.
func expect(t *testing.T, stream *bufio.Scanner, want ...string) {
	t.Helper()
	for _, line := range want {
		if !stream.Scan() || !strings.HasPrefix(stream.Text(), line) || line == "" && stream.Text() != "" {
			t.Fatalf("read %q (%v), want %q", stream.Text(), stream.Err(), line)
		}
	}
}
