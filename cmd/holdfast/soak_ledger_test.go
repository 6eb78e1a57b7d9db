package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/holdfast-proxy/holdfast/channels"
)

// soakItem is an event that the soak publishes. Its data begins with the key.
type soakItem struct {
	channel, key string
	json         string
	seq          uint64 // its place, once it is published
}

// drawItem draws a channel and one of the ways to publish. The key is the
// channel's name and the suffix, which must be unique. Every event gets an
// id on the streams that follow the channel: the publisher's own, or one of
// ours. Content without any id goes to the last channel only, which is followed
// on the route with resume: positions alone.
func drawItem(random *rand.Rand, suffix string) soakItem {
	i := random.IntN(soakChannels)
	it := soakItem{channel: fmt.Sprintf("c%d", i)}
	it.key = it.channel + suffix
	data := it.key + " " + strings.Repeat("x", random.IntN(400))
	switch way := random.IntN(3); {
	case i == soakChannels-1:
		it.json = streamItem(it.channel, "data: "+data+"\n\n")
	case way == 0:
		it.json = message(it.channel, "", data)
	case way == 1:
		it.json = message(it.channel, it.key, data)
	default:
		it.json = streamItem(it.channel, "id: "+it.key+"\ndata: "+data+"\n\n")
	}
	return it
}

// streamItem is an item with content for http-stream.
func streamItem(channel, content string) string {
	text, err := json.Marshal(content)
	if err != nil {
		panic(err) // a string
	}
	return fmt.Sprintf(`{"channel":%q,"formats":{"http-stream":{"content":%s}}}`, channel, text)
}

// ledger is what was published, with the places that the server gave.
type ledger struct {
	mu    *sync.Mutex
	more  *sync.Cond // mu; items has grown
	items *[]soakItem
}

func newLedger() ledger {
	mu := new(sync.Mutex)
	return ledger{mu, sync.NewCond(mu), new([]soakItem)}
}

// publish publishes a batch and writes it down.
func (l ledger) publish(s *server, batch []soakItem) error {
	var items []string
	for _, it := range batch {
		items = append(items, it.json)
	}
	positions, err := s.tryPublish(items...)
	if err != nil {
		return err
	}
	for i := range batch {
		p, ok := channels.ParsePosition(positions[i])
		if !ok {
			return fmt.Errorf("published at %q", positions[i])
		}
		batch[i].seq = p.Seq
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	*l.items = append(*l.items, batch...)
	l.more.Broadcast()
	return nil
}

func (l ledger) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(*l.items)
}

// await waits until n more items have been published, or one when given up.
func (l ledger) await(n int, givenUp func() bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for until := len(*l.items) + n; len(*l.items) < until && !givenUp(); {
		l.more.Wait()
	}
}

// sorted returns everything in its order.
func (l ledger) sorted() []soakItem {
	slices.SortFunc(*l.items, func(a, b soakItem) int { return cmp.Compare(a.seq, b.seq) })
	return *l.items
}

// heard is one thing that a client was told: an event by its key, or a gap.
type heard struct {
	key string
	gap *gapNotice
}

// gapNotice is the data of a gap event, and its id.
type gapNotice struct {
	Reason, Channel string
	Lost            *int
	resume          uint64
}

func readGap(b block) (*gapNotice, error) {
	g := new(gapNotice)
	if err := json.Unmarshal([]byte(b.data), g); err != nil {
		return nil, err
	}
	p, ok := channels.ParsePosition(b.id)
	if !ok {
		return nil, fmt.Errorf("the id of a gap is %q", b.id)
	}
	g.resume = p.Seq
	return g, nil
}

// soakFigures sums up what clients heard.
type soakFigures struct {
	received, missed, notices int
	gaps                      map[string]int // by reason
	kills                     [numKills]int
}

// judge holds what a client heard against what was published to its channels.
// Each event must be the next one due on its channel, and come after everything
// heard before in the order of all channels. A gap takes away what was due up
// to its place: at least one event, and as many as it says.
func (c *soakClient) judge(published []soakItem, total *soakFigures) error {
	due, place := dues{}, uint64(0)
	for _, it := range published {
		if slices.Contains(c.channels, it.channel) {
			due[it.channel] = append(due[it.channel], it)
		}
	}
	for n, h := range c.heard {
		before, err := place, error(nil)
		if h.gap == nil {
			place, err = due.event(h.key)
			total.received++
		} else {
			place, err = h.gap.resume, due.gap(h.gap, total)
		}
		if err == nil && place <= before && h.gap == nil {
			err = fmt.Errorf("%s at %d comes after place %d", h.key, place, before)
		}
		if err != nil {
			return fmt.Errorf("event %d of %d: %w", n, len(c.heard), err)
		}
	}
	return due.check(place)
}

// dues is what a client must still hear, by channel.
type dues map[string][]soakItem

// event takes the event that a client heard, and returns its place.
func (d dues) event(key string) (uint64, error) {
	channel, _, _ := strings.Cut(key, "-")
	due := d[channel]
	if len(due) == 0 || due[0].key != key {
		return 0, fmt.Errorf("%s came, but of its channel is due %+v", key, due[:min(1, len(due))])
	}
	d[channel] = due[1:]
	return due[0].seq, nil
}

// gap takes what a gap notice tells of.
func (d dues) gap(g *gapNotice, total *soakFigures) error {
	missed := 0
	for channel, due := range d {
		if g.Channel != "" && g.Channel != channel {
			continue
		}
		for len(due) > 0 && due[0].seq <= g.resume {
			due = due[1:]
			missed++
		}
		d[channel] = due
	}
	total.missed += missed
	total.notices++
	total.gaps[g.Reason]++
	switch {
	case missed == 0:
		return fmt.Errorf("a gap (%s, %s) where nothing was missed", g.Reason, g.Channel)
	case g.Lost != nil && *g.Lost != missed:
		return fmt.Errorf("a gap (%s, %s) tells of %d lost events, but it is %d", g.Reason, g.Channel, *g.Lost, missed)
	}
	return nil
}

// check reports what is due up to a place that the client has passed.
func (d dues) check(place uint64) error {
	for _, due := range d {
		if len(due) > 0 && due[0].seq <= place {
			return fmt.Errorf("nothing was heard of %s at %d, but of place %d", due[0].key, due[0].seq, place)
		}
	}
	return nil
}
