package channels

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// model is the naive truth: everything that was ever published, in order.
type model struct {
	t         *testing.T
	hub       *Hub
	rand      *rand.Rand
	published []published
	breaks    []uint64 // the last interruptions
	readers   []*modelReader
}

type published struct {
	channel, id, data string
	seq               uint64
}

// modelReader is a cursor and what it must still see.
type modelReader struct {
	cursor   *Cursor
	channels []string
	due      []published
	missing  []published // passed over without a gap so far
	told     uint64      // the place of the last gap: what comes next must be behind it
	breaks   []uint64    // the places of interruptions that it must be told of
}

const modelMessages = 20 // retention and window of the model's logs

// TestRandomOperationsAgreeWithANaiveModel publishes, follows, resumes, reads
// and leaves at random. Whatever a cursor does not return must be covered by a
// gap, nothing may come twice or out of order, and there may be no gap at all
// where retention or the window covers what is missing.
func TestRandomOperationsAgreeWithANaiveModel(t *testing.T) {
	for seed := range uint64(200) {
		m := &model{t: t, rand: rand.New(rand.NewPCG(seed, 1))}
		m.hub = testHub(func(o *Options) {
			o.Limits = Limits{Messages: modelMessages, Bytes: 1 << 20, WindowMessages: modelMessages, WindowBytes: 1}
			o.IdleChannels = numShards * (1 + int(seed%3))
		})
		for range 400 {
			m.step()
		}
		for len(m.readers) > 0 {
			m.leave(0)
		}
		if mem := m.hub.Stats(); mem.Channels > 64*3 {
			t.Errorf("seed %d: %d channels are left", seed, mem.Channels)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func (m *model) step() {
	switch n := m.rand.IntN(22); {
	case n == 21:
		rest(m.hub)
	case n == 20:
		m.interrupt()
	case n < 10:
		m.publish()
	case n < 12 && len(m.readers) < 8:
		m.follow()
	case n < 19 && len(m.readers) > 0:
		m.read(m.readers[m.rand.IntN(len(m.readers))], 1+m.rand.IntN(9))
	case len(m.readers) > 0:
		m.leave(m.rand.IntN(len(m.readers)))
	}
}

func (m *model) channel() string { return fmt.Sprint("c", m.rand.IntN(5)) }

func (m *model) publish() {
	for range 1 + m.rand.IntN(6) {
		p := published{channel: m.channel(), data: fmt.Sprint(len(m.published))}
		if m.rand.IntN(2) == 0 {
			p.id = "id" + p.data
		}
		results, err := m.hub.Publish(context.Background(), item(p.channel, p.id, p.data))
		if err != nil {
			m.t.Fatal(err)
		}
		p.seq = results[0].Position.Seq
		m.published = append(m.published, p)
		for _, r := range m.readers {
			if slices.Contains(r.channels, p.channel) {
				r.due = append(r.due, p)
			}
		}
	}
}

func (m *model) interrupt() {
	m.hub.Interrupt()
	at := m.hub.Head().Seq
	m.breaks = append(m.breaks, at)
	m.breaks = m.breaks[max(0, len(m.breaks)-maxInterruptions):]
	for _, r := range m.readers {
		r.breaks = append(r.breaks, at)
		r.breaks = r.breaks[max(0, len(r.breaks)-maxInterruptions):]
	}
}

func (m *model) follow() {
	r := &modelReader{}
	for range 1 + m.rand.IntN(3) {
		r.channels = append(r.channels, m.channel())
	}
	f := Follow{Subscriptions: subs(r.channels...), Live: m.hub.Head().Seq, Group: new(wakes)}
	after := f.Live
	if len(m.published) > 0 && m.rand.IntN(3) > 0 {
		seen := m.published[max(0, len(m.published)-1-m.rand.IntN(60))]
		after, f.Resume.ID = seen.seq, m.hub.position(seen.seq).String()
		if seen.id != "" && slices.Contains(r.channels, seen.channel) && m.kept(seen) {
			f.Resume.ID = seen.id
		}
	}
	for _, p := range m.published {
		if p.seq > after && slices.Contains(r.channels, p.channel) {
			r.due = append(r.due, p)
		}
	}
	for _, at := range m.breaks {
		if at > after {
			r.breaks = append(r.breaks, at)
		}
	}
	c, err := m.hub.Follow(context.Background(), f)
	if err != nil {
		m.t.Fatal(err)
	}
	r.cursor = c
	m.readers = append(m.readers, r)
}

// kept reports whether p, or the entry after it, is inside retention.
func (m *model) kept(p published) bool {
	_, known := m.hub.Channel(p.channel)
	return known && m.behind(p) <= modelMessages
}

// behind counts the entries of p's channel after p.
func (m *model) behind(p published) (n int) {
	for _, q := range m.published {
		if q.channel == p.channel && q.seq > p.seq {
			n++
		}
	}
	return n
}

func (m *model) read(r *modelReader, n int) {
	entries, err := r.cursor.Next(nil, n, 1<<20)
	var gap *Gap
	switch {
	case errors.As(err, &gap):
		m.skip(r, gap)
		return
	case err != nil:
		m.t.Fatal(err)
	case len(entries) == 0 && len(r.due)+len(r.missing)+len(r.breaks) > 0:
		m.t.Fatalf("a cursor on %v says that it is at the head, but %+v %+v %v are due", r.channels, r.missing, r.due, r.breaks)
	}
	keep := len(entries)
	if keep > 0 && m.rand.IntN(3) == 0 {
		keep = m.rand.IntN(keep)
		for range m.rand.IntN(2) {
			m.publish() // the log may drop what is about to come again
		}
		r.cursor.Back(&entries[keep])
	}
	for i := range entries[:keep] {
		m.see(r, &entries[i])
	}
}

// see checks an entry. What was due before it is missing: a gap must follow.
func (m *model) see(r *modelReader, e *Entry) {
	i := slices.IndexFunc(r.due, func(p published) bool { return p.seq == e.Seq() })
	if i < 0 || string(e.Bytes(text)) != r.due[i].data || e.Seq() <= r.told || len(r.breaks) > 0 && e.Seq() > r.breaks[0] {
		m.t.Fatalf("got %s at %d after a gap at %d; due are %+v and %v", e.Bytes(text), e.Seq(), r.told, r.due, r.breaks)
	}
	for _, p := range r.due[:i] {
		if p.channel == r.due[i].channel {
			m.t.Fatalf("got %+v, but %+v is due before it and no gap was told", r.due[i], p)
		}
	}
	r.missing = append(r.missing, r.due[:i]...)
	r.due = r.due[i+1:]
}

// skip checks a gap against what was due and takes out what it covers.
func (m *model) skip(r *modelReader, gap *Gap) {
	covered := func(p published) bool {
		return (gap.Channel == "" || p.channel == gap.Channel) && p.seq <= gap.Resume.Seq
	}
	if gap.Reason == Bus {
		m.hear(r, gap.Resume.Seq)
		return
	}
	lost := int64(0)
	for _, p := range slices.Concat(r.missing, r.due) {
		if !covered(p) {
			continue
		}
		lost++
		if gap.Reason == Lag && m.behind(p) < modelMessages {
			m.t.Fatalf("%+v was inside the window", p)
		}
	}
	if gap.Reason == Lag && gap.Lost != lost && gap.Lost != -1 { // -1 after going back
		m.t.Fatalf("the gap says that %d are lost, but %d are", gap.Lost, lost)
	}
	r.due = slices.DeleteFunc(r.due, covered)
	r.missing = slices.DeleteFunc(r.missing, covered)
	r.told = gap.Resume.Seq
	if gap.Reason == Unknown { // the client can have been anywhere before
		r.breaks = slices.DeleteFunc(r.breaks, func(at uint64) bool { return at <= gap.Resume.Seq })
	}
}

// hear checks that an interruption is the next. What comes after it must be behind
// it.
func (m *model) hear(r *modelReader, at uint64) {
	if len(r.breaks) == 0 || r.breaks[0] != at {
		m.t.Fatalf("told of an interruption at %d, due are %v", at, r.breaks)
	}
	r.breaks, r.told = r.breaks[1:], at
}

func (m *model) leave(i int) {
	r := m.readers[i]
	for len(r.due) > 0 && m.rand.IntN(2) == 0 {
		m.read(r, 5)
	}
	r.cursor.Close()
	m.readers = slices.Delete(m.readers, i, i+1)
}
