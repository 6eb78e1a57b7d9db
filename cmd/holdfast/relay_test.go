package main

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/control/nats/natstest"
)

// startTwo starts two nodes on one NATS that keeps nothing.
func startTwo(t *testing.T) (broker *natstest.Server, a, b *server) {
	t.Helper()
	broker = natstest.Start(t)
	file := "origin: " + startOrigin(t, holding()) + "\nnats: {url: '" + broker.URL + "'}\n"
	a, b = startServer(t, file), startServer(t, file)
	a.natsReady(true)
	b.natsReady(true)
	return broker, a, b
}

// TestWhatOneNodeTakesOverHTTPReachesTheStreamsOfAll runs two nodes on one NATS
// that keeps nothing.
func TestWhatOneNodeTakesOverHTTPReachesTheStreamsOfAll(t *testing.T) {
	broker, a, b := startTwo(t)
	onA, onB := follow(t, newClient(t), a.URL+"/stream?channel=c", ""), follow(t, newClient(t), b.URL+"/stream?channel=c", "")
	raw := subscribe(t, newClient(t), b.URL+"/raw?channel=raw", "")

	a.publish(message("c", "1", "from a"), message("c", "", "and more"))
	onA.wantData("from a", "and more")
	onB.wantData("from a", "and more")
	b.publish(message("c", "1", "once more"), message("c", "", "from b"))
	onA.wantData("from b")
	onB.wantData("from b")
	broker.Connect().Publish("holdfast.channels.c", []byte("by NATS"))
	onA.wantData("by NATS")
	onB.wantData("by NATS")

	a.publish(`{"channel":"raw","formats":{"http-stream":{"action":"close"}}}`)
	if body, err := io.ReadAll(raw.body); string(body) != "open\n" || err != nil {
		t.Errorf("a stream that is closed: %q, %v", body, err)
	}
	if status, answer := a.ask(http.MethodDelete, "/channels/c"); status != http.StatusOK || !strings.Contains(answer, `"subscribers":1`) {
		t.Errorf("the channel's end: %d %s", status, answer)
	}
	onA.wantEnd()
	onB.wantEnd()
}

func TestAnIDOfOneNodeIsNoPlaceOnAnother(t *testing.T) {
	_, a, b := startTwo(t)
	position := a.publish(message("c", "", "x"))[0]
	follow(t, newClient(t), b.URL+"/stream?channel=c", position).wantGap("epoch")
}

// TestNothingIsTakenWhileOtherNodesCannotBeReached, and streams are told of what
// others may have said meanwhile.
func TestNothingIsTakenWhileOtherNodesCannotBeReached(t *testing.T) {
	broker, a, b := startTwo(t)
	onA, onB := follow(t, newClient(t), a.URL+"/stream?channel=c", ""), follow(t, newClient(t), b.URL+"/stream?channel=c", "")
	broker.Stop()
	a.natsReady(false)
	b.natsReady(false)
	request, err := http.NewRequest(http.MethodPost, a.controlURL+"/channels/c", strings.NewReader("lost"))
	if err != nil {
		t.Fatal(err)
	}
	response, err := controlClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
		t.Errorf("%s, Retry-After %q", response.Status, response.Header.Get("Retry-After"))
	}
	if status, _ := a.ask(http.MethodDelete, "/channels/c"); status != http.StatusServiceUnavailable {
		t.Errorf("the channel's end: %d", status)
	}
	broker.Restart()
	a.natsReady(true)
	b.natsReady(true)
	a.publish(message("c", "", "back"))
	for _, stream := range []*subscriber{onA, onB} {
		stream.wantGap("bus")
		stream.wantData("back")
	}
}
