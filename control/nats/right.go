package nats

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
)

// Verb is what a Right allows.
type Verb string

// What can be done with a subject, as the server's permissions call it.
const (
	Publish   Verb = "publish"
	Subscribe Verb = "subscribe"
)

// Right is something that the user of a connection must be allowed to do.
type Right struct {
	Verb Verb
	// Subject is what permissions must name, with wildcards.
	Subject string
	// Probe is a subject below it that is tried with each connection. Empty: the
	// right is used with each connection in any case.
	Probe string
}

// ProbeToken stands where a channel would, in probes of the right to publish to
// channels. No channel is written like that.
const ProbeToken = "%probe"

// missing says what is wrong, and what to do.
func (r *Right) missing() string {
	return fmt.Sprintf("nats: not allowed to %s to %s; add it to what the user may %s, or take it out of what is denied",
		r.Verb, r.Subject, r.Verb)
}

// covers reports whether r is what allows verb on subject.
func (r *Right) covers(verb Verb, subject string) bool {
	if r.Verb != verb {
		return false
	}
	prefix, wild := strings.CutSuffix(r.Subject, ">")
	return subject == r.Subject || wild && strings.HasPrefix(subject, prefix)
}

// probe tries what would otherwise be tried too late. The server's answer is an
// error that trouble is called with, or nothing. Messages for probing are kept
// by no stream: they ask for one that there is not.
func (l *Link) probe(nc *nats.Conn) {
	for i := range l.opts.Rights {
		switch r := &l.opts.Rights[i]; {
		case r.Probe == "":
		case r.Verb == Publish:
			m := nats.NewMsg(r.Probe)
			m.Header[nats.ExpectedStreamHdr] = []string{"none"}
			_ = nc.PublishMsg(m) // if this fails, disconnected is next
		default:
			if sub, err := nc.ChanSubscribe(r.Probe, make(chan *nats.Msg, 1)); err == nil {
				_ = sub.Unsubscribe()
			}
		}
	}
}

// refusal returns what err says is not allowed.
func refusal(err error) (verb Verb, subject string, ok bool) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return "", "", false
	}
	_, rest, _ := strings.Cut(err.Error(), "Permissions Violation for ")
	deed, rest, _ := strings.Cut(rest, " to ")
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", "", false
	}
	subject, err = strconv.Unquote(quoted)
	switch deed {
	case "Publish":
		return Publish, subject, err == nil
	case "Subscription":
		return Subscribe, subject, err == nil
	}
	return "", "", false
}

// refused notes which right is missing. It says so once for each connection, so
// that what the server refuses again and again is not logged as often.
func (l *Link) refused(verb Verb, subject string) {
	for i := range l.opts.Rights {
		r := &l.opts.Rights[i]
		if !r.covers(verb, subject) {
			continue
		}
		if verb == Publish && r.Probe != "" && r.Probe != subject {
			l.denied(subject)
			return
		}
		l.mu.Lock()
		known := l.missing[i]
		l.missing[i] = true
		l.mu.Unlock()
		if !known {
			l.opts.Log.Error(r.missing(), zap.String("tried", clip(subject)))
		}
		return
	}
	l.odd.Do(func() {
		l.opts.Log.Error("NATS does not allow a message; if it is an answer, the user needs allow_responses",
			zap.String("verb", string(verb)), zap.String("subject", clip(subject)))
	})
}

// Denied says that a subject may not be published to, and what to do.
func Denied(subject string) string {
	return "NATS does not let Holdfast publish to " + subject +
		"; add it to what its user may publish, or take it out of what is denied"
}

// denied logs a subject that is taken out of what may be published to.
func (l *Link) denied(subject string) {
	l.odd.Do(func() {
		l.opts.Log.Error("NATS does not allow a message; take its subject out of what the user is denied to publish to",
			zap.String("subject", clip(subject)))
	})
}

// forget is for a new connection, for which everything is tried again.
func (l *Link) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.missing)
}

// lacking are the rights that are known to be missing, in words.
func (l *Link) lacking() (reasons []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, missing := range l.missing {
		if missing {
			reasons = append(reasons, l.opts.Rights[i].missing())
		}
	}
	return reasons
}
