package bench

// A Figure is one number of a report, under a name that is the same in all
// reports.
type Figure struct {
	Name  string  `json:"name"`
	Unit  Unit    `json:"unit"`
	Value float64 `json:"value"`
}

// Unit says how to write a figure.
type Unit string

// The units.
const (
	Number Unit = ""
	Micros Unit = "us"
	Bytes  Unit = "bytes"
	PerSec Unit = "per_second"
	Times  Unit = "times"
)

// Figures returns what a report says, as far as it has it. Costs are of the
// server's processes.
func (r *Report) Figures() []Figure {
	f := figures{
		{"streams opened", Number, float64(r.Connect.Opened)},
		{"streams refused", Number, float64(total(r.Connect.Failed))},
		{"connect rate", PerSec, r.Connect.PerSecond},
		{"connect p50", Micros, r.Connect.Latency.P50},
		{"connect p99", Micros, r.Connect.Latency.P99},
	}
	f.server(r)
	f.runtime(r.Go)
	f.publish(r.Publish)
	f.deliver(r.Deliver)
	f.replay(r)
	f.special(r)
	return f
}

type figures []Figure

func (f *figures) add(name string, unit Unit, value float64) {
	*f = append(*f, Figure{name, unit, value})
}

func (f *figures) server(r *Report) {
	s := r.Server
	if s == nil {
		return
	}
	f.add("CPU per connect", Micros, s.CPUPerStream)
	f.add("memory per stream", Bytes, s.MemoryPerStream)
	if s.SettledPerStream != 0 {
		f.add("memory per stream, settled", Bytes, s.SettledPerStream)
	}
	if r.Deliver != nil {
		f.add("CPU per item", Micros, s.CPUPerItem)
		f.add("CPU per delivery", Micros, s.CPUPerDelivery)
	}
}

func (f *figures) runtime(g *GoReport) {
	if g == nil {
		return
	}
	if g.GarbagePerConnect != 0 {
		f.add("garbage per connect", Bytes, g.GarbagePerConnect)
	}
	f.add("collections", Number, float64(g.Cycles))
	if g.Cycles > 0 {
		f.add("CPU per collection", Micros, g.CPUPerCycle)
	}
	f.add("longest pause", Micros, g.LongestPause)
}

func (f *figures) publish(p *PublishReport) {
	if p == nil {
		return
	}
	f.add("publish rate", PerSec, p.PerSecond)
	f.add("publish p50", Micros, p.Latency.P50)
	f.add("publish p99", Micros, p.Latency.P99)
	if p.Own.Count > 0 {
		f.add("own publish p50", Micros, p.Own.P50)
		f.add("own publish p99", Micros, p.Own.P99)
	}
}

func (f *figures) deliver(d *DeliverReport) {
	if d == nil {
		return
	}
	f.add("delivery rate", PerSec, d.PerSecond)
	f.add("missing", Number, float64(d.Missing))
	f.add("delivery p50", Micros, d.Latency.P50)
	f.add("delivery p99", Micros, d.Latency.P99)
	if d.Own.Count > 0 {
		f.add("own delivery p50", Micros, d.Own.P50)
		f.add("own delivery p99", Micros, d.Own.P99)
	}
	if p := d.Passes; p != nil {
		f.add("first of a pass", Micros, p.First.P50)
		f.add("median of a pass", Micros, p.Median.P50)
		f.add("last of a pass", Micros, p.Last.P50)
	}
}

func (f *figures) replay(r *Report) {
	p := r.Replay
	if p == nil {
		return
	}
	f.add("replay rate", PerSec, p.PerSecond)
	f.add("missing", Number, float64(p.Missing))
	f.add("CPU per replayed event", Micros, p.CPUPerEvent)
}

// special is what only some scenarios have.
func (f *figures) special(r *Report) {
	if c := r.Idle; c != nil {
		f.add("memory per idle channel", Bytes, c.MemoryPerChannel)
	}
	if c := r.Churn; c != nil {
		f.add("connect p99 meanwhile", Micros, c.Latency.P99)
	}
	if s := r.Stuck; s != nil {
		f.stuck(s)
		f.add("stuck, whole", Number, float64(s.Whole))
		f.add("stuck, told", Number, float64(s.Told))
		f.add("stuck, silent loss", Number, float64(s.Silent))
	}
}

func (f *figures) stuck(s *StuckReport) {
	f.add("memory growth", Bytes, float64(s.MemoryUp))
	if s.LogUp != 0 {
		f.add("memory growth beyond the log", Bytes, float64(s.MemoryUp-s.LogUp))
	}
	if q := s.Queue; q != nil {
		f.add("longest kernel queue", Bytes, float64(q.Longest))
		f.add("median kernel queue", Bytes, float64(q.Median))
		f.add("memory of a kernel queue", Bytes, float64(q.Memory))
	}
	if w := s.Without; w != nil {
		f.add("memory growth without", Bytes, float64(w.MemoryUp))
		f.add("delivery p99 without", Micros, w.Latency.P99)
		f.add("delivery p50, times", Times, w.P50Times)
		f.add("delivery p99, times", Times, w.P99Times)
	}
}

func total(counts map[string]int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}
