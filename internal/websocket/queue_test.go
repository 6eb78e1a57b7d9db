package websocket

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/woh"
)

func TestWhatIsAcceptedIsNotOfferedAgain(t *testing.T) {
	content := func(kind woh.Type, s string) woh.Event { return woh.Event{Type: kind, Content: []byte(s)} }
	message := func(s string) woh.Event { return content(woh.Text, s) }
	goodbye := content(woh.Close, "\x03\xe8")
	ping := woh.Event{Type: woh.Ping}
	for name, c := range map[string]struct {
		events []woh.Event
		n      int
		left   string
		again  bool
		err    error
	}{
		"everything, unsaid":     {[]woh.Event{message("ab"), ping, goodbye}, -1, "", false, nil},
		"everything":             {[]woh.Event{message("ab"), ping, goodbye}, 4, "", false, nil},
		"nothing of nothing":     {nil, 0, "", false, nil},
		"more than was offered":  {[]woh.Event{message("ab")}, 3, "TEXT 2\r\nab\r\n", false, errAccepted},
		"half a message":         {[]woh.Event{message("ab"), message("c")}, 1, "TEXT 1\r\nb\r\nTEXT 1\r\nc\r\n", false, nil},
		"a message":              {[]woh.Event{message("ab"), message("c")}, 2, "TEXT 1\r\nc\r\n", false, nil},
		"what has no content":    {[]woh.Event{ping, message(""), message("c")}, 0, "TEXT 1\r\nc\r\n", false, nil},
		"nothing yet":            {[]woh.Event{message("ab")}, 0, "TEXT 2\r\nab\r\n", false, nil},
		"some before the end":    {[]woh.Event{message("ab"), goodbye}, 1, "TEXT 1\r\nb\r\nCLOSE 2\r\n\x03\xe8\r\n", true, nil},
		"nothing before the end": {[]woh.Event{message("ab"), goodbye}, 0, "TEXT 2\r\nab\r\nCLOSE 2\r\n\x03\xe8\r\n", false, errStuck},
		"all but the end":        {[]woh.Event{message("ab"), goodbye}, 2, "CLOSE 2\r\n\x03\xe8\r\n", false, errNotClose},
		"nothing of a lot":       {[]woh.Event{message(strings.Repeat("x", maxQueued))}, 0, "", false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQueue()
			for _, e := range c.events {
				q.push(e, nil)
			}
			again, err := q.accept(q.offer(), c.n)
			if again != c.again || !errors.Is(err, c.err) {
				t.Errorf("again %v, error %v", again, err)
			}
			if left := string(q.offer().body); left != c.left && len(left) < maxQueued {
				t.Errorf("%q is left, want %q", left, c.left)
			}
		})
	}
}

// An origin that leaves something over is asked again when the client says more, also if
// there is no room for that.
func TestAnOriginThatLeavesTooMuchOverIsAskedAgain(t *testing.T) {
	message := func(n int) woh.Event { return woh.Event{Type: woh.Text, Content: make([]byte, n)} }
	for name, c := range map[string]struct {
		events []woh.Event
		more   woh.Event
	}{
		"content":         {[]woh.Event{message(maxQueued - 1000), message(999)}, message(20)},
		"a large message": {[]woh.Event{message(maxQueued / 2)}, message(maxQueued - 10)},
		"small messages":  {slices.Repeat([]woh.Event{message(10)}, maxEvents), message(1)},
	} {
		t.Run(name, func(t *testing.T) {
			q := newQueue()
			for _, e := range c.events {
				q.add(e)
			}
			if again, err := q.accept(q.offer(), 0); again || err != nil {
				t.Fatalf("nobody waits, and it is %v, %v", again, err)
			}
			if q.add(c.more) {
				t.Fatal("there is room")
			}
			if !rung(q.news) {
				t.Fatal("the origin is not asked again")
			}
			if _, err := q.accept(q.offer(), 5); err != nil || !rung(q.room) {
				t.Fatalf("a little is accepted, and nobody looks for room (%v)", err)
			}
			if q.add(c.more) || !rung(q.news) {
				t.Fatal("the origin is not asked once more")
			}
			if _, err := q.accept(q.offer(), 0); !errors.Is(err, errStuck) {
				t.Errorf("nothing is accepted while the client waits: %v", err)
			}
		})
	}
}

// rung reports whether there is something to look at.
func rung(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func TestAQueueHasRoomForTheEndAlways(t *testing.T) {
	q, over := newQueue(), make(chan struct{})
	close(over)
	for range maxEvents + 1 {
		q.push(woh.Event{Type: woh.Ping}, over)
	}
	q.push(woh.Event{Type: woh.Close}, over)
	if o := q.offer(); o.events != maxEvents+1 || o.last == nil {
		t.Errorf("%d events wait, the end among them: %v", o.events, o.last != nil)
	}
}

func TestAClientThatWaitsForAnAnswerIsNoNews(t *testing.T) {
	q := newQueue()
	message := woh.Event{Type: woh.Text, Content: make([]byte, maxQueued)}
	q.add(message)
	o := q.offer()
	if q.add(message) || rung(q.news) {
		t.Error("it would be asked for twice")
	}
	if _, err := q.accept(o, -1); err != nil || !q.add(message) || !rung(q.news) {
		t.Errorf("there is no room afterwards (%v)", err)
	}
}

func TestAnEventThatCameWithAnOfferIsNoNews(t *testing.T) {
	q := newQueue()
	q.push(woh.Event{Type: woh.Ping}, nil)
	q.offer()
	if rung(q.news) {
		t.Error("it would be asked for twice")
	}
}
