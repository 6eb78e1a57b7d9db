package nats_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	client "github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/control/nats"
	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
)

// denying has the manual's user, who may not publish to some channels.
func denying(t *testing.T, names ...string) []*server.User {
	users := natstest.ManualUsers(t, manual)
	for _, name := range names {
		users[0].Permissions.Publish.Deny = append(users[0].Permissions.Publish.Deny, "holdfast.channels."+name)
	}
	return users
}

// sayAll publishes to channels, to each several times at once, and returns how
// often which status was told.
func (r *relayRig) sayAll(each int, names ...string) map[string]int {
	var (
		mu  sync.Mutex
		all sync.WaitGroup
	)
	got := make(map[string]int)
	for i := range each * len(names) {
		all.Go(func() {
			name := names[i%len(names)]
			status := r.say(name, "", "x")
			mu.Lock()
			got[fmt.Sprint(name, " ", status)]++
			mu.Unlock()
		})
	}
	all.Wait()
	return got
}

func TestNoneOfManyRefusalsIsOverlooked(t *testing.T) {
	const each = 100
	srv := natstest.Start(t, withUsers(denying(t, "s1", "s2")))
	r, other := newRelayRig(t, srv, asManual), newRelayRig(t, srv, asManual)
	r.ready()
	other.ready()
	c, onOther := r.follow("s1", "s2", "c"), other.follow("s1", "s2", "c")
	got := r.sayAll(each, "s1", "s2", "c")
	for what, n := range map[string]int{"s1 503": each, "s2 503": each, "c 200": each} {
		if got[what] != n {
			t.Errorf("told %v", got)
			break
		}
	}
	wantBoth(t, r, other, c, onOther, strings.TrimSpace(strings.Repeat("x ", each)))
}

// The server refuses the node's answers to requests meanwhile, over the same
// connection.
func TestARefusedAnswerHidesNoRefusal(t *testing.T) {
	const each = 200
	users := denying(t, "s1")
	users[0].Permissions.Response = nil
	srv := natstest.Start(t, withUsers(users))
	r := newRelayRig(t, srv, asManual)
	r.ready()
	c := r.follow("s1")
	nc := srv.Connect(client.UserInfo("shop", "..."))
	stop := make(chan struct{})
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				nc.PublishRequest("holdfast.channels.shop.7", nc.NewRespInbox(), []byte("x"))
				nc.Flush()
			}
		}
	})
	got := make(map[int]int)
	for range each {
		got[r.say("s1", "", "x")]++
	}
	close(stop)
	asking.Wait()
	if got[503] != each {
		t.Errorf("told %v", got)
	}
	if got := r.read(c); got != "" {
		t.Errorf("published %q", got)
	}
}

func TestWhatIsRefusedInPartIsTold(t *testing.T) {
	srv := natstest.Start(t, withUsers(denying(t, "s1", "s2")))
	r := newRelayRig(t, srv, asManual)
	r.ready()
	tests := []struct {
		names  []string
		status int
	}{
		{[]string{"s1", "s2"}, 503},
		{[]string{"c", "s2"}, 504},
		{[]string{"s1", "c"}, 504},
	}
	for _, tt := range tests {
		item := `{"channel":"%s","formats":{"sse":{"data":"x"}}}`
		_, err := r.over.Items(t.Context(), fmt.Appendf(nil, `{"items":[`+item+`,`+item+`]}`, tt.names[0], tt.names[1]))
		status, problem := intake.Problem(err)
		if status != tt.status || !strings.Contains(problem, "NATS does not let Holdfast publish to holdfast.channels.s") {
			t.Errorf("%v: %d %s", tt.names, status, problem)
		}
	}
}

// What comes in finds no room meanwhile, which the library keeps as its last error.
func TestAnOverflowHidesNoRefusal(t *testing.T) {
	srv := natstest.Start(t, withUsers(denying(t, "s1")))
	r := newRelayRig(t, srv, asManual, func(o *nats.Options) { *o = o.WithQueue(1) })
	r.ready()
	c := r.follow("s1")
	if status := r.say("s1", "", "x"); status != 503 {
		t.Errorf("told %d", status)
	}
	nc := srv.Connect(client.UserInfo("shop", "..."))
	stop := make(chan struct{})
	var flooding sync.WaitGroup
	flooding.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				nc.Publish("holdfast.channels.shop.7", []byte("x"))
			}
		}
	})
	got := r.sayAll(200, "s1")
	close(stop)
	flooding.Wait()
	if n := got["s1 503"] + got["s1 504"]; n != 200 {
		t.Errorf("told %v", got)
	}
	if got := r.read(c); strings.Contains(got, "data") {
		t.Errorf("published %q", got)
	}
	eventually(t, "what may be published is", func() bool { return r.say("c", "", "x") == 200 })
}
