package compare

import (
	"slices"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/bench/peer"
)

// A Case is one kind of work that servers are compared at.
type Case struct {
	Name    string
	Title   string
	About   string
	Columns []Column

	scenario string // of bench
	tune     func(*bench.Config)
	can      func(peer.Peer) bool // nil: every server for which it is worth it
	floor    string               // the server that ratios start from; "" for the plain floor
	ratios   []string             // figures to compare with the floor's; none: the first column's
	targets  []Target
	tls      bool // clients come over TLS
	rounds   int  // at most, unless all rounds are asked for; 0 for no such bound
}

// patience is how long a case waits for events that do not come.
const patience = 2 * time.Second

// Cases are all there are.
func Cases() []Case {
	return slices.Concat(fanOutCases(), userCases(), streamCases(), secureCases())
}

// The columns that several cases have.
func cpuPerDelivery() Column { return Column{"CPU per delivery", "CPU a delivery", Less} }
func cpuPerItem() Column     { return Column{"CPU per item", "CPU an item", Less} }
func deliveryP50() Column    { return Column{"delivery p50", "late, p50", Less} }
func deliveryP99() Column    { return Column{"delivery p99", "late, p99", Less} }
func missing() Column        { return Column{"missing", "missing", Less} }

func passColumns() []Column {
	return []Column{
		cpuPerDelivery(),
		{"first of a pass", "first stream", Less},
		{"median of a pass", "median stream", Less},
		{"last of a pass", "last stream", Less},
		deliveryP99(),
		missing(),
	}
}

// collectionColumns are of the servers in Go that tell their runtime's metrics.
func collectionColumns() []Column {
	return []Column{
		{"CPU per collection", "CPU a collection", Less},
		{"longest pause", "longest pause", Less},
	}
}

// The bounds of many cases.
const (
	kib         = 1 << 10
	millisecond = 1000 // figures of time are in microseconds
)

// collectionTarget bounds what a collection of garbage takes.
func collectionTarget() Target { return atMost("CPU per collection", 20*millisecond) }
