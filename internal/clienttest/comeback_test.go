package clienttest

import (
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
	"github.com/holdfast-proxy/holdfast/internal/servetest"
)

// clients are the published ones that run in Node.js.
var clients = [...]string{"eventsource", "eventsource 2", "eventsource-client", "fetch-event-source"}

// A loss loses the connection of a journey while the fourth and the fifth event
// are published. The door is shut after it.
type loss struct {
	name string
	make func(j *journey)
	// but is a client that has a fault of its own here.
	but string
}

var losses = [...]loss{
	// eventsource 2 takes the half event for the beginning of the next one.
	{name: "cut within an event", but: "eventsource 2", make: func(j *journey) {
		cut := j.door.cutAfter("data: 5")
		j.publish(4, 5)
		<-cut
	}},
	{name: "cut between events", make: func(j *journey) {
		j.door.shut()
		j.publish(4, 5)
		j.want(4, 5)
		j.door.breakAll()
	}},
	{name: "ended", make: func(j *journey) {
		j.door.shut()
		j.publish(4, 5)
		send(j.t, http.MethodDelete, j.control+"/channels/"+j.channel, "")
	}},
}

// missNothing: whatever the loss and whoever the client, it comes back by itself
// and has each event once and in order.
func missNothing(t *testing.T, holdfast servetest.Program) {
	proxy := holdfast.Start(t, startOrigin(t), "")
	for _, client := range clients {
		for _, loss := range losses {
			if loss.but == client {
				continue
			}
			t.Run(client+" "+loss.name, func(t *testing.T) {
				t.Parallel()
				comeBack(t, proxy, loss, func(url string) follower { return follow(t, client, url) })
			})
		}
	}
}

// comeBack takes a client through a loss.
func comeBack(t *testing.T, proxy *servetest.Process, loss loss, start func(url string) follower) {
	j := newJourney(t, proxy, strings.ReplaceAll(t.Name(), "/", "-"), start)
	loss.make(j)
	j.publish(6, 7)
	j.door.open(proxy.URL)
	j.wantRest(7)
	j.publish(8)
	j.want(8)
}

// goOnAtAnotherNode takes the node away: by a drain, as in a deployment, and by
// force. JetStream has the history.
func goOnAtAnotherNode(t *testing.T, holdfast servetest.Program) {
	broker := natstest.Start(t, func(o *server.Options) { o.JetStream, o.StoreDir = true, t.TempDir() })
	origin := startOrigin(t)
	config := "nats: {url: '" + broker.URL + "', jetstream: true}\ndrain: {window: 100ms}"
	second := holdfast.Start(t, origin, config)
	for name, signal := range map[string]syscall.Signal{"drained": syscall.SIGTERM, "killed": syscall.SIGKILL} {
		first := holdfast.Start(t, origin, config)
		var journeys []*journey
		for i, client := range clients {
			channel := name + strconv.Itoa(i)
			j := newJourney(t, first, channel, func(url string) follower { return follow(t, client, url) })
			j.control = second.ControlURL
			j.door.open(second.URL)
			journeys = append(journeys, j)
		}
		for _, j := range journeys {
			j.publish(4)
		}
		if err := syscall.Kill(first.PID, signal); err != nil {
			t.Fatal(err)
		}
		for _, j := range journeys {
			j.publish(5, 6)
		}
		for _, j := range journeys {
			j.wantRest(6)
		}
	}
}

// journey is a client's way through a loss.
type journey struct {
	t       *testing.T
	door    *door
	control string
	channel string
	client  follower
	got     []string
}

// newJourney starts a client with a door of its own, and publishes three events
// for it to have something to come back with.
func newJourney(t *testing.T, proxy *servetest.Process, channel string, start func(url string) follower) *journey {
	t.Helper()
	d := newDoor(t, proxy.URL)
	j := &journey{t: t, door: d, control: proxy.ControlURL, channel: channel, client: start(d.URL + "/events?channel=" + channel)}
	for j.client.next() != opened {
	}
	j.publish(1, 2, 3)
	j.want(1, 2, 3)
	return j
}

// publish publishes events with these numbers, one after the other.
func (j *journey) publish(numbers ...int) {
	j.t.Helper()
	for _, n := range numbers {
		publish(j.t, j.control, j.channel, n)
	}
}

// want waits for events and fails unless they are those with these numbers, and
// the next ones.
func (j *journey) want(numbers ...int) {
	j.t.Helper()
	for _, n := range numbers {
		data := j.client.next()
		for data == opened {
			data = j.client.next()
		}
		if j.got = append(j.got, data); data != strconv.Itoa(n) {
			j.t.Fatalf("got %q, want %d next", j.got, n)
		}
	}
}

// wantRest is want for all events that have not come, up to the last one.
func (j *journey) wantRest(last int) {
	j.t.Helper()
	for n := len(j.got) + 1; n <= last; n++ {
		j.want(n)
	}
}
