package hold

import "time"

// What is read from the cursor and written at once, unless a single entry is
// larger. It is also what a stream that is stuck in a write keeps beside its
// own memory; 16 KiB is one TLS record.
const (
	maxEntries = 64
	maxBytes   = 16 << 10
)

// maxPiece is how much is written under one write deadline, so that a large
// entry may take its time on a slow line that moves.
const maxPiece = 64 << 10

// pieces calls write with p cut into pieces, until one fails.
func pieces(p []byte, write func([]byte) error) error {
	for len(p) > maxPiece {
		if err := write(p[:maxPiece]); err != nil {
			return err
		}
		p = p[maxPiece:]
	}
	return write(p)
}

// run has the turn: it delivers until there is nothing more to do, and gives
// the turn back unless the stream has ended.
func (l *live) run() {
	for l.catchUp() {
		if l.turn.CompareAndSwap(running, idle) {
			return
		}
		l.turn.Store(running)
	}
}

// catchUp delivers everything up to the head, and what is due there. It
// reports false when the stream has ended.
func (l *live) catchUp() bool {
	b := l.holder.batches.Get().(*Batch)
	defer l.holder.batches.Put(b)
	defer b.Forget()
	for {
		if reason := l.cut.Load(); reason != nil {
			l.finish(*reason, false)
			return false
		}
		l.asked.answer(&l.feed)
		step, why := l.feed.Fill(b, l.due())
		switch step {
		case AtHead:
			return true
		case Write:
			if l.refused() { // meanwhile: it may have been published after that
				continue
			}
		case Moved:
			l.holder.group.detach(&l.seat)
			l.holder.group.attach(l.feed.Logs(), &l.seat)
		}
		if b.IsKeepAlive() {
			l.pulse.Store(false)
		}
		if !l.write(b) {
			return false
		}
		if step == Finish {
			l.finish(why, true)
			return false
		}
	}
}

func (l *live) due() Due {
	d := Due{KeepAlive: l.pulse.Load()}
	if reason := l.ending.Load(); reason != nil {
		d.End = *reason
	}
	return d
}

// write writes what b has. It reports false when that has ended the stream.
func (l *live) write(b *Batch) bool {
	p := b.Bytes()
	if len(p) == 0 {
		return true
	}
	if err := l.out.write(p); err != nil {
		reason := l.out.blame(err)
		if cut := l.cut.Load(); cut != nil {
			reason = *cut
		}
		l.finish(reason, false)
		return false
	}
	now := time.Now()
	l.wrote.Store(int64(now.Sub(l.holder.start)))
	l.feed.Sent(b, len(p), now)
	if l.feed.PutsOff(b) {
		l.pulse.Store(false)
	}
	return true
}
