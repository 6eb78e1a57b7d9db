package main

import (
	"strings"
	"testing"
)

// TestComingBackToAnotherProcess: positions of a process that is gone say
// nothing here, and the client is told so once.
func TestComingBackToAnotherProcess(t *testing.T) {
	origin := startOrigin(t, holding())
	first, second := startServer(t, "origin: "+origin), startServer(t, "origin: "+origin)
	stream := follow(t, newClient(t), first.URL+"/stream?channel=c", "")
	first.publish(message("c", "", "one"))
	stream.wantData("one")
	second.publish(message("c", "", "missed"))

	again := follow(t, newClient(t), second.URL+"/stream?channel=c", stream.lastID)
	gap := again.next()
	if gap.event != "gap" || !strings.Contains(gap.data, `"reason":"epoch"`) || !strings.Contains(gap.data, stream.lastID) {
		t.Fatalf("got %+v, want a gap", gap)
	}
	second.publish(message("c", "", "two"))
	follow(t, newClient(t), second.URL+"/stream?channel=c", again.lastID).wantData("two")
}

// TestComingBackWithPositions: a stream begins with its position, but never
// with one behind which a gap would vanish.
func TestComingBackWithPositions(t *testing.T) {
	s := startServer(t, "routes: [{origins: ['"+startOrigin(t, holding())+"'], resume: positions}]")
	url := s.URL + "/stream?channel=c"
	s.publish(message("c", "", "before"))
	first := follow(t, newClient(t), url, "")
	if b := first.next(); b.event != "position" || b.id == "" {
		t.Fatalf("got %+v, want a position", b)
	}
	first.leave()
	s.publish(streamItem("c", "data: no id of its own\n\n"))
	second := follow(t, newClient(t), url, first.lastID)
	if b := second.next(); b.event != "position" || b.id != first.lastID {
		t.Errorf("got %+v, want the position %s", b, first.lastID)
	}
	second.wantData("no id of its own")
	if second.lastID == first.lastID {
		t.Error("the content got no id")
	}
	third := follow(t, newClient(t), url, "nobody-knows-this")
	if b := third.next(); b.event != "gap" {
		t.Errorf("got %+v, want a gap", b)
	}
}

// TestComingBackByQuery is for clients that cannot send Last-Event-ID.
func TestComingBackByQuery(t *testing.T) {
	s := startServer(t, "origin: "+startOrigin(t, holding()))
	s.publish(message("c", "id-1", "one"), message("c", "id-2", "two"))
	for _, name := range []string{"lastEventId", "last_event_id"} {
		follow(t, newClient(t), s.URL+"/stream?channel=c&"+name+"=id-1", "").wantData("two")
	}
}
