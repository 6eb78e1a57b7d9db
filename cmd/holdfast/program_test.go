package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestProgram builds the program as a release does and runs it.
func TestProgram(t *testing.T) {
	t.Parallel()
	p := build(t)
	t.Run("serves, publishes, drains and exits with 0", p.testServe)
	t.Run("a second signal ends a drain at once", p.testSecondSignal)
	t.Run("a hang-up has it read its file, but not during a drain", p.testHangup)
	t.Run("the environment configures it", p.testEnvironment)
	t.Run("a port that is taken is named", p.testTakenPort)
	t.Run("everything wrong with a file is said at once", p.testBadFile)
	t.Run("the example is a configuration that lacks an origin", p.testExample)
	t.Run("commands say what they did by their exit code", p.testExitCodes)
	t.Run("the version is the linker's", p.testVersion)
}

// program is the path of a built program.
type program string

func build(t *testing.T) program {
	path := filepath.Join(t.TempDir(), "holdfast")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=v9.8.7", "-o", path, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return program(path)
}

// run runs a command line to its end. Of the environment there are only the
// given variables.
func (p program) run(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), string(p), args...)
	var stdout, stderr bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = environ, &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// process is a program that serves.
type process struct {
	server
	cmd *exec.Cmd

	mu    sync.Mutex
	log   []string // the messages so far
	lines []string // the same, with all their fields
	eof   chan struct{}
}

// start runs serve and returns when it says where it listens. It is killed when
// t ends.
func (p program) start(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	return startProcess(t, environ, exec.Command(string(p), append([]string{"serve"}, args...)...))
}

// startProcess is start for a command that becomes the program.
func startProcess(t *testing.T, environ []string, cmd *exec.Cmd) *process {
	t.Helper()
	cmd.Env = environ
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	run := &process{server: server{t: t}, cmd: cmd, eof: make(chan struct{})}
	serving := make(chan struct{})
	go run.read(stderr, serving)
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-run.eof
		cmd.Wait()
	})
	select {
	case <-serving:
	case <-run.eof:
		t.Fatalf("it ended: %q", run.said())
	}
	return run
}

// read reads the log. It closes serving when the addresses are known.
func (r *process) read(stderr io.Reader, serving chan<- struct{}) {
	defer close(r.eof)
	for lines := bufio.NewScanner(stderr); lines.Scan(); {
		var entry struct {
			Msg              string
			Clients, Control []string
		}
		if json.Unmarshal(lines.Bytes(), &entry) != nil {
			entry.Msg = lines.Text()
		}
		r.mu.Lock()
		r.log, r.lines = append(r.log, entry.Msg), append(r.lines, lines.Text())
		r.mu.Unlock()
		if entry.Msg == "serving" {
			r.URL, r.controlURL = "http://"+entry.Clients[0], "http://"+entry.Control[0]
			r.address = entry.Clients[0]
			close(serving)
		}
	}
}

func (r *process) said() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.log...)
}

// fields returns those of the first line with a message, nil if there is none.
func (r *process) fields(message string) map[string]any {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.Index(r.log, message)
	if i < 0 {
		return nil
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(r.lines[i]), &fields); err != nil {
		r.t.Error(err)
	}
	return fields
}

// terminate sends SIGTERM.
func (r *process) terminate() { r.signal(syscall.SIGTERM) }

func (r *process) signal(s os.Signal) {
	r.t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		r.t.Fatal(err)
	}
}

// wait returns how the process ended.
func (r *process) wait() syscall.WaitStatus {
	r.t.Helper()
	select {
	case <-r.eof:
	case <-time.After(goodTime):
		r.t.Fatalf("it does not end; it said %q", r.said())
	}
	r.cmd.Wait()
	return r.cmd.ProcessState.Sys().(syscall.WaitStatus)
}

// anywhere listens on free ports.
var anywhere = []string{"--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"}

