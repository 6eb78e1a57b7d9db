package control

import (
	"fmt"
	"net/http"
	"time"

	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/internal/barred"
)

// revocation is the body of POST /revoke. What it says must not be empty or null: that
// is what a script writes that has lost the name, and would mean more clients than it
// should.
type revocation struct {
	User    *string            `json:"user"`
	TokenID *string            `json:"token_id"`
	Channel *string            `json:"channel"`
	Route   *string            `json:"route"`
	Meta    *map[string]string `json:"meta"`
	Action  *live.Action       `json:"action"`
	For     *string            `json:"for"`
}

// revocationMembers are the names of a revocation's members.
var revocationMembers = []string{"user", "token_id", "channel", "route", "meta", "action", "for"}

// revoked is the JSON answer to POST /revoke.
type revoked struct {
	Message string `json:"message"`
	Ended   int    `json:"ended"`
	Checked int    `json:"checked"`
	answered
}

// How long clients are turned away.
const (
	defaultBar = time.Hour
	maxBar     = 30 * 24 * time.Hour
)

// revoke serves POST /revoke. It is carried out when the answer is 200; otherwise
// it is perhaps carried out on some nodes, and doing it again does no harm.
func (h *Handler) revoke(r *http.Request, _ *access.Grant) (answer, error) {
	q, err := query(r, "scope")
	if err != nil {
		return answer{}, err
	}
	who, err := h.askedOf(q)
	if err != nil {
		return answer{}, err
	}
	text, err := h.readBody(r)
	if err != nil {
		return answer{}, err
	}
	what, err := parseRevocation(text)
	if err != nil {
		return answer{}, err
	}
	all, err := askLive(r.Context(), who, what)
	if err != nil {
		return answer{}, err
	}
	return told(all), nil
}

// told adds up what nodes have done.
func told(all live.Answer) answer {
	done := revoked{answered: whoAnsweredLive(all)}
	for _, report := range all.Reports {
		done.Ended += report.Ended
		done.Checked += report.Checked
	}
	done.Message = fmt.Sprintf("Ended %d, checking %d", done.Ended, done.Checked)
	a := answer{json: &done}
	if len(done.Missing)+len(done.Problems) > 0 {
		a.status = http.StatusBadGateway
		done.Message += ", but not everywhere" + done.but()
	}
	a.text = done.Message
	return a
}

// parseRevocation reads what is to be revoked.
func parseRevocation(text []byte) (live.Question, error) {
	var body revocation
	if err := strictJSON(text, &body, revocationMembers); err != nil {
		return live.Question{}, refusef(http.StatusBadRequest, "The body is not a revocation: %v.", err)
	}
	rule, err := body.rule()
	if err != nil {
		return live.Question{}, err
	}
	q := live.Question{Op: live.Revoke, Rule: rule, Action: live.Bar}
	if body.Action != nil {
		q.Action = *body.Action
	}
	switch {
	case q.Action == live.Bar:
		q.For, err = body.length()
	case q.Action != live.Recheck:
		err = refusef(http.StatusBadRequest, "The action %q is not known; write %q or %q.", q.Action, live.Bar, live.Recheck)
	case body.For != nil:
		err = refusef(http.StatusBadRequest, "Nobody is turned away by the action %q: leave \"for\" out.", live.Recheck)
	}
	return q, err
}

// rule says whom the body means.
func (b *revocation) rule() (r barred.Rule, err error) {
	for _, said := range []struct {
		name string
		is   *string
		into *string
	}{{"user", b.User, &r.User}, {"token_id", b.TokenID, &r.TokenID}, {"channel", b.Channel, &r.Channel}, {"route", b.Route, &r.Route}} {
		if said.is == nil {
			continue
		}
		if *said.is == "" {
			return r, refusef(http.StatusBadRequest, "%q is empty; leave it out if it does not matter.", said.name)
		}
		*said.into = *said.is
	}
	if b.Meta != nil {
		if len(*b.Meta) == 0 {
			return r, refusef(http.StatusBadRequest, "%q is empty; leave it out if it does not matter.", "meta")
		}
		r.Meta = *b.Meta
	}
	if err := r.Check(); err != nil {
		return r, refusef(http.StatusBadRequest, "The body does not say who is meant: %v.", err)
	}
	return r, nil
}

// length is how long clients are turned away.
func (b *revocation) length() (time.Duration, error) {
	if b.For == nil {
		return defaultBar, nil
	}
	d, err := time.ParseDuration(*b.For)
	if err != nil || d < 0 || d > maxBar {
		return 0, refusef(http.StatusBadRequest, "\"for\" must be a duration from 0s to %dh, as in 90s or 1h, not %q.", maxBar/time.Hour, *b.For)
	}
	return d, nil
}
