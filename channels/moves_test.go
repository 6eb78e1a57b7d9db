package channels

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// mover is a stream that moves from channels to channels, and what it must still see of
// each: the naive truth.
type mover struct {
	t      *testing.T
	hub    *Hub
	rand   *rand.Rand
	said   []published
	cursor *Cursor
	seen   map[string]uint64 // by channel that it has: the place of the last entry
}

// TestAStreamThatMovesAtRandomAgreesWithANaiveModel: on a channel that it keeps it goes
// on exactly where it stands, though what is read of another is further; on a new one it
// begins where the move says, which may be some way back. Nothing is lost, comes twice
// or is out of its channel's order.
func TestAStreamThatMovesAtRandomAgreesWithANaiveModel(t *testing.T) {
	for seed := range uint64(300) {
		m := &mover{t: t, rand: rand.New(rand.NewPCG(seed, 2)), hub: testHub(nil), seen: map[string]uint64{"c0": 0}}
		m.cursor = follow(t, m.hub, "c0")
		m.seen["c0"] = m.hub.Head().Seq
		for range 300 {
			switch m.rand.IntN(6) {
			case 0:
				m.move()
			case 1, 2:
				m.read(1 + m.rand.IntN(4))
			default:
				m.say()
			}
		}
		for m.read(10) > 0 {
		}
		for name := range m.seen {
			if left := m.due(name); len(left) > 0 {
				t.Errorf("at the head, but %+v are due", left)
			}
		}
		m.cursor.Close()
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (m *mover) say() {
	name := fmt.Sprint("c", m.rand.IntN(4))
	data := fmt.Sprint(len(m.said))
	say(m.t, m.hub, name, data)
	m.said = append(m.said, published{channel: name, data: data, seq: m.hub.Head().Seq})
}

// due is what is still to come of a channel.
func (m *mover) due(name string) []published {
	return slices.DeleteFunc(slices.Clone(m.said), func(p published) bool { return p.channel != name || p.seq <= m.seen[name] })
}

func (m *mover) move() {
	head := m.hub.Head().Seq
	if head == 0 {
		return
	}
	live := max(1, head-min(head, m.rand.Uint64N(8)))
	seen, wanted := map[string]uint64{}, []Subscription{}
	for _, i := range m.rand.Perm(4)[:1+m.rand.IntN(3)] {
		name := fmt.Sprint("c", i)
		place, kept := m.seen[name]
		if !kept {
			place = live
		}
		seen[name] = place
		wanted = append(wanted, Subscription{Channel: name, Held: kept, Continues: kept})
	}
	last := m.cursor
	m.cursor = followFrom(m.t, m.hub, Follow{
		Subscriptions: wanted, Live: live, Prompt: true, Continued: &Continued{Place: last.Place(), Cursor: last},
	})
	last.Close()
	m.seen = seen
}

// read reads at most n entries, puts some back, and checks the others.
func (m *mover) read(n int) (taken int) {
	entries, err := m.cursor.Next(nil, n, 1<<20)
	if err != nil {
		m.t.Fatal(err)
	}
	keep := len(entries)
	if keep > 1 && m.rand.IntN(2) == 0 {
		keep = 1 + m.rand.IntN(keep-1)
		m.cursor.Back(&entries[keep])
	}
	for i := range entries[:keep] {
		e := &entries[i]
		at := slices.IndexFunc(m.said, func(p published) bool { return p.seq == e.Seq() })
		name := m.said[at].channel
		if due := m.due(name); len(due) == 0 || due[0].seq != e.Seq() {
			m.t.Fatalf("got %+v, due of it are %+v", m.said[at], due)
		}
		m.seen[name] = e.Seq()
	}
	return keep
}
