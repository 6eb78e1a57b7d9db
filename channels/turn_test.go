package channels

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// line is who waits for a turn on channel a, and who has had it.
type line struct {
	t     *testing.T
	hub   *Hub
	feed  *listener
	seq   uint64
	order chan string
}

func newLine(t *testing.T, change func(*Options)) *line {
	h, f := fedHub(change)
	fill(t, h, 0, "a")
	return &line{t: t, hub: h, feed: f, order: make(chan string, 100)}
}

// waits lets an item wait for its turn.
func (l *line) waits(ctx context.Context, prevID, id string) {
	release, err := l.hub.Await(l.t.Context(), "a")
	if err != nil {
		l.t.Fatal(err)
	}
	go func() {
		defer release()
		if err := l.hub.Turn(ctx, ctx, after(prevID, item("a", id, id))); err != nil {
			id = err.Error()
		}
		l.order <- id
	}()
	synctest.Wait()
}

// brings delivers an item from the bus.
func (l *line) brings(prevID, id string) {
	l.seq++
	l.hub.Deliver(placed(l.seq, after(prevID, item("a", id, id))))
	synctest.Wait()
}

// wants checks who has had a turn since the last call.
func (l *line) wants(ids string) {
	l.t.Helper()
	var gone []string
	for len(l.order) > 0 {
		gone = append(gone, <-l.order)
	}
	slices.Sort(gone)
	if got := strings.Join(gone, " "); got != ids {
		l.t.Errorf("%q had its turn, want %q", got, ids)
	}
}

func TestAnItemWaitsForItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, nil)
		syncs := 0
		l.feed.sync = func(context.Context, []string) error {
			syncs++
			return nil
		}
		l.waits(t.Context(), "0", "1") // the channel has had nothing yet
		l.wants("1")
		if syncs != 1 {
			t.Errorf("it was asked %d times whether it had", syncs)
		}
		l.brings("0", "1")
		l.waits(t.Context(), "3", "4")
		l.waits(t.Context(), "2", "3")
		l.waits(t.Context(), "1", "2")
		l.wants("2")
		l.brings("", "unrelated without a turn")
		l.wants("")
		l.brings("1", "2")
		l.wants("3")
		l.brings("2", "3")
		l.wants("4")
		l.waits(t.Context(), "1", "2") // is known
		l.wants("2")
		if syncs != 1 {
			t.Errorf("it was asked %d times what the last item is, although it is known", syncs)
		}
		if s := l.hub.Stats(); s.Parked != 2 || s.ParkedNow != 0 || s.ParkTimeouts != 0 {
			t.Errorf("stats %+v", s)
		}
		checkCharge(t, l.hub)
	})
}

// A chain whose beginning does not come goes to the bus in its order, each item
// when the one before has come back.
func TestAnItemThatWaitedLongEnoughHasItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, nil)
		l.brings("", "1")
		l.waits(t.Context(), "3", "4")
		l.waits(t.Context(), "2", "3")
		l.waits(t.Context(), "8", "9")
		time.Sleep(4900 * time.Millisecond)
		l.wants("")
		time.Sleep(200 * time.Millisecond)
		synctest.Wait()
		l.wants("3 9")
		l.brings("2", "3")
		l.wants("4")
		l.waits(t.Context(), "6", "7")
		l.waits(t.Context(), "5", "6")
		time.Sleep(5 * time.Second)
		synctest.Wait()
		l.wants("6")
		time.Sleep(5 * time.Second) // nobody knows what became of it
		synctest.Wait()
		l.wants("7")
		if s := l.hub.Stats(); s.ParkTimeouts != 4 || s.ParkedNow != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestNobodyWaitsWhereWaitingMakesNoSense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, func(o *Options) { o.ParkItems = 2 })
		l.brings("", "1")
		l.waits(t.Context(), "2", "3")
		l.waits(t.Context(), "4", "5")
		l.waits(t.Context(), "6", "7")
		l.wants("3") // too many
		l.hub.Restart("another")
		synctest.Wait()
		l.wants("5 7")
		l.hub.Fill("a", History{Items: []Placed{placed(1, item("a", "1", "1"))}})
		l.waits(t.Context(), "2", "3")
		l.hub.Flush()
		synctest.Wait()
		l.wants("3")
		l.waits(t.Context(), "2", "3")
		l.wants("3")
	})
}

func TestWhoGivesUpWaitsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, nil)
		l.brings("", "1")
		impatient := errors.New("impatient")
		ctx, stop := context.WithCancelCause(t.Context())
		l.waits(ctx, "2", "3")
		l.waits(t.Context(), "4", "5")
		stop(impatient)
		synctest.Wait()
		l.wants("impatient")
		if s := l.hub.Stats(); s.ParkedNow != 1 {
			t.Errorf("stats %+v", s)
		}
		l.hub.Flush()
		synctest.Wait()
		l.wants("5")
		checkCharge(t, l.hub)
	})
}

// What a publisher was told to be stored can still be on its way here.
func TestAnItemOnItsWayIsAPredecessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, nil)
		l.feed.sync = func(context.Context, []string) error {
			l.hub.Deliver(placed(1, item("a", "1", "1")))
			return nil
		}
		l.waits(t.Context(), "2", "3")
		l.wants("")
		l.feed.sync = func(context.Context, []string) error { return errors.New("no bus") }
		l.hub.Restart("another")
		l.hub.Fill("a", History{})
		synctest.Wait()
		l.wants("3")
		l.waits(t.Context(), "2", "3")
		l.wants("no bus")
	})
}