func (p program) testServe(t *testing.T) {
	s := p.start(t, []string{"HOLDFAST_DRAIN_WINDOW=200ms"}, append(anywhere, "--origin", startOrigin(t, holding()))...)
	stream := follow(t, newClient(t), s.URL+"/stream?channel=news", "")
	got := p.run(t, []string{"HOLDFAST_URL=" + s.controlURL}, "publish", "news", "hello", "--event", "greeting", "--id", "7")
	if got.code != exitOK || got.stdout != "Published\n" || got.stderr != "" {
		t.Errorf("publish: %+v", got)
	}
	if got, want := stream.next(), (block{event: "greeting", id: "7", data: "hello"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	s.terminate()
	stream.wantEnd()
	if status := s.wait(); !status.Exited() || status.ExitStatus() != exitOK {
		t.Errorf("after the drain: %v, want exit code 0; it said %q", status, s.said())
	}
	if said := strings.Join(s.said(), ", "); said != "capacity, serving, draining, drained" {
		t.Errorf("it said %s", said)
	}
}

func (p program) testSecondSignal(t *testing.T) {
	s := p.start(t, []string{"HOLDFAST_DRAIN_WINDOW=1h"}, append(anywhere, "--origin", startOrigin(t, holding()))...)
	follow(t, newClient(t), s.URL+"/stream?channel=news", "")
	follow(t, newClient(t), s.URL+"/stream?channel=news", "")
	s.terminate()
	eventually(t, "it drains", func() bool { return strings.Contains(strings.Join(s.said(), " "), "draining") })
	s.terminate()
	if status := s.wait(); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("got %v, want the process ended by SIGTERM", status)
	}
}

func (p program) testHangup(t *testing.T) {
	origin := startOrigin(t, holding())
	const quiet = "drain: {window: 500ms}\nreload: {watch: 0s}\n"
	file := writeFile(t, "holdfast.yaml", quiet+"routes:\n"+prefixed("old", origin, ""))
	s := p.start(t, nil, append(anywhere, "--config", file)...)
	client := newClient(t)
	stream := follow(t, client, s.URL+"/old/stream?channel=news", "")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s.signal(syscall.SIGHUP)
	}
	says := func(message string) {
		t.Helper()
		eventually(t, "it says "+message, func() bool { return slices.Contains(s.said(), message) })
	}
	write(quiet + "routes:\n" + prefixed("new", origin, "") + "log: {level: debug}\n")
	says("configuration reloaded")
	follow(t, client, s.URL+"/new/stream?channel=news", "")
	s.publish(message("news", "", "both"))
	stream.wantData("both")
	says("control request") // as it does at debug
	write("routes: [\n")
	says("configuration refused, the one before stays")
	follow(t, client, s.URL+"/new/stream?channel=news", "")
	s.terminate()
	says("draining")
	s.signal(syscall.SIGHUP)
	stream.wantEnd()
	if status := s.wait(); !status.Exited() || status.ExitStatus() != exitOK {
		t.Errorf("after the drain: %v, want exit code 0; it said %q", status, s.said())
	}
}

func (p program) testEnvironment(t *testing.T) {
	file := writeFile(t, "holdfast.yaml", "listen: ['127.0.0.1:1']\nlog: {level: debug}\n")
	s := p.start(t, []string{
		"HOLDFAST_LISTEN=127.0.0.1:0,127.0.0.1:0", "HOLDFAST_CONTROL_LISTEN=127.0.0.1:0", "HOLDFAST_CONTROL_TOKENS=secret",
		"HOLDFAST_ORIGIN=" + startOrigin(t, holding()), "HOLDFAST_LOG_LEVEL=info", "HOLDFAST_DRAIN_WINDOW=0s",
		"HOLDFAST_CHANNELS_REPLAY_MESSAGES=1",
	}, "--config", file)
	if got := p.run(t, []string{"HOLDFAST_URL=" + s.controlURL}, "publish", "c", "x"); got.code != exitFailure || !strings.Contains(got.stderr, "401") {
		t.Errorf("publish without the token: %+v", got)
	}
	token := []string{"HOLDFAST_URL=" + s.controlURL, "HOLDFAST_TOKEN=secret"}
	for _, data := range []string{"one", "two"} {
		if got := p.run(t, token, "publish", "c", data); got.code != exitOK {
			t.Errorf("publish: %+v", got)
		}
	}
	s.token = "secret"
	if _, info := s.ask(http.MethodGet, "/channels/c"); !strings.Contains(info, `"entries":1`) {
		t.Errorf("a log of one message holds %s", info)
	}
}

