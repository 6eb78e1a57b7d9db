package servetest

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Process is a running holdfast.
type Process struct {
	// URL is where clients connect, ControlURL where backends publish.
	URL, ControlURL string
	// PID is the process's id.
	PID int
}

// Program is the path of a holdfast that Build has made.
type Program string

// Build builds holdfast, which takes seconds. The program is there until t ends.
func Build(t testing.TB) Program {
	t.Helper()
	program := filepath.Join(t.TempDir(), "holdfast")
	build := exec.Command("go", "build", "-o", program, "github.com/holdfast-proxy/holdfast/cmd/holdfast")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return Program(program)
}

// Start builds holdfast and serves originURL with it until t ends. It returns
// when the listeners are open.
func Start(t testing.TB, originURL string) *Process {
	t.Helper()
	return Build(t).Start(t, originURL, "")
}

// Start is the function of this name without the building. config is what the
// configuration file says, of which addresses are none of the caller's business.
func (p Program) Start(t testing.TB, originURL, config string) *Process {
	t.Helper()
	file := filepath.Join(t.TempDir(), "holdfast.yaml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(string(p), "serve", "--config", file,
		"--origin", originURL, "--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(log)
	running := &Process{PID: cmd.Process.Pid}
	drained := make(chan struct{})
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGKILL)
		<-drained
		cmd.Wait()
	})
	running.awaitAddresses(t, lines)
	go func() {
		defer close(drained)
		io.Copy(t.Output(), lines)
	}()
	return running
}

// awaitAddresses reads the log up to the line that names the listeners.
func (p *Process) awaitAddresses(t testing.TB, lines *bufio.Reader) {
	t.Helper()
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			t.Fatalf("holdfast did not start: %v %s", err, line)
		}
		var entry struct {
			Msg     string   `json:"msg"`
			Clients []string `json:"clients"`
			Control []string `json:"control"`
		}
		if json.Unmarshal(line, &entry) == nil && entry.Msg == "serving" {
			p.URL, p.ControlURL = "http://"+entry.Clients[0], "http://"+entry.Control[0]
			return
		}
		t.Logf("%s", line)
	}
}
