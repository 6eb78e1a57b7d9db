package control

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/roll"
)

const (
	defaultPage = 100
	maxPage     = 1000
)

// channelPage is the answer to GET /channels.
type channelPage struct {
	Total    int            `json:"total"` // channels with the prefix that may be seen
	Offset   int            `json:"offset"`
	Limit    int            `json:"limit"`
	Channels []roll.Channel `json:"channels"`
}

// closedChannel is the JSON answer to DELETE /channels/{name}.
type closedChannel struct {
	Message     string `json:"message"`
	Subscribers int    `json:"subscribers"`
}

// listChannels serves GET /channels: those that the token is for.
func (h *Handler) listChannels(r *http.Request, by *access.Grant) (answer, error) {
	whole, err := ofCluster(r)
	switch {
	case err != nil:
		return answer{}, err
	case whole:
		return h.listCluster(r, by)
	}
	return h.listNode(r, by)
}

// listNode lists this node's channels, the most subscribed first.
func (h *Handler) listNode(r *http.Request, by *access.Grant) (answer, error) {
	q, err := query(r, "limit", "offset", "prefix", "scope")
	if err != nil {
		return answer{}, err
	}
	limit, err := pageSize(q)
	if err != nil {
		return answer{}, err
	}
	offset, err := number(q, "offset", 0, 0, 1<<31-1)
	if err != nil {
		return answer{}, err
	}
	infos, of := h.opts.Hub.Channels(channels.Listing{Offset: offset, Limit: limit, Prefix: q.Get("prefix"), Only: by.Only()})
	page := channelPage{Total: of.Channels, Offset: offset, Limit: limit, Channels: make([]roll.Channel, len(infos))}
	for i, info := range infos {
		page.Channels[i] = roll.Describe(info)
	}
	return answer{json: page}, nil
}

// pageSize is how many channels are wanted at most.
func pageSize(q url.Values) (int, error) { return number(q, "limit", defaultPage, 1, maxPage) }

// showChannel serves GET /channels/{name}.
func (h *Handler) showChannel(r *http.Request, by *access.Grant) (answer, error) {
	whole, err := ofCluster(r)
	if err != nil {
		return answer{}, err
	}
	name, err := channelName(r, by, "scope")
	switch {
	case err != nil:
		return answer{}, err
	case whole:
		return h.showInCluster(r, name)
	}
	info, ok := h.opts.Hub.Channel(name)
	if !ok {
		return answer{}, noChannel(name)
	}
	return answer{json: roll.Describe(info)}, nil
}

// closeChannel serves DELETE /channels/{name}: the channel's streams end, after
// what was published before.
func (h *Handler) closeChannel(r *http.Request, by *access.Grant) (answer, error) {
	name, err := channelName(r, by)
	if err != nil {
		return answer{}, err
	}
	n, known, err := h.opts.Hub.CloseChannel(r.Context(), name)
	if err != nil {
		return answer{}, fmt.Errorf("close channel: %w", err)
	}
	if !known {
		return answer{}, noChannel(name)
	}
	return answer{text: fmt.Sprintf("Closed %d", n), json: closedChannel{"Closed", n}}, nil
}

// channelName returns the channel that r's path names, which must be one that the
// token is for. Of query parameters only those allowed may be there.
func channelName(r *http.Request, by *access.Grant, allowed ...string) (string, error) {
	if _, err := query(r, allowed...); err != nil {
		return "", err
	}
	name := r.PathValue("name")
	if err := channels.CheckName(name); err != nil {
		return "", err
	}
	return name, by.Channel(name)
}

func noChannel(name string) error {
	return refusef(http.StatusNotFound, "Channel %q has no subscribers and no entries.", name)
}
