package websocket

import (
	"time"

	"github.com/gobwas/ws"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// maxTaken is how many entries are taken at once.
const maxTaken = 64

// deliver sends what is published, what is due, and the end when that is asked
// for.
func (s *Session) deliver() {
	batch := make([]channels.Entry, 0, maxTaken)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if !s.drainFeed(batch) {
			return
		}
		wait, err := s.sendDue()
		if err != nil {
			s.clientError(err)
			return
		}
		timer.Reset(wait)
		select {
		case <-s.kicked:
		case <-timer.C:
		case <-s.over:
			return
		}
	}
}

// drainFeed sends what the channels have, and ends the session if that is asked for. It
// reports false if the session is over.
func (s *Session) drainFeed(batch []channels.Entry) bool {
	for !s.isOver() {
		// Both before anything is taken: it is to be everything that was published until
		// then, also into a channel that has been followed and is not in the feed yet.
		asked, joining := s.asked.Load(), s.feed.joining.Load()
		entries, err := s.feed.take(batch[:0])
		gap := gapOf(err)
		if gap != nil {
			s.Counts.Gap(gap.Reason)
		}
		switch {
		case s.isOver():
			return false // meanwhile: what was taken may have been published after that
		case passable(gap):
			continue
		case err != nil:
			s.finish(gapEnding(gap))
			return false
		case len(entries) > 0:
			if err := s.sendEntries(entries); err != nil {
				s.clientError(err)
				return false
			}
			clear(entries)
			continue
		}
		if asked == nil || joining {
			return true
		}
		s.finish(Ending{Reason: *asked, code: codeGoingAway, text: "going away"})
	}
	return false
}

// sendEntries sends messages in as few writes as may be, and does what is asked
// for between them.
func (s *Session) sendEntries(entries []channels.Entry) error {
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	out, n := (*buf)[:0], 0
	for i := range entries {
		frame := s.frameOf(i, &entries[i])
		act := entries[i].Action(wire.Message)
		if act == channels.Send && len(out)+len(frame) <= cap(out) {
			out, n = append(out, frame...), n+1
			continue
		}
		if err := s.write(out, n); err != nil {
			return err
		}
		out, n = (*buf)[:0], 0
		switch {
		case act == channels.Close:
			s.closeBy(frame)
			return errClosing
		case act == channels.Hint:
			s.origin.refresh()
		case len(frame) <= cap(out):
			out, n = append(out, frame...), 1
		default:
			if err := s.write(frame, 1); err != nil {
				return err
			}
		}
	}
	return s.write(out, n)
}

// frameOf is what the client gets of e, the i-th entry that was taken.
func (s *Session) frameOf(i int, e *channels.Entry) []byte {
	if own, ok := s.feed.own[i]; ok {
		return own
	}
	b := e.Bytes(wire.Message)
	if len(b) == 0 {
		return nil
	}
	plain, deflated := wire.Frames(b)
	if s.Deflate && len(deflated) > 0 {
		return deflated
	}
	return plain
}

// write sends frames of n messages, between two messages of the origin.
func (s *Session) write(frames []byte, n int) error {
	if n == 0 {
		return nil
	}
	s.out.turn.Lock()
	defer s.out.turn.Unlock()
	if err := s.out.raw(frames, false); err != nil {
		return err
	}
	s.Counts.Delivered(n, len(frames))
	return nil
}

// closeBy ends the session as a published close frame says. There is none when all
// streams of a channel are ended.
func (s *Session) closeBy(frame []byte) {
	const head = 2 // of a frame that is not masked and has at most 125 bytes
	e := Ending{Reason: hold.ReasonAction, code: codeNormal, text: "channel is closed"}
	if frame != nil {
		code, text := ws.ParseCloseFrameData(frame[head:])
		e.code, e.text = int(code), text
	}
	s.finish(e)
}
