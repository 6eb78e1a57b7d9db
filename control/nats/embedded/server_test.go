package embedded_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	client "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
)

func TestWhatIsStoredAloneIsThereAfterARestart(t *testing.T) {
	o := embedded.Options{StoreDir: t.TempDir()}
	first := start(t, o).ready()
	first.stream(1)
	first.publish("holdfast.channels.c", "kept")
	name := first.Name()
	first.Shutdown()
	first.Shutdown() // does nothing

	second := start(t, o).ready()
	if second.Name() != name {
		t.Errorf("called %s after the restart, %s before", second.Name(), name)
	}
	m, err := second.stream(1).GetLastMsgForSubject(withTimeout(t), "holdfast.channels.c")
	if err != nil || string(m.Data) != "kept" {
		t.Errorf("got %+v, %v", m, err)
	}
	if missing := second.Missing(); missing != nil {
		t.Errorf("alone, but %v are missing", missing)
	}
}

func TestAServerThatHasEndedIsNotReady(t *testing.T) {
	n := start(t, embedded.Options{StoreDir: t.TempDir()}).ready()
	n.Shutdown()
	if reasons := n.NotReady(); len(reasons) != 1 || !strings.Contains(reasons[0], "has ended") {
		t.Errorf("got %q", reasons)
	}
}

func TestAServerWithoutJetStreamIsNotReady(t *testing.T) {
	n := start(t, embedded.Options{StoreDir: t.TempDir()}).ready()
	if err := n.LoseJetStream(); err != nil {
		t.Fatal(err)
	}
	if reasons := n.NotReady(); len(reasons) != 1 || !strings.Contains(reasons[0], "JetStream is off") {
		t.Errorf("got %q", reasons)
	}
}

// TestAFullStoreRefusesMessages, and readiness says why.
func TestAFullStoreRefusesMessages(t *testing.T) {
	n := start(t, embedded.Options{StoreDir: t.TempDir(), MaxStore: 1 << 20, MaxPayload: 1 << 20}).ready()
	n.stream(1)
	js := n.jetStream()
	var err error
	message := make([]byte, 900<<10)
	for range 4 { // the server notices when it is over the limit
		_, err = js.Publish(withTimeout(t), "holdfast.channels.c", message)
	}
	var refusal *jetstream.APIError
	if !errors.As(err, &refusal) {
		t.Errorf("got %v, want a refusal", err)
	}
	if reasons := n.NotReady(); len(reasons) != 1 || !strings.Contains(reasons[0], "the store is full") {
		t.Errorf("got %q", reasons)
	}
	if _, err := js.Publish(withTimeout(t), "holdfast.channels.c", make([]byte, 2<<20)); !errors.Is(err, client.ErrMaxPayload) {
		t.Errorf("got %v, want a message that is too large", err)
	}
}

func TestWhatKeepsAServerFromStarting(t *testing.T) {
	used := t.TempDir()
	start(t, embedded.Options{StoreDir: used})
	named := t.TempDir()
	start(t, embedded.Options{StoreDir: named, ServerName: "a"}).Shutdown()
	file := filepath.Join(t.TempDir(), "file")
	damaged := t.TempDir()
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.WriteFile(filepath.Join(damaged, "server-name"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().String()
	cluster := func(edit func(*embedded.Cluster)) embedded.Options {
		c := embedded.Cluster{Name: "c", Listen: freeAddresses(t, 1)[0], Peers: []string{"127.0.0.1:1"}}
		edit(&c)
		return embedded.Options{StoreDir: t.TempDir(), Cluster: c}
	}
	tests := []struct {
		name    string
		options embedded.Options
		want    []string // parts of the message
	}{
		{"no directory", embedded.Options{}, []string{"no store directory"}},
		{"a directory in use", embedded.Options{StoreDir: used}, []string{used, "is used by process", "stop that"}},
		{"a directory below a file", embedded.Options{StoreDir: filepath.Join(file, "x")}, []string{file, "not a directory"}},
		{"a directory that is a file", embedded.Options{StoreDir: file}, []string{file, "not a directory"}},
		{"another server's directory", embedded.Options{StoreDir: named, ServerName: "b"}, []string{named, `server "a"`, `"b"`}},
		{"a directory with an empty name", embedded.Options{StoreDir: damaged}, []string{"server-name", "holds no name"}},
		{"a client address that is taken", embedded.Options{StoreDir: t.TempDir(), Listen: taken}, []string{"client address", taken, "in use"}},
		{"a client address without a port", embedded.Options{StoreDir: t.TempDir(), Listen: "localhost"}, []string{"client address", "missing port"}},
		{"a client port that is none", embedded.Options{StoreDir: t.TempDir(), Listen: "127.0.0.1:x"}, []string{"client port", `"x"`}},
		{"a user without a password", embedded.Options{StoreDir: t.TempDir(), Users: []embedded.User{{Name: "u"}}}, []string{`user "u"`}},
		{"a user twice", embedded.Options{StoreDir: t.TempDir(), Users: []embedded.User{{"u", "p", nil, nil}, {"u", "q", nil, nil}}}, []string{`user "u"`}},
		{"a cluster address that is taken", cluster(func(c *embedded.Cluster) { c.Listen = taken }), []string{"cluster address", taken, "in use"}},
		{"a cluster without a name", cluster(func(c *embedded.Cluster) { c.Name = "" }), []string{"no name"}},
		{"a cluster without peers", cluster(func(c *embedded.Cluster) { c.Peers = nil }), []string{"no peers"}},
		{"a cluster of itself", cluster(func(c *embedded.Cluster) { c.Peers = []string{c.Listen} }), []string{"itself"}},
		{"a peer without a port", cluster(func(c *embedded.Cluster) { c.Peers = []string{"b"} }), []string{"missing port"}},
		{"a certificate that is not there", cluster(func(c *embedded.Cluster) { c.TLS.Cert = "absent" }), []string{"cluster", "absent"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := embedded.Start(withTimeout(t), tt.options, zap.NewNop())
			if err == nil {
				s.Shutdown()
				t.Fatal("it starts")
			}
			for _, part := range append(tt.want, "embedded NATS: ") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

// TestWhatTheServerCannotStartWithIsAnError: it ends no process, and leaves nothing
// locked.
func TestWhatTheServerCannotStartWithIsAnError(t *testing.T) {
	dir := t.TempDir()
	blocked := filepath.Join(dir, "jetstream")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := embedded.Start(withTimeout(t), embedded.Options{StoreDir: dir}, zap.NewNop()); err == nil {
		s.Shutdown()
		t.Fatal("it starts")
	} else if !strings.Contains(err.Error(), "JetStream") {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	start(t, embedded.Options{StoreDir: dir}).ready()
}

// TestSignalsAreNotTheServers: it would end the process.
func TestSignalsAreNotTheServers(t *testing.T) {
	n := start(t, embedded.Options{StoreDir: t.TempDir()}).ready()
	got := make(chan os.Signal, 1)
	signal.Notify(got, syscall.SIGINT)
	defer signal.Stop(got)
	if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	<-got
	n.stream(1)
	n.publish("holdfast.channels.c", "x")
}

// TestALockGoesWithItsProcess, however that ends.
func TestALockGoesWithItsProcess(t *testing.T) {
	const inChild = "EMBEDDED_TEST_STORE"
	if dir := os.Getenv(inChild); dir != "" {
		start(t, embedded.Options{StoreDir: dir}).ready()
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestALockGoesWithItsProcess$")
	cmd.Env = append(os.Environ(), inChild+"="+dir)
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("%v: %s", err, out)
	}
	start(t, embedded.Options{StoreDir: dir}).ready()
}
