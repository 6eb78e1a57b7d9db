package control

import (
	"context"
	"net/http"

	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/roll"
)

// The values of scope: whose channels are asked for.
const (
	scopeNode    = "node"
	scopeCluster = "cluster"
)

// clusterPage is the answer to GET /channels?scope=cluster. It has no total: a
// channel may be on several nodes, and pages of all would be needed to tell.
type clusterPage struct {
	Limit    int            `json:"limit"`
	Next     string         `json:"next,omitempty"` // where the next page begins; the last has none
	Channels []roll.Channel `json:"channels"`
	asked
}

// clusterChannel is the answer to GET /channels/{name}?scope=cluster.
type clusterChannel struct {
	roll.Channel
	asked
}

// asked tells who has answered, and who has not.
type asked struct {
	Nodes   []roll.Node `json:"nodes"`
	Missing []string    `json:"missing"`
}

// ofCluster reports whether r asks for the channels of all nodes.
func ofCluster(r *http.Request) (bool, error) {
	q := r.URL.Query() // what is wrong with it otherwise is for query to say
	switch scope := q.Get("scope"); {
	case !q.Has("scope"), scope == scopeNode:
		return false, nil
	case scope == scopeCluster:
		return true, nil
	default:
		return false, errScope()
	}
}

func errScope() error {
	return refusef(http.StatusBadRequest, "Parameter \"scope\" must be %s or %s.", scopeNode, scopeCluster)
}

// listCluster lists the channels of all nodes by their names.
func (h *Handler) listCluster(r *http.Request, by *access.Grant) (answer, error) {
	q, err := query(r, "after", "limit", "prefix", "scope")
	if err != nil {
		return answer{}, err
	}
	limit, err := pageSize(q)
	if err != nil {
		return answer{}, err
	}
	all, err := h.ask(r.Context(), roll.Question{Prefix: q.Get("prefix"), After: q.Get("after"), Limit: limit, Only: by.Only()})
	if err != nil {
		return answer{}, err
	}
	page := clusterPage{Limit: limit, asked: whoAnswered(all)}
	if page.Channels, page.Next = roll.Merge(all.Reports, limit); page.Channels == nil {
		page.Channels = []roll.Channel{}
	}
	return answer{json: page}, nil
}

// showInCluster shows what all nodes know of a channel. While one is missing,
// that the others do not know it does not say that there is none.
func (h *Handler) showInCluster(r *http.Request, name string) (answer, error) {
	all, err := h.ask(r.Context(), roll.Question{Channel: name})
	if err != nil {
		return answer{}, err
	}
	shown := clusterChannel{Channel: roll.Channel{Name: name}, asked: whoAnswered(all)}
	if found, _ := roll.Merge(all.Reports, 1); len(found) > 0 {
		shown.Channel = found[0]
	} else if len(all.Missing) == 0 {
		return answer{}, noChannel(name)
	}
	return answer{json: shown}, nil
}

func (h *Handler) ask(ctx context.Context, q roll.Question) (roll.Answer, error) {
	all, err := h.opts.Cluster.Ask(ctx, q)
	return all, cannotAsk(err)
}

func whoAnswered(all roll.Answer) asked {
	who := asked{Nodes: []roll.Node{}, Missing: append([]string{}, all.Missing...)}
	for _, r := range all.Reports {
		who.Nodes = append(who.Nodes, r.Node)
	}
	return who
}