func (p program) testTakenPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	tests := []struct{ key, listen, control, pull string }{
		{"listen", taken, "127.0.0.1:0", ""},
		{"control.listen", "127.0.0.1:0", taken, ""},
		{"zmq.pull: tcp://" + taken, "127.0.0.1:0", "127.0.0.1:0", "tcp://" + taken},
	}
	for _, tt := range tests {
		got := p.run(t, []string{"HOLDFAST_ZMQ_PULL=" + tt.pull}, "serve", "--origin", "http://127.0.0.1:1", "--listen", tt.listen, "--control-listen", tt.control)
		want := "holdfast: " + tt.key + ": listen tcp " + taken + ": bind: address already in use; end the process that listens there, or set another address\n"
		if got.code != exitFailure || got.stderr != want {
			t.Errorf("exit code %d, %q, want %q", got.code, got.stderr, want)
		}
	}
}

func (p program) testBadFile(t *testing.T) {
	file := writeFile(t, "holdfast.yaml", "chanels: {}\ndrain: {window: soon}\nroutes: [{path_prefix: x, origins: []}]\n")
	for _, args := range [][]string{{"config", "check", file}, {"serve", "--config", file}} {
		got := p.run(t, []string{"HOLDFAST_MAX_STREAMS=many"}, args...)
		for _, want := range []string{"chanels", "channels", "drain.window", "routes[0].path_prefix", "routes[0].origins", "HOLDFAST_MAX_STREAMS"} {
			if got.code != exitFailure || got.stdout != "" || !strings.Contains(got.stderr, want) {
				t.Errorf("%v: exit code %d, %q does not say %q", args, got.code, got.stderr, want)
			}
		}
	}
}

func (p program) testExample(t *testing.T) {
	example := p.run(t, nil, "config", "example")
	if example.code != exitOK || example.stderr != "" {
		t.Fatalf("%+v", example)
	}
	file := writeFile(t, "holdfast.yaml", example.stdout)
	if got := p.run(t, nil, "config", "check", file); got.code != exitFailure || !strings.Contains(got.stderr, "origin") {
		t.Errorf("as it is: %+v", got)
	}
	if got := p.run(t, []string{"HOLDFAST_ORIGIN=http://127.0.0.1:1"}, "config", "check", file); got.code != exitOK {
		t.Errorf("with an origin: %+v", got)
	}
}

func (p program) testExitCodes(t *testing.T) {
	tests := []struct {
		args []string
		code int
		want string
	}{
		{nil, exitOK, ""},
		{[]string{"--help"}, exitOK, ""},
		{[]string{"srve"}, exitUsage, "serve"},
		{[]string{"serve", "--nope"}, exitUsage, "--nope"},
		{[]string{"serve"}, exitFailure, "origin"},
		{[]string{"serve", "--config", "/nowhere.yaml"}, exitFailure, "/nowhere.yaml"},
		{[]string{"publish", "c", "x", "--url", "http://127.0.0.1:1"}, exitFailure, "refused"},
	}
	for _, tt := range tests {
		got := p.run(t, nil, tt.args...)
		if got.code != tt.code || !strings.Contains(got.stderr, tt.want) || (tt.code == exitOK) != (got.stderr == "") {
			t.Errorf("%q: exit code %d, %q; want %d and %q", tt.args, got.code, got.stderr, tt.code, tt.want)
		}
	}
}

func (p program) testVersion(t *testing.T) {
	got := p.run(t, nil, "version")
	if want := "holdfast v9.8.7 (commit "; got.code != exitOK || !strings.HasPrefix(got.stdout, want) {
		t.Errorf("%+v, want %q", got, want)
	}
}
