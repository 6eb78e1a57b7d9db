package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

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
	Nodes    []string          `json:"nodes"`
	Missing  []string          `json:"missing"`
	Problems map[string]string `json:"problems,omitempty"` // by node: why it has not done it
}

func whoAnsweredLive(all live.Answer) answered {
	who := answered{Nodes: []string{}, Missing: append([]string{}, all.Missing...), Problems: map[string]string{}}
	for _, r := range all.Reports {
		who.Nodes = append(who.Nodes, r.Node)
		if r.Problem != "" {
			who.Problems[r.Node] = r.Problem
		}
	}
	return who
}

// but tells, after a comma, on which nodes something is not so.
func (a *answered) but() string {
	var b strings.Builder
	for _, node := range a.Missing {
		fmt.Fprintf(&b, "; %s does not answer", node)
	}
	for _, node := range slices.Sorted(maps.Keys(a.Problems)) {
		fmt.Fprintf(&b, "; %s: %s", node, a.Problems[node])
	}
	return b.String()
}

// endedStream is the JSON answer to DELETE /streams/{id}.
type endedStream struct {
	Message string `json:"message"`
	answered
}

// listStreams serves GET /streams: those that the query means, in the order in which
// they began.
func (h *Handler) listStreams(r *http.Request, _ *access.Grant) (answer, error) {
	q, meta, err := selection(r)
	if err != nil {
		return answer{}, err
	}
	who, err := h.askedOf(q)
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
	rule := barred.Rule{User: q.Get("user"), TokenID: q.Get("token_id"), Channel: q.Get("channel"), Route: q.Get("route"), Meta: meta}
	all, err := askLive(r.Context(), who, live.Question{Op: live.List, Rule: rule, After: uint64(after), Limit: limit})
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

// metaPrefix begins the parameters that select by meta: meta.tier=free.
const metaPrefix = "meta."

// selection reads the query of GET /streams. What selects must say something.
func selection(r *http.Request) (q url.Values, meta map[string]string, err error) {
	allowed := []string{"after", "channel", "limit", "route", "scope", "token_id", "user"}
	if given, err := url.ParseQuery(r.URL.RawQuery); err == nil { // what is wrong with it is for query to say
		for name := range given {
			if pair, ok := strings.CutPrefix(name, metaPrefix); ok && pair != "" {
				allowed = append(allowed, name)
			}
		}
	}
	if q, err = query(r, allowed...); err != nil {
		return nil, nil, err
	}
	for name := range q {
		if pair, ok := strings.CutPrefix(name, metaPrefix); ok {
			if meta == nil {
				meta = map[string]string{}
			}
			meta[pair] = q.Get(name)
		} else if q.Get(name) == "" {
			return nil, nil, refusef(http.StatusBadRequest, "Parameter %q is empty.", name)
		}
	}
	return q, meta, nil
}

// endStream serves DELETE /streams/{id}. The client may come back.
func (h *Handler) endStream(r *http.Request, _ *access.Grant) (answer, error) {
	q, err := query(r, "scope")
	if err != nil {
		return answer{}, err
	}
	who, err := h.askedOf(q)
	if err != nil {
		return answer{}, err
	}
	id, err := live.ParseID(r.PathValue("id"))
	if err != nil {
		return answer{}, refusef(http.StatusBadRequest, "%q: %v.", r.PathValue("id"), err)
	}
	all, err := askLive(r.Context(), who, live.Question{Op: live.End, ID: uint64(id)})
	if err != nil {
		return answer{}, err
	}
	asked := whoAnsweredLive(all)
	switch {
	case slices.ContainsFunc(all.Reports, func(r live.Report) bool { return r.Ended > 0 }):
		return answer{text: "Ended", json: endedStream{"Ended", asked}}, nil
	case len(asked.Missing)+len(asked.Problems) > 0:
		return answer{}, refusef(http.StatusServiceUnavailable, "No node that answers holds %v%s.", id, asked.but()).with("Retry-After", "1")
	}
	return answer{}, refusef(http.StatusNotFound, "No stream %v is held.", id)
}

// askedOf is who is asked: all nodes, unless the query's scope is this one alone.
func (h *Handler) askedOf(q url.Values) (live.Asker, error) {
	switch scope := q.Get("scope"); {
	case !q.Has("scope"), scope == scopeCluster:
		return h.opts.Streams, nil
	case scope == scopeNode:
		return h.opts.OwnStreams, nil
	}
	return nil, errScope()
}

func askLive(ctx context.Context, who live.Asker, q live.Question) (live.Answer, error) {
	all, err := who.AskLive(ctx, q)
	return all, cannotAsk(err)
}

// cannotAsk is the refusal because of other nodes that cannot be asked; other errors
// stay as they are.
func cannotAsk(err error) error {
	var why roll.Unreachable
	if errors.As(err, &why) {
		return refusef(http.StatusServiceUnavailable, "The other nodes cannot be asked: %v. This one alone is asked with scope=node.", why).
			with("Retry-After", "1")
	}
	return err
}
