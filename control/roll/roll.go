package roll

import (
	"context"

	"github.com/holdfast-proxy/holdfast/channels"
)

// Question is what nodes are asked.
type Question struct {
	// Channel is the only one that is asked for, unless it is empty.
	Channel string `json:"channel,omitempty"`
	// Prefix, After and Limit are about a page: channels whose names start with
	// Prefix and come after After, and at most how many.
	Prefix string `json:"prefix,omitempty"`
	After  string `json:"after,omitempty"`
	Limit  int    `json:"limit,omitempty"`
	// Only leaves out the channels that it does not name, from pages and totals.
	Only channels.Patterns `json:"only,omitempty"`
}

// Channel describes a channel, on one node or on many.
type Channel struct {
	Name        string `json:"name"`
	Subscribers int    `json:"subscribers"`
	Entries     int    `json:"entries"`         // kept for replay
	Bytes       int64  `json:"bytes"`           // of these entries
	First       string `json:"first,omitempty"` // position of the oldest entry kept
	Last        string `json:"last,omitempty"`  // position of the newest
}

// Node is a node that answers, with the totals of what was asked for. A stream
// counts once for each of its channels.
type Node struct {
	Name        string `json:"name"`
	Channels    int    `json:"channels"`
	Subscribers int    `json:"subscribers"`
}

// Report is what one node answers.
type Report struct {
	Node Node      `json:"node"`
	Page []Channel `json:"page"` // by name
	More bool      `json:"more"` // the node has others after the page
}

// Answer is what all nodes answer.
type Answer struct {
	Reports []Report
	Missing []string // the names of nodes that did not answer, sorted
}

// Asker asks all nodes. An error is an Unreachable or that ctx ended; nodes that do
// not answer are none, and are told of by their names. Ask may be called from any
// goroutine.
type Asker interface {
	Ask(ctx context.Context, q Question) (Answer, error)
}

// Unreachable says why other nodes cannot be asked.
type Unreachable string

// Error returns the reason.
func (e Unreachable) Error() string { return string(e) }

// Hub is what a report needs of channels.Hub.
type Hub interface {
	Channels(channels.Listing) (page []channels.Info, of channels.Totals)
	Channel(name string) (channels.Info, bool)
}

// Alone is a node without others. Its methods may be called from any goroutine.
type Alone struct {
	Node string
	Hub  Hub
}

// Ask is for Asker. There is no error.
func (a Alone) Ask(_ context.Context, q Question) (Answer, error) {
	return Answer{Reports: []Report{Tell(a.Hub, a.Node, q)}}, nil
}

// Tell answers q for the node whose hub it is.
func Tell(h Hub, node string, q Question) Report {
	r := Report{Node: Node{Name: node}, Page: []Channel{}}
	if q.Channel != "" {
		if info, ok := h.Channel(q.Channel); ok {
			r.Node.Channels, r.Node.Subscribers = 1, info.Streams
			r.Page = append(r.Page, Describe(info))
		}
		return r
	}
	// One more than wanted tells whether there are more.
	infos, of := h.Channels(channels.Listing{Prefix: q.Prefix, Only: q.Only, ByName: true, After: q.After, Limit: q.Limit + 1})
	if r.More = len(infos) > q.Limit; r.More {
		infos = infos[:q.Limit]
	}
	for _, info := range infos {
		r.Page = append(r.Page, Describe(info))
	}
	r.Node.Channels, r.Node.Subscribers = of.Channels, of.Streams
	return r
}

// Describe tells of a channel of one node.
func Describe(i channels.Info) Channel {
	c := Channel{Name: i.Name, Subscribers: i.Streams, Entries: i.Entries, Bytes: i.Bytes}
	if i.Entries > 0 {
		c.First, c.Last = i.First.String(), i.Last.String()
	}
	return c
}
