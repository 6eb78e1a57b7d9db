package engine

import "github.com/holdfast-proxy/holdfast/channels"

// place says where in an audience a stream is seated.
type place struct {
	in *audience
	at int
}

// attach seats s in the audience of every one of logs. News from before that
// is not told: s reads its cursor once by itself.
func (l *loop) attach(s *stream, logs []*channels.Log) {
	for i, log := range logs {
		a := l.engine.index.audience(l, log)
		p := place{a, len(a.seats)}
		a.seats = append(a.seats, s)
		if i == 0 {
			s.place = p
			continue
		}
		s.places = append(s.places, p)
	}
}

// detach undoes attach.
func (l *loop) detach(s *stream) {
	if s.place.in == nil {
		return // follows nothing
	}
	l.unseat(s.place)
	for i := range s.places {
		l.unseat(s.places[i])
	}
	s.place, s.places = place{}, nil
}

func (l *loop) unseat(p place) {
	p.in.remove(p.at)
	if len(p.in.seats) == 0 {
		l.engine.index.drop(p.in)
	}
}

// remove empties a seat. Who has had its turn in a round stays in front of next
// and who has not stays behind it, so that nobody is passed over.
func (a *audience) remove(at int) {
	if at < int(a.next) {
		a.next--
		a.move(int(a.next), at)
		at = int(a.next)
	}
	last := len(a.seats) - 1
	if at != last {
		a.move(last, at)
	}
	a.seats[last] = nil
	a.seats = a.seats[:last]
}

// move seats who sits at from at to.
func (a *audience) move(from, to int) {
	s := a.seats[from]
	a.seats[to] = s
	if s.place.in == a {
		s.place.at = to
		return
	}
	for i := range s.places {
		if s.places[i].in == a {
			s.places[i].at = to
			return
		}
	}
}
