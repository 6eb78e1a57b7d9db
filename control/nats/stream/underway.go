package stream

import "sync"

// underway are the messages that the server has not answered yet, by their
// subjects. It refuses what the user may not publish by a way of its own, with the
// subject as all that it says; and it may publish all of a subject, or nothing.
type underway struct {
	mu        sync.Mutex // held for moments
	bySubject map[string]*company
}

// company are messages to one subject.
type company struct {
	size    int           // guarded by underway.mu
	refused chan struct{} // closed when the server has refused one of them
}

func newUnderway() *underway { return &underway{bySubject: make(map[string]*company)} }

// join is called before a message is sent. leave must be called when it is known
// what became of it.
func (u *underway) join(subject string) *company {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := u.bySubject[subject]
	if c == nil {
		c = &company{refused: make(chan struct{})}
		u.bySubject[subject] = c
	}
	c.size++
	return c
}

func (u *underway) leave(subject string, c *company) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if c.size--; c.size == 0 && u.bySubject[subject] == c {
		delete(u.bySubject, subject)
	}
}

// refuse is called by the library. What is sent from now on is other company.
func (u *underway) refuse(_ error, subject string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if c := u.bySubject[subject]; c != nil {
		close(c.refused)
		delete(u.bySubject, subject)
	}
}
