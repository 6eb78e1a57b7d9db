package live

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/barred"
)

// Op is what a question asks for.
type Op string

// The operations.
const (
	List   Op = "list"
	End    Op = "end"
	Revoke Op = "revoke"
	Renew  Op = "renew"
)

// Action is what becomes of streams that are revoked.
type Action string

// Actions are all there are.
func Actions() []Action { return []Action{Bar, Recheck} }

// The actions.
const (
	// Bar ends them, and turns their clients away for a while.
	Bar Action = "end"
	// Recheck asks their clients for new credentials; those that cannot be asked end,
	// and may come back.
	Recheck Action = "recheck"
)

// Question is what nodes are asked.
type Question struct {
	Op Op `json:"op"`
	// Rule says whose streams, for List and Revoke; for List it may say nothing, which
	// means all.
	Rule barred.Rule `json:"rule"`
	// After and Limit are about a page: streams whose id is larger than After, and at
	// most how many.
	After uint64 `json:"after,omitempty"`
	Limit int    `json:"limit,omitempty"`
	// ID is the stream to end.
	ID uint64 `json:"id,omitempty"`
	// Action and For are of Revoke; For is how long clients are turned away.
	Action Action        `json:"action,omitempty"`
	For    time.Duration `json:"for,omitempty"`
	// Renewal is of Renew: the answer to a challenge of one of the nodes' streams, as
	// those who hold streams write it.
	Renewal json.RawMessage `json:"renewal,omitempty"`
}

// Stream describes a held response.
type Stream struct {
	ID       ID                `json:"id"`
	Node     string            `json:"node"`
	Route    string            `json:"route"`
	Protocol string            `json:"protocol"`
	Address  string            `json:"address,omitempty"` // of the client
	User     string            `json:"user,omitempty"`
	TokenID  string            `json:"token_id,omitempty"`
	Meta     map[string]string `json:"meta,omitempty"`
	Since    time.Time         `json:"since"`
	Age      int64             `json:"age"` // seconds
	Channels []string          `json:"channels"`
	Behind   uint64            `json:"behind"` // entries not read yet
	// Silent: it has not told its Channels and Behind in time. It is stuck in a write,
	// or has just ended.
	Silent bool `json:"silent,omitempty"`
}

// Report is what one node answers.
type Report struct {
	Node    string   `json:"node"`
	Streams []Stream `json:"streams,omitempty"` // by id
	More    bool     `json:"more,omitempty"`    // the node has others after these
	Ended   int      `json:"ended,omitempty"`
	Checked int      `json:"checked,omitempty"` // asked for new credentials
	// Renewed is what became of a Renewal; empty: the stream is not there.
	Renewed string `json:"renewed,omitempty"`
	// Problem is why a revocation could not be carried out there; empty: it was.
	Problem string `json:"problem,omitempty"`
}

// Answer is what all nodes answer.
type Answer struct {
	Reports []Report
	Missing []string // the names of nodes that did not answer, sorted
}

// Keeper is a node's streams. Its methods may be called from any goroutine.
type Keeper interface {
	// Streams returns a page, as a Question asks for it, and whether there are more. It
	// may wait a moment for what the streams are doing.
	Streams(ctx context.Context, q Question) (page []Stream, more bool)
	// End ends a stream and reports whether there was one.
	End(id uint64) bool
	// Revoke carries out a revocation. The error is that it could not be.
	Revoke(q Question) (ended, checked int, err error)
	// Renew carries out a Renewal and returns what became of it, nothing if the stream is
	// not here. It may wait a while.
	Renew(ctx context.Context, renewal []byte) (what string)
}

// Asker asks all nodes. An error is a roll.Unreachable or that ctx ended. Ask may be
// called from any goroutine.
type Asker interface {
	AskLive(ctx context.Context, q Question) (Answer, error)
}

// Alone is a node without others.
type Alone struct {
	Node   string
	Keeper Keeper
}

// AskLive implements Asker. There is no error.
func (a Alone) AskLive(ctx context.Context, q Question) (Answer, error) {
	return Answer{Reports: []Report{Tell(ctx, a.Keeper, a.Node, q)}}, nil
}

// Tell answers q for the node whose streams k has.
func Tell(ctx context.Context, k Keeper, node string, q Question) Report {
	r := Report{Node: node}
	switch q.Op {
	case List:
		r.Streams, r.More = k.Streams(ctx, q)
		for i := range r.Streams {
			r.Streams[i].Node = node
		}
	case End:
		if k.End(q.ID) {
			r.Ended = 1
		}
	case Revoke:
		if !slices.Contains(Actions(), q.Action) {
			r.Problem = "the action is not known"
			break
		}
		var err error
		if r.Ended, r.Checked, err = k.Revoke(q); err != nil {
			r.Problem = err.Error()
		}
	case Renew:
		r.Renewed = k.Renew(ctx, q.Renewal)
	default:
		r.Problem = "the operation is not known"
	}
	return r
}
