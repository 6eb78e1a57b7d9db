package control

import (
	"fmt"
	"net/http"

	"github.com/holdfast-proxy/holdfast/channels"
)

const (
	defaultPage = 100
	maxPage     = 1000
)

// channelPage is the answer to GET /channels.
type channelPage struct {
	Total    int           `json:"total"` // channels with the prefix
	Offset   int           `json:"offset"`
	Limit    int           `json:"limit"`
	Channels []channelInfo `json:"channels"`
}

// channelInfo describes one channel.
type channelInfo struct {
	Name        string `json:"name"`
	Subscribers int    `json:"subscribers"`
	Entries     int    `json:"entries"`         // kept for replay
	Bytes       int64  `json:"bytes"`           // of these entries
	First       string `json:"first,omitempty"` // position of the oldest entry kept
	Last        string `json:"last,omitempty"`  // position of the newest
}

// closedChannel is the JSON answer to DELETE /channels/{name}.
type closedChannel struct {
	Message     string `json:"message"`
	Subscribers int    `json:"subscribers"`
}

// listChannels serves GET /channels, the most subscribed first.
func (h *Handler) listChannels(r *http.Request) (answer, error) {
	q, err := query(r, "limit", "offset", "prefix")
	if err != nil {
		return answer{}, err
	}
	limit, err := number(q, "limit", defaultPage, 1, maxPage)
	if err != nil {
		return answer{}, err
	}
	offset, err := number(q, "offset", 0, 0, 1<<31-1)
	if err != nil {
		return answer{}, err
	}
	infos, of := h.opts.Hub.Channels(channels.Listing{Offset: offset, Limit: limit, Prefix: q.Get("prefix")})
	page := channelPage{Total: of.Channels, Offset: offset, Limit: limit, Channels: make([]channelInfo, len(infos))}
	for i, info := range infos {
		page.Channels[i] = describeChannel(info)
	}
	return answer{json: page}, nil
}

// showChannel serves GET /channels/{name}.
func (h *Handler) showChannel(r *http.Request) (answer, error) {
	name, err := channelName(r)
	if err != nil {
		return answer{}, err
	}
	info, ok := h.opts.Hub.Channel(name)
	if !ok {
		return answer{}, noChannel(name)
	}
	return answer{json: describeChannel(info)}, nil
}

// closeChannel serves DELETE /channels/{name}: the channel's streams end, after
// what was published before.
func (h *Handler) closeChannel(r *http.Request) (answer, error) {
	name, err := channelName(r)
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

// channelName returns the channel that r's path names. No query is allowed.
func channelName(r *http.Request) (string, error) {
	if _, err := query(r); err != nil {
		return "", err
	}
	name := r.PathValue("name")
	return name, channels.CheckName(name)
}

func noChannel(name string) error {
	return refusef(http.StatusNotFound, "Channel %q has no subscribers and no entries.", name)
}

func describeChannel(i channels.Info) channelInfo {
	info := channelInfo{
		Name:        i.Name,
		Subscribers: i.Streams,
		Entries:     i.Entries,
		Bytes:       i.Bytes,
	}
	if i.Entries > 0 {
		info.First, info.Last = i.First.String(), i.Last.String()
	}
	return info
}
