package bench

import (
	"net/url"
	"slices"
	"strconv"
)

// queue is what the kernel keeps for a connection on the side that sends.
type queue struct {
	unread int64 // bytes that the peer has not acknowledged
	memory int64 // what they take, with the kernel's own structures
}

// QueueReport is about the longest queues of a server's connections, as many as
// there are streams that do not read. The kernel's receive buffers at the other
// end are not in it.
type QueueReport struct {
	Longest int64 `json:"longest_bytes"` // sent and not acknowledged, or not sent yet
	Median  int64 `json:"median_bytes"`
	Memory  int64 `json:"memory_bytes"` // the most that one takes, with the kernel's own structures
}

// queuesOf looks at the connections of the URL's port on the server's side, which
// is only possible where that is on this machine; otherwise it is nil. It looks at
// the n longest.
func queuesOf(target string, n int) (*QueueReport, error) {
	u, err := url.Parse(expand(target, 0))
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || !onLoopback(target) {
		return nil, nil
	}
	all, err := sendQueues(uint16(port))
	if err != nil || len(all) == 0 {
		return nil, err
	}
	return queueReport(all, n), nil
}

func queueReport(all []queue, n int) *QueueReport {
	slices.SortFunc(all, func(a, b queue) int { return int(b.unread - a.unread) })
	longest := all[:min(n, len(all))]
	r := &QueueReport{Longest: longest[0].unread, Median: longest[len(longest)/2].unread}
	for _, q := range longest {
		r.Memory = max(r.Memory, q.memory)
	}
	return r
}
