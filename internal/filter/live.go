package filter

import (
	"fmt"
	"slices"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// NewLive makes the filters of a WebSocket, without channels and meta: its origin adds
// and changes both while messages come. Channels are numbered from 0, in order. Of
// the other methods only those of this file are for such a Set; they are called one
// at a time, and never for a channel that is not there.
func NewLive(route *Route) *Set { return &Set{route: route, meta: map[string]string{}} }

// Add adds a channel behind the others, by the name that the origin uses. An empty
// name is one that the origin has none for.
func (s *Set) Add(name string, filters []string) {
	s.channels = append(s.channels, newChannel(name, filters))
	s.look()
}

// Change gives channel i this name and these filters instead of its own.
func (s *Set) Change(i int, name string, filters []string) {
	last := s.channels[i].last
	s.channels[i] = newChannel(name, filters)
	s.channels[i].last = last
	s.look()
}

// Remove takes channel i away; those behind it move up.
func (s *Set) Remove(i int) {
	s.channels = slices.Delete(s.channels, i, i+1)
	s.look()
}

// look finds out whether any channel changes content.
func (s *Set) look() {
	s.rewrites = slices.ContainsFunc(s.channels, func(c channel) bool { return len(c.content) > 0 })
}

// maxMeta bounds the meta of a WebSocket, and maxMetaSize their bytes.
const (
	maxMeta     = 100
	maxMetaSize = 16 << 10
)

// SetMeta says something about the client; an empty value takes it back. The error
// is that the origin says too much.
func (s *Set) SetMeta(name, value string) error {
	delete(s.meta, name)
	if value != "" {
		s.meta[name] = value
	}
	s.user = s.meta["user"]
	size := 0
	for name, value := range s.meta {
		size += len(name) + len(value)
	}
	if len(s.meta) > maxMeta || size > maxMetaSize {
		return fmt.Errorf("meta of more than %d names or %d bytes", maxMeta, maxMetaSize)
	}
	return nil
}

// TakesFrom is Takes for an entry of channel i.
func (s *Set) TakesFrom(i int, e *channels.Entry) bool { return s.takes(&s.channels[i], e) }

// maxControlPayload bounds pings and pongs (RFC 6455 §5.5), in bytes.
const maxControlPayload = 125

var errTooLongControl = fmt.Errorf("would be a ping or pong of more than %d bytes", maxControlPayload)

// RewriteMessage is RewriteStream for the payload of a message of channel i. own
// reports that the result is not what others get. A ping or pong, as control says,
// must not grow over maxControlPayload.
func (s *Set) RewriteMessage(i int, e *channels.Entry, payload []byte, control bool) (out []byte, own, ok bool) {
	c := &s.channels[i]
	meta := wire.MetaOf(e)
	if out, ok = s.suited(c, meta.Message, payload); !ok || len(c.content) == 0 {
		return out, false, ok
	}
	if control && len(out) > maxControlPayload {
		s.route.failed(c.content[len(c.content)-1], c.name, errTooLongControl)
		return nil, false, false
	}
	return out, true, true
}
