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

	"github.com/holdfast-proxy/holdfast/control/roll"
)

const (
	// patience is how long others may take to answer.
	patience = time.Second
	// askWord ends the subject of questions.
	askWord = "ask"
)

// question is what one node asks all.
type question struct {
	From string `json:"from"` // id of the asking process
	roll.Question
}

// report is what a node answers.
type report struct {
	ID string `json:"id"` // of the process
	roll.Report
}

// Ask is for roll.Asker: it returns when all nodes have answered that are known
// to be there, or after a second. This node answers without NATS.
func (n *Nodes) Ask(ctx context.Context, q roll.Question) (roll.Answer, error) {
	nc := n.conn.Load()
	if nc == nil {
		return roll.Answer{}, roll.Unreachable("nats: not connected")
	}
	if reasons := n.link.NotReady(); reasons != nil {
		return roll.Answer{}, roll.Unreachable(strings.Join(reasons, "; "))
	}
	inbox := make(chan *client.Msg, maxMembers)
	sub, err := nc.ChanSubscribe(nc.NewInbox(), inbox)
	if err != nil {
		return roll.Answer{}, roll.Unreachable(err.Error())
	}
	defer func() { _ = sub.Unsubscribe() }() // an error means that the connection has ended
	asked := &client.Msg{Subject: subject(n.opts.Prefix, askWord), Reply: sub.Subject, Data: encode(question{n.id, q})}
	if err := nc.PublishMsg(asked); err != nil {
		return roll.Answer{}, roll.Unreachable(err.Error())
	}
	a := answers{expected: n.expected(), reports: []roll.Report{roll.Tell(n.opts.Hub, n.opts.Name, q)}, from: map[string]bool{n.id: true}, named: map[string]bool{}}
	return a.collect(ctx, inbox)
}

// answers are what has been answered to one question.
type answers struct {
	expected members
	reports  []roll.Report
	from     map[string]bool // ids of the processes
	named    map[string]bool // the nodes' names
}

// collect waits for answers. The error is that ctx has ended.
func (a *answers) collect(ctx context.Context, inbox <-chan *client.Msg) (roll.Answer, error) {
	patient := time.NewTimer(patience)
	defer patient.Stop()
	for len(a.expected.without(a.named)) > 0 {
		select {
		case m := <-inbox:
			a.add(m)
		case <-patient.C:
			return a.answer(), nil
		case <-ctx.Done():
			return roll.Answer{}, context.Cause(ctx)
		}
	}
	return a.answer(), nil
}

// add takes a report. What is none is left out: its sender is then missing.
func (a *answers) add(m *client.Msg) {
	var r report
	if json.Unmarshal(m.Data, &r) != nil || r.ID == "" || a.from[r.ID] {
		return
	}
	a.from[r.ID], a.named[r.Node.Name] = true, true
	a.reports = append(a.reports, r.Report)
}

func (a *answers) answer() roll.Answer {
	slices.SortStableFunc(a.reports, func(x, y roll.Report) int { return cmp.Compare(x.Node.Name, y.Node.Name) })
	return roll.Answer{Reports: a.reports, Missing: a.expected.without(a.named)}
}

// report answers m, unless it is of our own.
func (n *Nodes) report(nc *client.Conn, m *client.Msg) error {
	var q question
	switch err := json.Unmarshal(m.Data, &q); {
	case err != nil:
		return fmt.Errorf("question: %w", err)
	case !strings.HasPrefix(m.Reply, client.InboxPrefix): // never to a subject where it would mean something
		return fmt.Errorf("question: the answer is wanted at %q", m.Reply)
	case q.From == n.id:
		return nil
	}
	q.Limit = min(max(q.Limit, 0), maxLimit)
	r := report{n.id, roll.Tell(n.opts.Hub, n.opts.Name, q.Question)}
	n.send(nc, &client.Msg{Subject: m.Reply, Data: pack(r, int(nc.MaxPayload()))})
	return nil
}

// maxLimit bounds how many channels are told of at once.
const maxLimit = 10_000

// pack encodes a report in size bytes at most, if that holds one channel. Others
// are left for the next page.
func pack(r report, size int) []byte {
	for {
		payload := encode(r)
		if len(payload) <= size || len(r.Page) <= 1 {
			return payload
		}
		r.Page, r.More = r.Page[:len(r.Page)/2], true
	}
}
