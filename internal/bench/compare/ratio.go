package compare

import (
	"slices"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// A ratio is how many times as much one server has of a figure as another, of the
// rounds one by one.
type ratio struct{ median, low, high float64 }

// against compares two rows; false if the figure is not in both, or is nothing
// in one.
func against(a, b Row, figure string) (ratio, bool) {
	x, ok := a.series(figure)
	y, also := b.series(figure)
	if !ok || !also || len(x.Values) != len(y.Values) {
		return ratio{}, false
	}
	var all []float64
	for i := range x.Values {
		if x.Values[i] <= 0 || y.Values[i] <= 0 {
			return ratio{}, false
		}
		all = append(all, x.Values[i]/y.Values[i])
	}
	slices.Sort(all)
	n := len(all)
	return ratio{(all[(n-1)/2] + all[n/2]) / 2, all[0], all[n-1]}, true
}

// turned makes a ratio one where more is worse.
func (r ratio) turned(better Better) ratio {
	if better == More {
		return ratio{1 / r.median, 1 / r.high, 1 / r.low}
	}
	return r
}

// row returns a server's; false if it did not take part or failed.
func (o Outcome) row(server string) (Row, bool) {
	for _, r := range o.Rows {
		if r.Server == server && r.Failed == "" {
			return r, true
		}
	}
	return Row{}, false
}

// A finding is a figure that tells two servers apart.
type finding struct {
	title  string // of the case
	column Column
	ours   bench.Series
	theirs bench.Series
	ratio  ratio // more than 1 is worse for us
	clear  bool  // in every round
}

// losses returns where the server is clearly, or by a twentieth, worse than
// another.
func (d *Document) losses(server, other string) []finding {
	var found []finding
	for _, o := range d.Cases {
		ours, ok := o.row(server)
		theirs, also := o.row(other)
		if !ok || !also {
			continue
		}
		for _, column := range o.Columns {
			if f, worse := loss(o.Title, column, ours, theirs); worse {
				found = append(found, f)
			}
		}
	}
	return found
}

// tie is how much worse a median may be without being called worse, where the
// rounds disagree.
const tie = 1.05

func loss(title string, column Column, ours, theirs Row) (finding, bool) {
	f := finding{title: title, column: column}
	if column.Better == "" {
		return f, false
	}
	var ok, also bool
	f.ours, ok = ours.series(column.Figure)
	f.theirs, also = theirs.series(column.Figure)
	if !ok || !also {
		return f, false
	}
	r, ok := against(ours, theirs, column.Figure)
	if !ok { // one of them has nothing: having some of what should be little is worse
		return f, column.Better == Less && f.ours.Median > f.theirs.Median
	}
	f.ratio = r.turned(column.Better)
	f.clear = f.ratio.low > 1
	return f, f.clear || f.ratio.median > tie
}
