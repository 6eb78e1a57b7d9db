package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// ownNetwork tells a test that it runs in a network namespace that was made for
// it.
const ownNetwork = "HOLDFAST_TEST_OWN_NETWORK"

// inOwnNetwork runs t in a process of its own, in a network namespace of its own,
// and reports whether this is that process. The namespace, and those of processes
// that are started in it, end with them, whatever happens; nothing of the network
// outside is touched.
func inOwnNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv(ownNetwork) != "" {
		return true
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("networks cannot be made: there is no program ip (Debian: iproute2)")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-test.run=^" + t.Name() + "$", "-test.v"}
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "test.short" || f.Name == "test.timeout" || !strings.HasPrefix(f.Name, "test.") {
			args = append(args, "-"+f.Name+"="+f.Value.String())
		}
	})
	var said bytes.Buffer
	process := exec.Command(program, args...)
	process.Env = append(os.Environ(), ownNetwork+"=1")
	process.Stdout = io.MultiWriter(t.Output(), &said)
	process.Stderr = process.Stdout
	process.SysProcAttr = newNetwork()
	switch err := process.Run(); {
	case errors.Is(err, os.ErrPermission):
		t.Skipf("networks cannot be made: %v", err)
	case err != nil:
		t.Errorf("in a network of its own: %v", err)
	case strings.Contains(said.String(), "--- SKIP"):
		t.Skip("skipped in its own network")
	}
	return false
}

// newNetwork starts a process in a network namespace that has nothing but a
// loopback interface, which is down. It ends with its parent.
func newNetwork() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
}

// network is two bridges between processes that have namespaces of their own: one
// over which the test reaches them, and one over which they reach each other.
type network struct{ t *testing.T }

// makeNetwork makes both, or skips t where the kernel has none.
func makeNetwork(t *testing.T) network {
	t.Helper()
	w := network{t}
	if err := w.ip("link add front type bridge"); err != nil {
		t.Skipf("networks cannot be made: %v", err)
	}
	w.must("link set lo up", "addr add "+w.front(0)+"/24 dev front", "link set front up",
		"link add peers type bridge", "link set peers up")
	return w
}

// front is where the test reaches node i, counted from 1; 0 is the test itself.
func (network) front(i int) string { return fmt.Sprint("10.0.0.", 1+i) }

// peer is where the other nodes reach node i.
func (network) peer(i int) string { return fmt.Sprint("10.0.1.", 1+i) }

// plug starts a program in a network namespace as node i.
func (w network) plug(i int, program string, args ...string) (*exec.Cmd, error) {
	const script = `read plugged
ip link set lo up
ip addr add "$1"/24 dev front
ip link set front up
ip addr add "$2"/24 dev peers
ip link set peers up
program=$3
shift 3
exec "$program" "$@"`
	process := exec.Command("sh", append([]string{"-ec", script, "plug", w.front(i), w.peer(i), program}, args...)...)
	process.Stderr = w.t.Output()
	process.SysProcAttr = newNetwork()
	plugged, err := process.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := process.Start(); err != nil {
		return nil, err
	}
	for _, bridge := range []string{"front", "peers"} {
		w.must(fmt.Sprintf("link add %s%d type veth peer name %s netns %d", bridge, i, bridge, process.Process.Pid),
			fmt.Sprintf("link set %s%d master %[1]s up", bridge, i))
	}
	_, err = io.WriteString(plugged, "\n")
	return process, errors.Join(err, plugged.Close())
}

// A cut is a way in which node i loses the others.
type cut struct {
	name        string
	begin, heal string
}

// cuts are the ways. An interface that is down is seen at both ends of the cable,
// though not by connections; one that is taken out of the bridge by nobody.
var cuts = []cut{
	{"packets are dropped", "link set peers%d nomaster", "link set peers%d master peers"},
	{"the cable is out", "link set peers%d down", "link set peers%d up"},
}

func (w network) begin(c cut, i int) { w.must(fmt.Sprintf(c.begin, i)) }
func (w network) heal(c cut, i int)  { w.must(fmt.Sprintf(c.heal, i)) }

// must runs commands of ip.
func (w network) must(commands ...string) {
	w.t.Helper()
	for _, command := range commands {
		if err := w.ip(command); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w network) ip(command string) error {
	if out, err := exec.Command("ip", strings.Fields(command)...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", command, err, bytes.TrimSpace(out))
	}
	return nil
}
