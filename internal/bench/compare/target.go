package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// A Target is what Holdfast is to reach in a case. The bound is Times what another
// server has in the same round, or Holdfast itself in another case, and Plus.
type Target struct {
	Figure string  `json:"figure"`
	Server string  `json:"server,omitempty"`
	Case   string  `json:"case,omitempty"`
	Times  float64 `json:"times,omitempty"`
	Plus   float64 `json:"plus,omitempty"` // in the figure's unit
	Better Better  `json:"better"`         // Less: at most the bound
}

// atMost is a bound that is a number.
func atMost(figure string, bound float64) Target {
	return Target{Figure: figure, Plus: bound, Better: Less}
}

// atMostOf is a bound that another server sets in each round.
func atMostOf(server string, times float64, figure string) Target {
	return Target{Figure: figure, Server: server, Times: times, Better: Less}
}

// A verdict is what came of a target.
type verdict struct {
	aim     string
	got     string
	reached string // "yes", "no", or why it is not known
}

// judge compares what Holdfast has with the bound.
func (d *Document) judge(o Outcome, t Target) verdict {
	ours, ok := o.row(us)
	s, also := ours.series(t.Figure)
	v := verdict{aim: d.aim(t, s.Unit), got: "–", reached: "not measured"}
	if !ok || !also {
		return v
	}
	v.got = cell(ours, t.Figure)
	switch {
	case t.Server != "":
		theirs, ok := o.row(t.Server)
		if !ok {
			return v
		}
		return t.overRounds(v, s, theirs)
	case t.Case != "":
		base, ok := d.ours(t.Case, t.Figure)
		if !ok {
			return v
		}
		v.got += fmt.Sprintf(", %s", bench.Times.Format(s.Median/base.Median))
		v.reached = t.met(s.Median, t.Times*base.Median+t.Plus)
	case s.Unit == bench.Number: // what is counted must hold in every round
		v.reached = t.met(s.High, t.Plus)
	default:
		v.reached = t.met(s.Median, t.Plus)
	}
	return v
}

// overRounds judges round by round: the median of the ratios, or of the
// differences.
func (t Target) overRounds(v verdict, ours bench.Series, theirs Row) verdict {
	s, ok := theirs.series(t.Figure)
	if !ok || len(s.Values) != len(ours.Values) {
		return v
	}
	var over []float64 // by how much more than what is allowed by Times
	for i, value := range ours.Values {
		over = append(over, value-t.Times*s.Values[i])
	}
	slices.Sort(over)
	n := len(over)
	v.reached = t.met((over[(n-1)/2]+over[n/2])/2, t.Plus)
	if r, ok := against(Row{Figures: []bench.Series{ours}}, theirs, t.Figure); ok {
		v.got += fmt.Sprintf(", %s (%.2f – %.2f)", bench.Times.Format(r.median), r.low, r.high)
	}
	return v
}

func (t Target) met(value, bound float64) string {
	if t.Better == More && value >= bound || t.Better == Less && value <= bound {
		return "yes"
	}
	return "no"
}

// ours is a figure of Holdfast's in another case.
func (d *Document) ours(name, figure string) (bench.Series, bool) {
	for _, o := range d.Cases {
		if o.Name != name {
			continue
		}
		if row, ok := o.row(us); ok {
			return row.series(figure)
		}
	}
	return bench.Series{}, false
}

// aim writes the bound for people.
func (d *Document) aim(t Target, unit bench.Unit) string {
	var terms []string
	if of := cmp.Or(t.Server, d.title(t.Case)); of != "" {
		terms = append(terms, strings.TrimPrefix(fmt.Sprintf("%.3g × %s", t.Times, of), "1 × "))
	}
	if t.Plus != 0 || len(terms) == 0 {
		terms = append(terms, unit.Format(t.Plus))
	}
	sign := "≤ "
	if t.Better == More {
		sign = "≥ "
	}
	return sign + strings.Join(terms, " + ")
}

func (d *Document) title(name string) string {
	for _, o := range d.Cases {
		if o.Name == name {
			return "in “" + o.Title + "”"
		}
	}
	return name
}

// targets writes what was aimed at and what came of it.
func (p *page) targets(d *Document) {
	rows := [][]string{{"case", "figure", "aim", "Holdfast", "reached"}}
	for _, o := range d.Cases {
		for _, t := range o.Targets {
			v := d.judge(o, t)
			rows = append(rows, []string{o.Title, t.Figure, v.aim, v.got, v.reached})
		}
	}
	if len(rows) == 1 {
		return
	}
	p.line("## What Holdfast aims at\n")
	p.line("What is bound to another server is judged by the median over the rounds, each compared with the other server's")
	p.line("in the same round.\n")
	p.table(rows)
}
