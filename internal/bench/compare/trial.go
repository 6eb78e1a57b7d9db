package compare

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/bench/peer"
)

// trial is a case under way, with the servers that can do it.
type trial struct {
	*comparison
	work    Case
	rounds  int
	servers []*entrant
}

// entrant is a server in a trial.
type entrant struct {
	index   int // of plan.Peers
	reports []*bench.Report
	err     error // it failed, and is not asked again
}

func (c *comparison) trial(work Case) *trial {
	t := &trial{comparison: c, work: work, rounds: c.plan.Rounds}
	if work.rounds > 0 && !c.plan.AllRounds {
		t.rounds = min(t.rounds, work.rounds)
	}
	for _, i := range c.present {
		if work.suits(c.plan.Peers[i]) {
			t.servers = append(t.servers, &entrant{index: i})
		}
	}
	return t
}

// suits reports whether a server can do the case, and comparing it is of use.
func (c Case) suits(p peer.Peer) bool {
	if c.can == nil {
		return !p.ConnectOnly
	}
	return c.can(p)
}

// run measures round by round, each beginning with another server. The error is
// that of ctx.
func (t *trial) run(ctx context.Context) error {
	for round := range t.rounds {
		for k := range t.servers {
			e := t.servers[(k+round)%len(t.servers)]
			if e.err != nil {
				continue
			}
			report, err := t.measure(ctx, e)
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			e.reports, e.err = append(e.reports, report), err
			t.tell(round, e)
		}
	}
	return nil
}

// measure measures a server in a process of its own.
func (t *trial) measure(ctx context.Context, e *entrant) (r *bench.Report, err error) {
	server, err := t.plan.Peers[e.index].Start(ctx, peer.Conditions{Origin: t.origin, Cores: t.plan.Cores, TLS: t.work.tls})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	if s := &t.doc.Servers[e.index]; s.Config == "" {
		s.Config = server.Config()
	}
	cfg := t.work.config()
	server.Apply(&cfg)
	return bench.Measure(ctx, cfg)
}

func (t *trial) tell(round int, e *entrant) {
	outcome := "done"
	if e.err != nil {
		outcome = e.err.Error()
	}
	fmt.Fprintf(t.plan.Progress, "%s, round %d of %d, %s: %s\n", t.work.Name, round+1, t.rounds, t.plan.Peers[e.index].Name, outcome)
}

func (t *trial) outcome() Outcome {
	out := Outcome{
		Name: t.work.Name, Title: t.work.Title, About: t.work.About, Command: t.work.command(),
		Rounds: t.rounds, Floor: cmp.Or(t.work.floor, plainFloor), Columns: t.work.Columns,
		Ratios: t.work.ratios, Targets: t.work.targets,
	}
	for _, e := range t.servers {
		row := Row{Server: t.plan.Peers[e.index].Name}
		if e.err != nil {
			row.Failed = e.err.Error()
		} else {
			row.Figures = bench.Summarize(e.reports)
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
