package engine

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

const (
	// visitWrites is how much a stream is sent before others have their turn,
	// in batches.
	visitWrites = 2

	// maxPiece is how much is written under one write deadline, so that a large
	// entry may take its time on a slow line that moves.
	maxPiece = 64 << 10
)

// deliver writes what s has to say until it is at the head, blocked, or others
// should have their turn.
func (l *loop) deliver(s *stream) {
	l.visits--
	for range visitWrites {
		if s.phase != flowing {
			return
		}
		step, why := s.feed.Fill(l.batch, s.due())
		switch step {
		case hold.AtHead:
			return
		case hold.Moved:
			l.detach(s)
			l.attach(s, s.feed.Logs())
		case hold.Again:
		case hold.Write:
			if s.ticket.Refused() {
				return // meanwhile: it may have been published after that
			}
			l.write(s, step, why)
		default:
			l.write(s, step, why)
		}
	}
	if s.phase == flowing {
		l.makeReady(s)
	}
}

// write writes what the batch has for s.
func (l *loop) write(s *stream, step hold.Step, why hold.Reason) {
	if l.batch.IsKeepAlive() {
		s.pulse = false
	}
	p := l.batch.Bytes()
	n, err := l.send(s, p)
	if err != nil {
		l.sever(s, hold.Blame(err))
		return
	}
	rest := s.feed.Sent(l.batch, n, l.now)
	if n < len(p) || s.stuck() {
		l.block(s, baggage{rest: rest, last: step == hold.Finish, putsOff: s.feed.PutsOff(l.batch), why: why})
		return
	}
	if s.feed.PutsOff(l.batch) {
		s.pulse = false
	}
	if step == hold.Finish {
		l.finish(s, why)
	}
}

// send sends what the socket takes of p at once, and over TLS a little more,
// which the stream keeps.
func (l *loop) send(s *stream, p []byte) (n int, err error) {
	if s.tls != nil {
		return l.seal(s, p)
	}
	return l.push(s, p)
}

// push writes to the socket what it takes at once.
func (l *loop) push(s *stream, p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err = send(int(s.socket), p)
	l.now = time.Now()
	if n > 0 {
		s.wrote = l.since()
	}
	return n, err
}

// block leaves s alone until its socket takes more.
func (l *loop) block(s *stream, b baggage) {
	if s.bag != nil {
		b.end, b.sealed = s.bag.end, s.bag.sealed
	}
	b.piece = maxPiece
	s.bag, s.phase = &b, blocked
	l.limit(s, s.feed.WriteTimeout())
}

// resume goes on with a stream whose socket takes more.
func (l *loop) resume(s *stream) {
	b := s.bag
	n, err := l.goOn(s, b)
	if err != nil {
		l.sever(s, hold.Blame(err))
		return
	}
	if len(b.rest) > 0 || s.stuck() {
		if b.piece -= n; b.piece <= 0 {
			b.piece = maxPiece
			l.limit(s, s.feed.WriteTimeout())
		}
		return
	}
	if b.last {
		l.finish(s, b.why)
		return
	}
	s.phase = flowing
	if b.putsOff {
		s.pulse = false
	}
	if s.bag = nil; b.end != "" {
		s.bag = &baggage{end: b.end}
	}
	l.makeReady(s)
}

// goOn sends what s has kept, and returns how much that was.
func (l *loop) goOn(s *stream, b *baggage) (n int, err error) {
	if s.stuck() {
		n, err = l.push(s, b.sealed)
		if b.sealed = b.sealed[n:]; err != nil || s.stuck() {
			return n, err
		}
		b.sealed = nil
	}
	more, err := l.send(s, b.rest)
	b.rest = b.rest[more:]
	return n + more, err
}

// handle does what an event asks for.
func (l *loop) handle(e event) {
	s := l.at(e.slot, e.serial)
	if s == nil {
		return
	}
	if e.mask&(unix.EPOLLERR|unix.EPOLLHUP|unix.EPOLLRDHUP) != 0 {
		l.hangUp(s, e.mask)
		return
	}
	if e.mask&unix.EPOLLIN != 0 {
		l.receive(s)
	}
	if e.mask&unix.EPOLLOUT != 0 && s.phase == blocked {
		l.resume(s)
	}
}
