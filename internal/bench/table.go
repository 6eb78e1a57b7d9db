package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteTable writes the result for people: a single run in full, of several each
// figure's median and spread.
func (r *Result) WriteTable(out io.Writer) error {
	if len(r.Runs) == 1 {
		return r.Runs[0].WriteTable(out)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	t := table{w}
	t.row(fmt.Sprintf("%d runs", len(r.Runs)), "median\tlowest\thighest")
	for _, s := range r.Figures {
		t.row(s.Name, "%s\t%s\t%s", s.Unit.Format(s.Median), s.Unit.Format(s.Low), s.Unit.Format(s.High))
	}
	return w.Flush()
}

// WriteTable writes the report for people.
func (r *Report) WriteTable(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	t := table{w}
	t.row("streams", "%d of %d opened in %.2f s, %.0f/s", r.Connect.Opened, r.Streams, r.Connect.Seconds, r.Connect.PerSecond)
	t.reasons("not opened", r.Connect.Failed)
	if p := r.Publish; p != nil {
		t.row("published", "%d items in %.2f s, %.0f/s; channels: %d", p.Items, p.Seconds, p.PerSecond, p.Channels)
	}
	t.deliveries(r.Deliver)
	t.replay(r.Replay)
	t.special(r)
	t.latencies(r)
	t.server(r.Server)
	t.runtime(r.Go)
	return w.Flush()
}

// table writes tab-separated rows. Errors of the writer show in its Flush.
type table struct{ w io.Writer }

func (t table) row(name, format string, args ...any) {
	fmt.Fprintf(t.w, "%s\t"+format+"\n", append([]any{name}, args...)...)
}

// section leaves a line empty; the columns below have widths of their own.
func (t table) section() { fmt.Fprintln(t.w) }

func (t table) reasons(name string, counts map[string]int) {
	if len(counts) > 0 {
		t.row(name, "%s", list(counts))
	}
}

func (t table) deliveries(d *DeliverReport) {
	if d == nil {
		return
	}
	t.row("delivered", "%d events in %.2f s, %.0f/s, %.1f MB", d.Delivered, d.Seconds, d.PerSecond, float64(d.Bytes)/1e6)
	t.row("", "%d missing, %d duplicate, %d out of order, %d gap events, %d strays", d.Missing, d.Duplicates, d.OutOfOrder, d.Gaps, d.Strays)
	t.reasons("ended early", d.Ended)
}

func (t table) replay(r *ReplayReport) {
	if r == nil {
		return
	}
	t.row("replayed", "%d events in %.2f s, %.0f/s; %d missing", r.Delivered, r.Seconds, r.PerSecond, r.Missing)
	if r.CPUPerEvent != 0 {
		t.row("", "CPU %.3f µs an event", r.CPUPerEvent)
	}
}

// special is what only some scenarios have.
func (t table) special(r *Report) {
	if c := r.Idle; c != nil {
		t.row("idle channels", "%d, memory %s each", c.Channels, Bytes.Format(c.MemoryPerChannel))
	}
	if c := r.Churn; c != nil {
		t.row("came and went", "%d streams, p99 %s", c.Opened, Micros.Format(c.Latency.P99))
		t.reasons("", c.Failed)
	}
	if s := r.Stuck; s != nil {
		t.stuck(s)
	}
}

func (t table) stuck(s *StuckReport) {
	t.row("did not read", "%d streams: then %d got everything, %d were told of what they miss, %d were not", s.Streams, s.Whole, s.Told, s.Silent)
	if q := s.Queue; q != nil {
		t.row("", "queues in the server's kernel: longest %s, median %s; with its structures %s at most",
			Bytes.Format(float64(q.Longest)), Bytes.Format(float64(q.Median)), Bytes.Format(float64(q.Memory)))
	}
	if w := s.Without; w != nil {
		t.row("without them", "the others' p50 %s, p99 %s; with them %s and %s", Micros.Format(w.Latency.P50), Micros.Format(w.Latency.P99),
			Times.Format(w.P50Times), Times.Format(w.P99Times))
		t.row("", "memory grew by %s, and with them by %s more", Bytes.Format(float64(w.MemoryUp)), Bytes.Format(float64(s.MemoryUp)))
	}
	if s.LogUp != 0 {
		t.row("", "of which %s is more of what was published", Bytes.Format(float64(s.LogUp)))
	}
}

func (t table) latencies(r *Report) {
	t.section()
	t.row("latency", "mean\tp50\tp90\tp99\tmax")
	t.summary("connect", r.Connect.Latency)
	if r.Publish != nil {
		t.summary("publish request", r.Publish.Latency)
		t.summary("of single ones", r.Publish.Own)
	}
	if r.Deliver != nil {
		t.summary("delivery", r.Deliver.Latency)
		t.summary("of single ones", r.Deliver.Own)
		t.passes(r.Deliver.Passes)
	}
}

func (t table) passes(p *PassReport) {
	if p == nil {
		return
	}
	t.summary("first of a pass", p.First)
	t.summary("median of a pass", p.Median)
	t.summary("last of a pass", p.Last)
}

func (t table) summary(name string, s Summary) {
	if s.Count == 0 {
		return
	}
	t.row(name, "%s\t%s\t%s\t%s\t%s", Micros.Format(s.Mean), Micros.Format(s.P50), Micros.Format(s.P90), Micros.Format(s.P99), Micros.Format(s.Max))
}

func (t table) server(s *ServerReport) {
	if s == nil {
		return
	}
	t.section()
	t.row("server", "CPU %.2f s to connect, %.1f µs a stream; memory %.1f MB before, %.1f MB with all streams, %.2f KiB a stream",
		s.ConnectCPU, s.CPUPerStream, float64(s.MemoryBefore)/1e6, float64(s.MemoryOpen)/1e6, s.MemoryPerStream/1024)
	if s.SettledPerStream != 0 {
		t.row("", "memory %.2f KiB a stream when left alone", s.SettledPerStream/1024)
	}
	if s.MemoryAfter > 0 {
		t.row("", "CPU %.2f s to deliver, %.2f µs a delivery; memory %.1f MB after", s.DeliverCPU, s.CPUPerDelivery, float64(s.MemoryAfter)/1e6)
	}
}

func (t table) runtime(g *GoReport) {
	if g == nil {
		return
	}
	t.row("its Go runtime", "%d collections, CPU %s each, longest pause %s", g.Cycles, Micros.Format(g.CPUPerCycle), Micros.Format(g.LongestPause))
	if g.GarbagePerConnect != 0 {
		t.row("", "garbage %s a stream to connect", Bytes.Format(g.GarbagePerConnect))
	}
}
