package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// rollCall is what ?scope=cluster answers.
type rollCall struct {
	Channels []struct {
		Name        string
		Subscribers int
	}
	Nodes   []struct{ Name string }
	Missing []string
}

// String has what tests compare.
func (r rollCall) String() string {
	var b strings.Builder
	for _, c := range r.Channels {
		fmt.Fprintf(&b, "%s:%d ", c.Name, c.Subscribers)
	}
	b.WriteString("from")
	for _, n := range r.Nodes {
		b.WriteString(" " + n.Name)
	}
	if len(r.Missing) > 0 {
		fmt.Fprintf(&b, " without %v", r.Missing)
	}
	return b.String()
}

// callRoll asks a control endpoint for the channels of all nodes.
func callRoll(t *testing.T, control string) (r rollCall) {
	t.Helper()
	status, body, err := askControl(http.MethodGet, control+"/channels?scope=cluster", "")
	if err == nil && status == http.StatusOK {
		err = json.Unmarshal([]byte(body), &r)
	}
	if err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return r
}

// answersRoll waits until the roll call of one node is so.
func answersRoll(t *testing.T, control, want string) {
	t.Helper()
	last := ""
	eventually(t, want, func() bool {
		if got := callRoll(t, control).String(); got != last {
			t.Logf("roll call: %s", got)
			last = got
		}
		return last == want
	})
}

// TestOneNodeTellsOfAll, as long as they answer: of a cluster of the real program
// one node is stopped, and then killed and started again.
func TestOneNodeTellsOfAll(t *testing.T) {
	nodes := startCluster(t, build(t), 3, startOrigin(t, holding()))
	for i, n := range nodes {
		follow(t, newClient(t), "http://"+n.URL+"/stream?channel=news&channel=own-"+fmt.Sprint(i), "")
	}
	const all = "news:3 own-0:1 own-1:1 own-2:1 from node-0 node-1 node-2"
	for _, n := range nodes {
		answersRoll(t, "http://"+n.control, all)
	}
	asked, stopped := "http://"+nodes[0].control, nodes[2]
	stopped.process.Process.Signal(syscall.SIGSTOP)
	answersRoll(t, asked, "news:2 own-0:1 own-1:1 from node-0 node-1 without [node-2]")
	stopped.process.Process.Signal(syscall.SIGCONT)
	answersRoll(t, asked, all)
	stopped.kill(syscall.SIGKILL)
	answersRoll(t, asked, "news:2 own-0:1 own-1:1 from node-0 node-1 without [node-2]")
	stopped.start(t)
	stopped.awaitReady(t)
	answersRoll(t, asked, "news:2 own-0:1 own-1:1 from node-0 node-1 node-2")
	stopped.kill(syscall.SIGTERM)
	answersRoll(t, asked, "news:2 own-0:1 own-1:1 from node-0 node-1")
}

// TestNodesOfACoreNATSTellOfEachOther, called after the machine and their ports.
func TestNodesOfACoreNATSTellOfEachOther(t *testing.T) {
	_, a, b := startTwo(t)
	follow(t, newClient(t), a.URL+"/stream?channel=news", "")
	follow(t, newClient(t), b.URL+"/stream?channel=news", "")
	eventually(t, "both are counted", func() bool {
		r := callRoll(t, a.controlURL)
		return len(r.Nodes) == 2 && strings.HasPrefix(r.String(), "news:2 from ")
	})
	var ports []string
	for _, n := range callRoll(t, b.controlURL).Nodes {
		ports = append(ports, n.Name[strings.LastIndex(n.Name, ":"):])
	}
	for _, url := range []string{a.controlURL, b.controlURL} {
		if !slices.Contains(ports, url[strings.LastIndex(url, ":"):]) {
			t.Errorf("%v are not named after %s", ports, url)
		}
	}
}

// TestANodeWithoutNATSTellsOfItself.
func TestANodeWithoutNATSTellsOfItself(t *testing.T) {
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\n")
	follow(t, newClient(t), s.URL+"/stream?channel=news", "")
	if r := callRoll(t, s.controlURL); len(r.Nodes) != 1 || !strings.HasPrefix(r.String(), "news:1 from ") || r.Missing == nil {
		t.Errorf("%v", r)
	}
}
