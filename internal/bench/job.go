package bench

import "time"

// A job is what one client does of a run: it opens a range of the run's streams
// and reads them. It travels to client processes as JSON.
type job struct {
	Run         string        `json:"run"`
	URL         string        `json:"url"`
	LastEventID string        `json:"last_event_id,omitempty"`
	Source      string        `json:"source,omitempty"` // address to connect from
	First       int           `json:"first"`            // stream of the run
	Count       int           `json:"count"`
	Concurrency int           `json:"concurrency"`
	Insecure    bool          `json:"insecure"`
	HTTP2       int           `json:"http2"` // streams a connection; 0 is HTTP/1.1
	Answers     bool          `json:"answers"`
	KernelClock bool          `json:"kernel_clock"`
	Wait        time.Duration `json:"wait"`
	Streams     int           `json:"streams"` // of the whole run
	Stuck       int           `json:"stuck"`   // of the whole run
	PerStream   bool          `json:"per_stream"`
	Common      int           `json:"common"` // a channel that all follow besides; -1 for none
}

// follows returns the channels of a stream of the run.
func (j job) follows(i int) []int {
	var channels []int
	if j.PerStream {
		channels = append(channels, i)
	} else {
		channels = append(channels, 0)
	}
	if j.Common >= 0 {
		channels = append(channels, j.Common)
	}
	return channels
}

// stuck reports whether a stream of the run is one that does not read. They are
// spread evenly.
func (j job) stuck(i int) bool {
	return (i+1)*j.Stuck/j.Streams > i*j.Stuck/j.Streams
}

// shared is the channel that all streams follow, whose passes are looked at; -1
// if there is none.
func (j job) shared() int {
	if !j.PerStream {
		return 0
	}
	return j.Common
}

// sockets is how many connections its streams need.
func (j job) sockets() int {
	each := max(1, j.HTTP2)
	return (j.Count + each - 1) / each
}

// split divides the streams among so many clients.
func (j job) split(clients int) []job {
	parts := make([]job, clients)
	for k := range parts {
		parts[k] = j
		parts[k].First = j.First + k*j.Count/clients
		parts[k].Count = j.First + (k+1)*j.Count/clients - parts[k].First
		parts[k].Concurrency = max(1, j.Concurrency/clients)
	}
	return parts
}

// alone is a job like this with a single stream.
func (j job) alone() job {
	j.Count, j.Streams, j.Stuck = 1, 1, 0
	return j
}
