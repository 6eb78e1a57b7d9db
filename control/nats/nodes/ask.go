package nodes

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	client "github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/control/live"
	"github.com/holdfast-proxy/holdfast/control/roll"
)

const (
	// patience is how long others may take to answer.
	patience = time.Second
	// renewPatience is the same where they may have to wait for others.
	renewPatience = 5 * time.Second
	// askWord ends the subject of questions.
	askWord = "ask"
)

// question is what one node asks all: about channels, unless it is about streams.
type question struct {
	From string `json:"from"` // id of the asking process
	roll.Question
	Live *live.Question `json:"live,omitempty"`
}

// report is what a node answers. To a question about streams it has nothing of
// channels but the node's name.
type report struct {
	ID string `json:"id"` // of the process
	roll.Report
	Live *live.Report `json:"live,omitempty"`
}

// Ask is for roll.Asker: it returns when all nodes have answered that are known
// to be there, or after a second. This node answers without NATS.
func (n *Nodes) Ask(ctx context.Context, q roll.Question) (answer roll.Answer, err error) {
	reports, missing, err := n.ask(ctx, question{From: n.id, Question: q})
	for _, r := range reports {
		answer.Reports = append(answer.Reports, r.Report)
	}
	answer.Missing = missing
	return answer, err
}

// AskLive is for live.Asker, and as Ask. A node that is too old to know what is asked
// says so by a problem.
func (n *Nodes) AskLive(ctx context.Context, q live.Question) (answer live.Answer, err error) {
	reports, missing, err := n.ask(ctx, question{From: n.id, Live: &q})
	for _, r := range reports {
		if r.Live == nil {
			r.Live = &live.Report{Node: r.Node.Name, Problem: "the node is of an older version"}
		}
		answer.Reports = append(answer.Reports, *r.Live)
	}
	answer.Missing = missing
	return answer, err
}

// ask asks all nodes, this one among them. The error is a roll.Unreachable or that ctx
// ended.
func (n *Nodes) ask(ctx context.Context, q question) (reports []report, missing []string, err error) {
	nc := n.conn.Load()
	if nc == nil {
		return nil, nil, roll.Unreachable("nats: not connected")
	}
	if reasons := n.link.NotReady(); reasons != nil {
		return nil, nil, roll.Unreachable(strings.Join(reasons, "; "))
	}
	inbox := make(chan *client.Msg, maxMembers)
	sub, err := nc.ChanSubscribe(nc.NewInbox(), inbox)
	if err != nil {
		return nil, nil, roll.Unreachable(err.Error())
	}
	defer func() { _ = sub.Unsubscribe() }() // an error means that the connection has ended
	asked := &client.Msg{Subject: subject(n.opts.Prefix, askWord), Reply: sub.Subject, Data: encode(q)}
	if err := nc.PublishMsg(asked); err != nil {
		return nil, nil, roll.Unreachable(err.Error())
	}
	a := answers{expected: n.expected(), reports: []report{n.tell(ctx, q)}, from: map[string]bool{n.id: true}, named: map[string]bool{}}
	err = a.collect(ctx, inbox, q.patience())
	return a.reports, a.expected.without(a.named), err
}

// patience is how long others may take to answer. What has a stream renewed may have to
// fetch the history of channels first.
func (q *question) patience() time.Duration {
	if q.Live != nil && q.Live.Op == live.Renew {
		return renewPatience
	}
	return patience
}

// tell is this node's own answer.
func (n *Nodes) tell(ctx context.Context, q question) report {
	if q.Live == nil {
		q.Limit = min(max(q.Limit, 0), maxLimit)
		return report{ID: n.id, Report: roll.Tell(n.opts.Hub, n.opts.Name, q.Question)}
	}
	q.Live.Limit = min(max(q.Live.Limit, 0), maxLimit)
	told := live.Tell(ctx, n.opts.Streams, n.opts.Name, *q.Live)
	return report{ID: n.id, Report: roll.Report{Node: roll.Node{Name: n.opts.Name}}, Live: &told}
}

// answers are what has been answered to one question.
type answers struct {
	expected members
	reports  []report
	from     map[string]bool // ids of the processes
	named    map[string]bool // the nodes' names
}

// collect waits for answers. The error is that ctx has ended.
func (a *answers) collect(ctx context.Context, inbox <-chan *client.Msg, patience time.Duration) error {
	patient := time.NewTimer(patience)
	defer patient.Stop()
	defer a.sort()
	for !a.renewed() && len(a.expected.without(a.named)) > 0 {
		select {
		case m := <-inbox:
			a.add(m)
		case <-patient.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// renewed reports whether the node that holds a stream has answered what only it can.
func (a *answers) renewed() bool {
	return slices.ContainsFunc(a.reports, func(r report) bool { return r.Live != nil && r.Live.Renewed != "" })
}

// add takes a report. What is none is left out: its sender is then missing.
func (a *answers) add(m *client.Msg) {
	var r report
	if json.Unmarshal(m.Data, &r) != nil || r.ID == "" || a.from[r.ID] {
		return
	}
	a.from[r.ID], a.named[r.Node.Name] = true, true
	a.reports = append(a.reports, r)
}

// sort puts the reports in the order of the nodes' names.
func (a *answers) sort() {
	slices.SortStableFunc(a.reports, func(x, y report) int { return cmp.Compare(x.Node.Name, y.Node.Name) })
}

// report answers m, unless it is of our own.
func (n *Nodes) report(ctx context.Context, nc *client.Conn, m *client.Msg) error {
	var q question
	switch err := json.Unmarshal(m.Data, &q); {
	case err != nil:
		return fmt.Errorf("question: %w", err)
	case !strings.HasPrefix(m.Reply, client.InboxPrefix): // never to a subject where it would mean something
		return fmt.Errorf("question: the answer is wanted at %q", m.Reply)
	case q.From == n.id:
		return nil
	}
	answer := func() {
		n.send(nc, &client.Msg{Subject: m.Reply, Data: pack(n.tell(ctx, q), int(nc.MaxPayload()))})
	}
	if q.Live != nil && q.Live.Op == live.Renew {
		n.renewing.Go(answer) // which may wait
		return nil
	}
	answer()
	return nil
}

// maxLimit bounds how many channels or streams are told of at once.
const maxLimit = 10_000

// pack encodes a report in size bytes at most, if that holds one channel or stream.
// Others are left for the next page.
func pack(r report, size int) []byte {
	for {
		payload := encode(r)
		if len(payload) <= size || !r.halve() {
			return payload
		}
	}
}

// halve leaves half of a page for the next one. It reports false if there is no half.
func (r *report) halve() bool {
	switch {
	case r.Live != nil && len(r.Live.Streams) > 1:
		r.Live.Streams, r.Live.More = r.Live.Streams[:len(r.Live.Streams)/2], true
	case len(r.Page) > 1:
		r.Page, r.More = r.Page[:len(r.Page)/2], true
	default:
		return false
	}
	return true
}
