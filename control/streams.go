package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/control/roll"
	"github.com/holdfast-proxy/holdfast/internal/barred"
)

// streamPage is the answer to GET /streams.
type streamPage struct {
	Limit   int           `json:"limit"`
	Next    string        `json:"next,omitempty"` // where the next page begins; the last has none
	Streams []live.Stream `json:"streams"`
	answered
}

// answered tells which nodes have answered, and which have not.
type answered struct {
	Nodes   []string `json:"nodes"`
	Missing []string `json:"missing"`
}

func whoAnsweredLive(all live.Answer) answered {
	who := answered{Nodes: []string{}, Missing: append([]string{}, all.Missing...)}
	for _, r := range all.Reports {
		who.Nodes = append(who.Nodes, r.Node)
	}
	return who
}

// endedStream is the JSON answer to DELETE /streams/{id}.
type endedStream struct {
	Message string `json:"message"`
	answered
}

// listStreams serves GET /streams: those of all nodes that the query means, in the
// order in which they began.
func (h *Handler) listStreams(r *http.Request, _ *access.Grant) (answer, error) {
	q, err := query(r, "after", "channel", "limit", "route", "token_id", "user")
	if err != nil {
		return answer{}, err
	}
	limit, err := pageSize(q)
	if err != nil {
		return answer{}, err
	}
	after := live.ID(0)
	if q.Has("after") {
		if after, err = live.ParseID(q.Get("after")); err != nil {
			return answer{}, refusef(http.StatusBadRequest, "Parameter \"after\": %v.", err)
		}
	}
	all, err := h.askLive(r.Context(), live.Question{Op: live.List, Rule: ruleOf(q), After: uint64(after), Limit: limit})
	if err != nil {
		return answer{}, err
	}
	page := streamPage{Limit: limit, answered: whoAnsweredLive(all)}
	streams, next := live.Merge(all.Reports, limit)
	page.Streams = append([]live.Stream{}, streams...)
	if next != 0 {
		page.Next = next.String()
	}
	return answer{json: page}, nil
}

// ruleOf says whose streams a query means.
func ruleOf(q url.Values) barred.Rule {
	return barred.Rule{User: q.Get("user"), TokenID: q.Get("token_id"), Channel: q.Get("channel"), Route: q.Get("route")}
}

// endStream serves DELETE /streams/{id}. The client may come back.
func (h *Handler) endStream(r *http.Request, _ *access.Grant) (answer, error) {
	if _, err := query(r); err != nil {
		return answer{}, err
	}
	id, err := live.ParseID(r.PathValue("id"))
	if err != nil {
		return answer{}, refusef(http.StatusBadRequest, "%q: %v.", r.PathValue("id"), err)
	}
	all, err := h.askLive(r.Context(), live.Question{Op: live.End, ID: uint64(id)})
	if err != nil {
		return answer{}, err
	}
	for _, report := range all.Reports {
		if report.Ended > 0 {
			return answer{text: "Ended", json: endedStream{"Ended", whoAnsweredLive(all)}}, nil
		}
	}
	if len(all.Missing) > 0 {
		return answer{}, refusef(http.StatusServiceUnavailable, "No node that answers holds %v, and %d do not answer.", id, len(all.Missing)).
			with("Retry-After", "1")
	}
	return answer{}, refusef(http.StatusNotFound, "No stream %v is held.", id)
}

// revocation is the body of POST /revoke.
type revocation struct {
	barred.Rule
	Action live.Action `json:"action"`
	For    *string     `json:"for"`
}

// revoked is the JSON answer to POST /revoke.
type revoked struct {
	Message string `json:"message"`
	Ended   int    `json:"ended"`
	Checked int    `json:"checked"`
	answered
	Problems map[string]string `json:"problems,omitempty"` // by node
}

// How long clients are turned away.
const (
	defaultBar = time.Hour
	maxBar     = 30 * 24 * time.Hour
)

// revoke serves POST /revoke. It is carried out when the answer is 200; otherwise
// it is perhaps carried out on some nodes, and doing it again does no harm.
func (h *Handler) revoke(r *http.Request, _ *access.Grant) (answer, error) {
	if _, err := query(r); err != nil {
		return answer{}, err
	}
	q, err := h.revocationOf(r)
	if err != nil {
		return answer{}, err
	}
	all, err := h.askLive(r.Context(), q)
	if err != nil {
		return answer{}, err
	}
	done := revoked{answered: whoAnsweredLive(all), Problems: map[string]string{}}
	for _, report := range all.Reports {
		done.Ended += report.Ended
		done.Checked += report.Checked
		if report.Problem != "" {
			done.Problems[report.Node] = report.Problem
		}
	}
	done.Message = fmt.Sprintf("Ended %d, checking %d", done.Ended, done.Checked)
	a := answer{text: done.Message, json: done}
	if len(done.Missing)+len(done.Problems) > 0 {
		a.status = http.StatusBadGateway
		a.text = fmt.Sprintf("%s, but not everywhere: nodes missing %q, problems %q", done.Message, done.Missing, done.Problems)
	}
	return a, nil
}

// revocationOf reads what is to be revoked.
func (h *Handler) revocationOf(r *http.Request) (live.Question, error) {
	var body revocation
	text, err := h.readBody(r)
	if err != nil {
		return live.Question{}, err
	}
	if err := strictJSON(text, &body); err != nil {
		return live.Question{}, refusef(http.StatusBadRequest, "The body is not a revocation: %v.", err)
	}
	q := live.Question{Op: live.Revoke, Rule: body.Rule, Action: body.Action, For: defaultBar}
	if err := q.Rule.Check(); err != nil {
		return q, refusef(http.StatusBadRequest, "Nobody is meant: %v.", err)
	}
	switch q.Action {
	case "":
		q.Action = live.Bar
	case live.Bar, live.Recheck:
	default:
		return q, refusef(http.StatusBadRequest, "The action %q is not known; write %q or %q.", q.Action, live.Bar, live.Recheck)
	}
	if body.For == nil {
		return q, nil
	}
	d, err := time.ParseDuration(*body.For)
	if err != nil || d < 0 || d > maxBar {
		return q, refusef(http.StatusBadRequest, "\"for\" must be a duration from 0s to %s, as in 90s or 1h, not %q.", maxBar, *body.For)
	}
	q.For = d
	return q, nil
}

// strictJSON reads one value, which has no members that are not known: one that is
// misspelt would otherwise mean more than was meant.
func strictJSON(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("something follows the JSON object")
	}
	return nil
}

func (h *Handler) askLive(ctx context.Context, q live.Question) (live.Answer, error) {
	all, err := h.opts.Streams.AskLive(ctx, q)
	return all, cannotAsk(err)
}

// cannotAsk is the refusal because of other nodes that cannot be asked; other errors
// stay as they are.
func cannotAsk(err error) error {
	var why roll.Unreachable
	if errors.As(err, &why) {
		return refusef(http.StatusServiceUnavailable, "The other nodes cannot be asked: %v.", why).with("Retry-After", "1")
	}
	return err
}
