package websocket

import (
	"bytes"
	"fmt"

	"github.com/gobwas/ws"

	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// maxControl bounds a control message, in bytes.
const maxControl = 64 << 10

// kind says whom a message of the origin is for.
type kind uint8

const (
	undecided kind = iota
	forClient      // without its prefix
	forProxy       // a control message
	forNobody      // it has no prefix that is known
)

// sorter finds out whom the messages of an origin are for. One goroutine owns it.
type sorter struct {
	prefix string
	kind   kind   // of the message under way
	head   []byte // what has been kept of it
}

// add takes the next part of a message and returns what is to be done: relay is
// set for a part that the client gets, control for a whole control message.
func (s *sorter) add(p part) (relay part, control []byte, k kind, err error) {
	if p.first {
		s.kind, s.head = undecided, nil
	}
	fresh := s.kind == undecided
	if fresh {
		if len(s.head) > 0 {
			s.head = append(s.head, p.payload...)
			p.payload = s.head
		}
		s.kind = s.sort(p)
	}
	switch s.kind {
	case undecided:
		s.head = bytes.Clone(p.payload)
	case forProxy:
		return relay, s.collect(p, fresh), forProxy, s.checkControl()
	case forClient:
		if fresh {
			p.first, p.payload = true, p.payload[len(s.prefix):]
		}
		return p, nil, forClient, nil
	}
	return relay, nil, s.kind, nil
}

// collect keeps a part of a control message and returns the message when it is
// whole.
func (s *sorter) collect(p part, fresh bool) []byte {
	if fresh {
		s.head = []byte{}
		p.payload = p.payload[len(grip.ControlPrefix):]
	}
	s.head = append(s.head, p.payload...)
	if !p.last {
		return nil
	}
	return s.head
}

func (s *sorter) checkControl() error {
	if len(s.head) > maxControl {
		return fmt.Errorf("control message of more than %d bytes", maxControl)
	}
	return nil
}

// sort looks at the beginning of a message.
func (s *sorter) sort(p part) kind {
	control := startOf(p, grip.ControlPrefix)
	if p.op != ws.OpText {
		control = forNobody // GRIP: control messages are text
	}
	message := startOf(p, s.prefix)
	switch {
	case control == forClient:
		return forProxy
	case control == undecided:
		return undecided
	}
	return message
}

// startOf compares the beginning of a message with a prefix: forClient if it has
// it, forNobody if it has not, undecided if too little has come.
func startOf(p part, prefix string) kind {
	switch {
	case len(p.payload) >= len(prefix) && string(p.payload[:len(prefix)]) == prefix:
		return forClient
	case !p.last && len(p.payload) < len(prefix) && string(p.payload) == prefix[:len(p.payload)]:
		return undecided
	}
	return forNobody
}
