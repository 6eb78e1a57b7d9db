package nats

import (
	"errors"
)

// errHidden: the library has kept another error than the server's last.
var errHidden = errors.New("other trouble hides what it refuses")

// judge tells publications that the server has answered what it refused of them, by
// subject. What may be published is by subject, so that one refusal speaks for all
// messages to it, unless there are fewer than messages. Others are unsure as well
// if there may be more refusals.
func judge(sent []*relayed, refused map[string]int, sure bool) {
	if len(refused) == 0 && sure {
		return
	}
	messages := make(map[string]int)
	for _, p := range sent {
		for _, m := range p.messages {
			messages[m.Subject]++
		}
	}
	for _, p := range sent {
		subject, all := p.refusedOf(refused, messages)
		switch {
		case subject != "" && all:
			p.err = unreachable(Denied(subject))
		case subject != "":
			p.err = unconfirmed(errors.New(Denied(subject)))
		case !sure:
			p.err = unconfirmed(errHidden)
		}
	}
}

// refusedOf returns the subject of the first message of p that may have been
// refused, and whether all of them were for sure.
func (p *relayed) refusedOf(refused, messages map[string]int) (first string, all bool) {
	all = true
	for _, m := range p.messages {
		n := refused[m.Subject]
		if n > 0 && first == "" {
			first = m.Subject
		}
		all = all && n >= messages[m.Subject]
	}
	return first, all
}
