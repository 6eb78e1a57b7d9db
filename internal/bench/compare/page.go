package compare

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// us is the server that the page is about, plainFloor the one that ratios start
// from where a case names no other.
const (
	us         = "Holdfast"
	plainFloor = "floor"
)

// WritePage writes the document as a page of Markdown. The same document always
// makes the same page.
func (d *Document) WritePage(w io.Writer) error {
	p := &page{}
	p.intro(d)
	for _, o := range d.Cases {
		p.outcome(o)
	}
	p.targets(d)
	p.losses(d)
	p.caveats(d)
	p.configurations(d)
	_, err := io.WriteString(w, p.String())
	return err
}

// page is one being written.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) {
	fmt.Fprintf(p, format+"\n", args...)
}

// table writes a table; the first row is the head.
func (p *page) table(rows [][]string) {
	for i, row := range rows {
		p.line("| %s |", strings.Join(row, " | "))
		if i == 0 {
			p.line("|%s", strings.Repeat("---|", len(row)))
		}
	}
	p.line("")
}

func (p *page) intro(d *Document) {
	p.line("# Benchmarks\n")
	p.line("<!-- Written by `holdfast bench page` from benchmarks.json; `make bench-peers` makes both anew. -->\n")
	p.line("Holdfast beside other servers of event streams, on one machine, with the same client, in one run.")
	p.line("Every round measures every server once, each in a new process, and begins with another server. A cell is")
	p.line("the median of the rounds, with the lowest and the highest in brackets. CPU and memory are of all the")
	p.line("server's processes; events have 200 bytes unless a case says otherwise.\n")
	m := d.Machine
	p.table([][]string{
		{"", ""},
		{"taken", fmt.Sprintf("%s, in %.0f min, by `%s`", d.Taken.Format("2006-01-02 15:04 MST"), d.Minutes, d.Command)},
		{"machine", fmt.Sprintf("%s, %d cores, %s", m.CPU, m.Cores, m.Memory)},
		{"system", fmt.Sprintf("%s, %s; a process may open %s files", m.System, m.Go, m.Files)},
		{"load (1 min)", fmt.Sprintf("%s before, %s after", m.LoadBefore, m.LoadAfter)},
		{"each server", fmt.Sprintf("on %d of the cores, which client and origin use too", d.Cores)},
	})
	rows := [][]string{{"server", "what it is", "version", "asks an origin"}}
	for _, s := range d.Servers {
		rows = append(rows, []string{s.Name, s.What, s.version(), yes(s.Origin)})
	}
	p.table(rows)
}

func (s Server) version() string {
	if s.Missing != "" {
		return "not measured: " + oneLine(s.Missing)
	}
	return s.Version
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func oneLine(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

func (p *page) outcome(o Outcome) {
	p.line("## %s\n", o.Title)
	p.line("%s (`%s`; %s)\n", o.About, o.Command, count(o.Rounds, "round"))
	head := []string{"server"}
	for _, c := range o.Columns {
		head = append(head, c.Title)
	}
	ratios := o.ratios()
	for _, c := range ratios {
		head = append(head, c.Title+" ÷ "+o.Floor)
	}
	rows := [][]string{head}
	for _, r := range o.Rows {
		rows = append(rows, o.cells(r, ratios))
	}
	p.table(rows)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// ratios are the columns to compare with the floor's, if that took part.
func (o Outcome) ratios() []Column {
	var compared []Column
	if _, ok := o.row(o.Floor); !ok {
		return nil
	}
	for i, c := range o.Columns {
		if slices.Contains(o.Ratios, c.Figure) || len(o.Ratios) == 0 && i == 0 && c.Better == Less {
			compared = append(compared, c)
		}
	}
	return compared
}

func (o Outcome) cells(r Row, ratios []Column) []string {
	cells := []string{r.Server}
	if r.Failed != "" {
		return append(cells, "failed: "+oneLine(r.Failed))
	}
	for _, c := range o.Columns {
		cells = append(cells, cell(r, c.Figure))
	}
	for _, c := range ratios {
		cells = append(cells, o.toFloor(r, c))
	}
	return cells
}

func cell(r Row, figure string) string {
	s, ok := r.series(figure)
	if !ok {
		return "–"
	}
	if s.Low == s.High {
		return s.Unit.Format(s.Median)
	}
	return fmt.Sprintf("%s (%s – %s)", s.Unit.Format(s.Median), s.Unit.Format(s.Low), s.Unit.Format(s.High))
}

// toFloor is a column's ratio.
func (o Outcome) toFloor(r Row, c Column) string {
	if r.Server == o.Floor {
		return "1"
	}
	base, _ := o.row(o.Floor)
	if q, ok := against(r, base, c.Figure); ok {
		return fmt.Sprintf("%.2f (%.2f – %.2f)", q.median, q.low, q.high)
	}
	return "–"
}

func (p *page) losses(d *Document) {
	p.line("## Where Holdfast is not the best\n")
	p.line("Every figure above where another server did better: in each single round, or by more than a twentieth")
	p.line("of the median where the rounds disagree. The floors are not among them, since they do not do the work.\n")
	any := false
	for _, s := range d.Servers {
		if s.Name == us || strings.HasPrefix(s.Name, plainFloor) {
			continue
		}
		for _, f := range d.losses(us, s.Name) {
			any = true
			p.line("- %s, %s: %s has %s, Holdfast %s%s.", f.title, f.column.Title, s.Name,
				f.theirs.Unit.Format(f.theirs.Median), f.ours.Unit.Format(f.ours.Median), f.how())
		}
	}
	if !any {
		p.line("None in this run.")
	}
	p.line("")
}

// how says by how much, and how sure that is.
func (f finding) how() string {
	if f.ratio == (ratio{}) {
		return ""
	}
	text := fmt.Sprintf(" (%.2f times worse, %.2f – %.2f)", f.ratio.median, f.ratio.low, f.ratio.high)
	if !f.clear {
		text += ", but not in every round"
	}
	return text
}

func (p *page) caveats(d *Document) {
	p.line("## How to read this\n")
	p.line("- Client, origin and server share one machine and its loopback: there is no network, and what the client")
	p.line("  takes is not there for the server. Latencies are upper bounds of what the server adds; ratios of CPU time")
	p.line("  in one run say more than any single number.")
	p.line("- A round is short, and there are few. Figures of other runs differ, more so where something else uses the")
	p.line("  machine: look at the load above.")
	p.line("- A latency is from just before the publish request is sent to the read that brings the event. A request")
	p.line("  that a server answers late makes all its events late, and those of the next one if that was due before.")
	p.line("- Memory is the proportional set size of the processes. Kernel buffers are not in it; they are about the")
	p.line("  same for all, except for streams that do not read.")
	p.line("- Garbage, collections and pauses are what the Go runtime of a server says, if it does: garbage is all that")
	p.line("  was allocated, kept or not, a collection's CPU time the runtime's estimate with what it did while nothing")
	p.line("  else ran, the longest pause that of the last 256 collections, each with its pauses added up.")
	for _, s := range d.Servers {
		if s.Note != "" {
			p.line("- %s: %s", s.Name, s.Note)
		}
	}
	p.line("")
}

func (p *page) configurations(d *Document) {
	p.line("## Configurations\n")
	p.line("DIR is a directory for the run, CLIENTS, CONTROL and ORIGIN are addresses of 127.0.0.1.\n")
	for _, s := range d.Servers {
		if s.Config == "" {
			continue
		}
		p.line("%s:\n\n```\n%s\n```\n", s.Name, strings.TrimSpace(s.Config))
	}
}
