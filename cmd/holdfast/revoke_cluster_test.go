package main

import (
	"encoding/json"
	"net/http"
	"slices"
	"syscall"
	"testing"
)

// TestARevocationReachesAllNodes of a core NATS: it ends the streams of others and bars
// their clients there, unless it is for one node alone.
func TestARevocationReachesAllNodes(t *testing.T) {
	t.Parallel()
	_, a, b := startTwo(t)
	follow(t, newClient(t), a.URL+ofBob, "")
	onB := follow(t, newClient(t), b.URL+ofAlice, "")
	eventually(t, "a knows b", func() bool { return len(a.streams("")) == 2 })
	if got := a.streams("scope=node"); len(got) != 1 || got[0].User != "bob" {
		t.Errorf("a alone has %+v", got)
	}
	all := a.streams("limit=1")
	if next := a.streams("limit=1&after=" + all[0].ID); len(next) != 1 || next[0].ID == all[0].ID {
		t.Errorf("the second page is %+v after %+v", next, all)
	}
	if status, answer := a.ask(http.MethodDelete, "/streams/"+a.streams("user=alice")[0].ID); status != http.StatusOK {
		t.Errorf("%d %s", status, answer)
	}
	onB.wantEnd()
	again := follow(t, newClient(t), b.URL+ofAlice, "")
	if status, _, err := a.control(http.MethodPost, "/revoke?scope=node", `{"user":"alice"}`); err != nil || status != http.StatusOK {
		t.Errorf("%d, %v", status, err)
	}
	wantStatus(t, newClient(t), a.URL+ofAlice, http.StatusNoContent)
	a.publish(message("news", "", "on"))
	again.wantData("on")
	if r := a.revoke(`{"user":"alice"}`); r.Ended != 1 {
		t.Errorf("%+v", r)
	}
	again.wantRevoked()
	wantStatus(t, newClient(t), b.URL+ofAlice, http.StatusNoContent)
}

// TestARevocationNamesTheNodesThatDoNotAnswer: of a cluster of the real program one node
// hangs.
func TestARevocationNamesTheNodesThatDoNotAnswer(t *testing.T) {
	nodes := startCluster(t, build(t), 3, startOrigin(t, holding()))
	streams := make([]*subscriber, len(nodes))
	for i, n := range nodes {
		streams[i] = follow(t, newClient(t), "http://"+n.URL+ofAlice, "")
	}
	control := "http://" + nodes[0].control
	revoke := func(status int, missing ...string) {
		t.Helper()
		eventually(t, "it is answered so", func() bool {
			got, body, err := askControl(http.MethodPost, control+"/revoke", `{"user":"alice"}`)
			var r revoked
			if err == nil {
				err = json.Unmarshal([]byte(body), &r)
			}
			if err != nil || got != http.StatusOK && got != http.StatusBadGateway {
				t.Fatalf("%d %s, %v", got, body, err)
			}
			return got == status && slices.Equal(r.Missing, missing)
		})
	}
	answersRoll(t, control, "alice:3 news:3 from node-0 node-1 node-2")
	nodes[2].process.Process.Signal(syscall.SIGSTOP)
	revoke(http.StatusBadGateway, "node-2")
	streams[0].wantRevoked()
	streams[1].wantRevoked()
	nodes[2].process.Process.Signal(syscall.SIGCONT)
	revoke(http.StatusOK)
	streams[2].wantRevoked()
	for _, n := range nodes {
		wantStatus(t, newClient(t), "http://"+n.URL+ofAlice, http.StatusNoContent)
	}
}
