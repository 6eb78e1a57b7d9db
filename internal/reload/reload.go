package reload

import (
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"
)

// ErrEnding: the process is ending, and its settings stay as they are.
var ErrEnding = errors.New("the process is ending")

// ErrSeen, from Options.Apply: the files say what they said when they were last read,
// whether or not it was refused. It is no failure.
var ErrSeen = errors.New("read before")

// Trigger is why settings are read again.
type Trigger string

// The triggers.
const (
	Signal  Trigger = "signal"
	File    Trigger = "file"
	Request Trigger = "request"
)

// Outcome is what a reload came to.
type Outcome struct {
	// Changed are the keys of settings that hold from now on, or whose files do.
	Changed []string
	// Restart are the keys of settings that are others now, but hold only when the
	// process is started again.
	Restart []string
}

// Options are a Reloader's parts. All are required. The functions are called by one
// goroutine at a time.
type Options struct {
	// Apply reads the settings and has them hold. With an error, which joins an error
	// for everything that is wrong, nothing has changed.
	Apply func(Trigger) (Outcome, error)
	// Files are those that the settings are in: those that hold, and those that were
	// read last, if they were refused.
	Files func() []string
	// Every is how often to look whether they have changed. 0: never.
	Every func() time.Duration
	// Metrics counts.
	Metrics *Metrics
	// Log gets a line per reload.
	Log *zap.Logger
}

// Reloader reads settings again. Make it with New.
type Reloader struct {
	// Fixed after New.
	options Options
	asked   chan struct{} // a reload for a request has ended; capacity 1, never closed

	mu    sync.Mutex // held during a reload
	ended bool
}

// New returns a reloader for settings that were read a moment ago.
func New(o Options) *Reloader {
	o.Metrics.success.SetToCurrentTime()
	return &Reloader{options: o, asked: make(chan struct{}, 1)}
}

// Reload reads the settings again, because somebody asks for it. It may be called from
// any goroutine, and waits for a reload that is under way. The error is ErrEnding, or
// that of Options.Apply.
func (r *Reloader) Reload() (Outcome, error) {
	out, err := r.reload(Request)
	select {
	case r.asked <- struct{}{}:
	default:
	}
	return out, err
}

func (r *Reloader) reload(t Trigger) (Outcome, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return Outcome{}, ErrEnding
	}
	out, err := r.options.Apply(t)
	if !errors.Is(err, ErrSeen) {
		r.tell(t, out, err)
	}
	return out, err
}

// tell logs and counts a reload.
func (r *Reloader) tell(t Trigger, out Outcome, err error) {
	log := r.options.Log.With(zap.String("trigger", string(t)))
	switch {
	case err != nil:
		r.options.Metrics.ended(refused)
		log.Error("configuration refused, the one before stays", zap.Strings("problems", Problems(err)))
		return
	case len(out.Changed) > 0:
		r.options.Metrics.ended(applied)
		log.Info("configuration reloaded", zap.Strings("changed", out.Changed))
	default:
		r.options.Metrics.ended(unchanged)
		log.Info("configuration read again, nothing to apply")
	}
	if len(out.Restart) > 0 {
		log.Warn("changed settings need a restart", zap.Strings("settings", out.Restart))
	}
}

// Problems returns the messages of an error that joins others, one for each.
func Problems(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{err.Error()}
	}
	var all []string
	for _, e := range joined.Unwrap() {
		all = append(all, Problems(e)...)
	}
	return all
}

// end lets nobody read the settings any more.
func (r *Reloader) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
}
