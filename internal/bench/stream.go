package bench

import (
	"errors"
	"io"
	"net"
	"time"
)

// readBuffer is small because every stream has one.
const readBuffer = 2 << 10

// stream reads one connection. Its goroutine owns it until the fleet has waited
// for that; then the results may be read.
type stream struct {
	fleet *fleet
	stuck bool // it does not read until it is released
	opened

	framing chunked
	events  events
	now     time.Duration // the clock when the last read returned, or the kernel got it
	fresh   int64         // deliveries in the last read

	// The results.
	follows []following
	gaps    int   // `event: gap`
	others  int   // events of somebody else
	strays  int   // events of this run on a channel it does not follow
	bytes   int64 // of the body, with its framing
	err     error // why it ended
	cut     bool  // it ended before the fleet closed it
}

// following is what a stream has seen of one of its channels.
type following struct {
	channel int
	tally   tally
}

// read runs until the connection ends.
func (s *stream) read() {
	s.err = s.feed(s.early)
	s.early = nil
	buf := make([]byte, readBuffer)
	for s.err == nil {
		n, err := s.body.Read(buf)
		s.err = s.feed(buf[:n])
		if s.err == nil {
			s.err = err
		}
	}
	s.body.Close()
	s.fleet.ended(s)
}

// feed takes the next bytes of the body. It returns io.EOF after the last
// chunk.
func (s *stream) feed(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	s.bytes += int64(len(p))
	s.now, s.fresh = s.fleet.clock.now()-s.waited(), 0
	err := s.unframe(p)
	s.fleet.arrived(s)
	return err
}

// waited is how long ago the kernel got what was read last, where that counts.
func (s *stream) waited() time.Duration {
	if a, ok := s.body.(*arrivals); ok {
		return a.ago
	}
	return 0
}

func (s *stream) unframe(p []byte) error {
	if !s.chunked {
		s.events.feed(p, s.event)
		return nil
	}
	for len(p) > 0 {
		data, rest, err := s.framing.next(p)
		if err != nil {
			return err
		}
		s.events.feed(data, s.event)
		p = rest
	}
	return nil
}

func (s *stream) event(name, data []byte) {
	st, ok := parseStamp(data, s.fleet.job.Run)
	switch {
	case !ok && string(name) == "gap":
		s.gaps++
	case !ok:
		s.others++
	default:
		s.stamped(st)
	}
}

func (s *stream) stamped(st stamp) {
	for i := range s.follows {
		if f := &s.follows[i]; f.channel == st.channel {
			if f.tally.see(st.seq) {
				s.fresh++
				s.fleet.measured(s, st)
			}
			return
		}
	}
	s.strays++
}

// due returns how much of what was published to each channel is for the stream.
// Any goroutine may call it.
func (s *stream) due(published []int) int64 {
	var due int64
	for i := range s.follows {
		if channel := s.follows[i].channel; channel < len(published) {
			due += int64(published[channel])
		}
	}
	return due
}

// counts returns what the stream has seen of what was published to each channel.
func (s *stream) counts(published []int) counts {
	c := counts{Due: s.due(published), Strays: s.strays, Gaps: s.gaps, Others: s.others, Bytes: s.bytes}
	for _, f := range s.follows {
		c.Delivered += int64(f.tally.received)
		c.Duplicates += f.tally.duplicates
		c.OutOfOrder += f.tally.late
	}
	return c
}

// reason says why a stream ended or did not open, without addresses of its
// own, which would make every one of them differ.
func reason(err error) string {
	if err == io.EOF {
		return "ended by the server"
	}
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial" && op.Addr != nil:
		return "dial " + op.Addr.String() + ": " + op.Err.Error()
	case op != nil:
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}
