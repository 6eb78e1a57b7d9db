package channels

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Info describes one channel.
type Info struct {
	Name    string
	Streams int   // cursors that follow it
	Entries int   // retained
	Bytes   int64 // of the retained entries
	// First and Last are the places of the oldest and the newest retained
	// entry; zero without entries.
	First, Last Position
}

// Listing selects channels.
type Listing struct {
	Prefix string
	// Only leaves out the channels that it does not name.
	Only Patterns
	// ByName orders them by their names, not by how many streams they have, and
	// leaves out those up to After.
	ByName        bool
	After         string
	Offset, Limit int
}

// Totals sums up all channels that are selected, on whatever page they are.
type Totals struct {
	Channels int
	Streams  int // a stream counts once for each of its channels
}

// Channels returns the channels that start with the prefix and are named by Only,
// those with the most streams first unless they are wanted by name. The totals are
// of all such channels, also of those that are not on the page.
func (h *Hub) Channels(l Listing) (page []Info, of Totals) {
	var all []Info
	add := func(info Info) {
		of.Channels++
		of.Streams += info.Streams
		if !l.ByName || info.Name > l.After {
			all = append(all, info)
		}
	}
	for _, s := range h.shards {
		s.eachOrPacked(func(log *Log) {
			if l.selects(log.name) {
				add(h.info(log))
			}
		}, func(d *digest) {
			if l.selects(d.name) {
				add(h.packedInfo(d))
			}
		})
	}
	slices.SortFunc(all, l.compare)
	from := min(max(0, l.Offset), len(all))
	return all[from : from+min(max(0, l.Limit), len(all)-from)], of
}

// selects reports whether a channel with this name is selected, on some page.
func (l *Listing) selects(name string) bool {
	return strings.HasPrefix(name, l.Prefix) && l.Only.Match(name)
}

func (l *Listing) compare(a, b Info) int {
	if l.ByName || a.Streams == b.Streams {
		return cmp.Compare(a.Name, b.Name)
	}
	return cmp.Compare(b.Streams, a.Streams)
}

// Channel describes one channel. It reports false if nobody follows it and
// nothing of it is retained.
func (h *Hub) Channel(name string) (Info, bool) {
	s := h.shard(name)
	l := s.acquire(name, false)
	if l == nil {
		return Info{}, false
	}
	defer s.release(l)
	return h.info(l), true
}

func (h *Hub) info(l *Log) Info {
	l.mu.Lock()
	defer l.mu.Unlock()
	info := Info{Name: l.name, Streams: l.groups.cursors(), Entries: l.ring.n, Bytes: l.bytes}
	if l.ring.n > 0 {
		info.First = h.position(l.ring.at(l.ring.base).seq)
		info.Last = h.position(l.ring.at(l.ring.end() - 1).seq)
	}
	return info
}

// packedInfo describes a channel that is packed. Its name is a copy, so that Info does
// not keep what is packed.
func (h *Hub) packedInfo(d *digest) Info {
	info := Info{Name: strings.Clone(d.name), Entries: d.entries, Bytes: d.bytes}
	if d.entries > 0 {
		info.First, info.Last = h.position(d.first), h.position(d.last)
	}
	return info
}

// CloseChannel ends the streams that follow a channel, after what was
// published before. It returns how many cursors follow it, and false if the
// channel is not known.
func (h *Hub) CloseChannel(ctx context.Context, name string) (streams int, known bool, err error) {
	info, known := h.Channel(name)
	if info.Streams == 0 {
		return 0, known, nil
	}
	results, err := h.Publish(ctx, Ending(name))
	if err != nil {
		return 0, true, err
	}
	return results[0].Streams, true, nil
}

// Ending is the item that ends the streams, of all forms, that follow a channel.
func Ending(channel string) Item {
	ending := Item{Channel: channel, NoSeq: true, Encode: func(Position) Encoded { return Encoded{} }}
	for f := range ending.Actions {
		ending.Actions[f] = Close
	}
	return ending
}
