package explain

import (
	"net/http"
	"time"
)

// Report is what became of one request. Its JSON is for programs; names in it
// do not change.
type Report struct {
	Request     Request      `json:"request"`
	Route       *Route       `json:"route"` // nil: none takes the request
	Attempts    []Attempt    `json:"attempts"`
	Instruction *Instruction `json:"instruction,omitempty"`
	Hold        *Hold        `json:"hold,omitempty"`
	Client      Answer       `json:"client"`
	Failure     *Failure     `json:"failure,omitempty"`
	Findings    []Finding    `json:"findings"`
}

// Request is the head of a request.
type Request struct {
	Method string      `json:"method"`
	Target string      `json:"target"`
	Host   string      `json:"host"`
	Header http.Header `json:"headers"`
}

// Route is the route that takes the request.
type Route struct {
	Name          string   `json:"name"`
	Host          string   `json:"host,omitempty"`
	PathPrefix    string   `json:"path_prefix"`
	Protocol      string   `json:"protocol,omitempty"`
	TLS           string   `json:"tls,omitempty"`
	RewritePrefix string   `json:"rewrite_prefix,omitempty"`
	Origins       []string `json:"origins"`
	ChannelPrefix string   `json:"channel_prefix,omitempty"`
	Subscribe     []string `json:"subscribe,omitempty"`
	Resume        string   `json:"resume"`
}

// Attempt is one request to an origin, and what came of it.
type Attempt struct {
	Origin  string  `json:"origin"`
	Request Request `json:"request"`
	Answer  *Answer `json:"answer,omitempty"` // only the head
	Error   string  `json:"error,omitempty"`
}

// Answer is a response, or its head.
type Answer struct {
	Status string      `json:"status"` // code and phrase; empty: there was none
	Header http.Header `json:"headers"`
	// Body is its beginning, and BodyBytes how long it was, as far as it came.
	Body      string `json:"body,omitempty"`
	BodyBytes int    `json:"body_bytes,omitempty"`
	// Ending says how the answer goes on or ended, for people.
	Ending string `json:"ending,omitempty"`
}

// Instruction is what the origin instructs.
type Instruction struct {
	Hold          string            `json:"hold"` // none, response or stream
	Channels      []Channel         `json:"channels"`
	Timeout       string            `json:"timeout,omitempty"`
	Expires       string            `json:"expires,omitempty"`
	KeepAlive     *KeepAlive        `json:"keep_alive,omitempty"`
	Status        string            `json:"status,omitempty"`
	Meta          map[string]string `json:"meta,omitempty"`
	ExposeHeaders []string          `json:"expose_headers,omitempty"`
	Links         []Link            `json:"links,omitempty"`
	JSON          bool              `json:"json"` // said in the body
}

// Channel is one that is followed.
type Channel struct {
	Name    string   `json:"name"` // whole, with the route's prefix, in a Hold
	PrevID  string   `json:"prev_id,omitempty"`
	Filters []string `json:"filters,omitempty"`
	Replay  string   `json:"replay,omitempty"` // off, or how far back
}

// KeepAlive is what is sent on a quiet stream.
type KeepAlive struct {
	Data     string `json:"data"`
	Interval string `json:"interval"`
	Mode     string `json:"mode"` // idle or interval
}

// Link is a Grip-Link.
type Link struct {
	URI string `json:"uri"`
	Rel string `json:"rel"`
}

// Hold is what would be held.
type Hold struct {
	Kind     string    `json:"kind"` // stream or response
	Channels []Channel `json:"channels"`
	// ResumeFrom is the id that the client has seen last; empty: it begins with
	// what is new.
	ResumeFrom   string     `json:"resume_from,omitempty"`
	Events       bool       `json:"event_stream"`
	KeepAlive    *KeepAlive `json:"keep_alive,omitempty"`
	OnLag        string     `json:"on_lag,omitempty"`
	Timeout      string     `json:"timeout,omitempty"`
	WriteTimeout string     `json:"write_timeout,omitempty"`
}

// Failure is why the client does not get the origin's answer.
type Failure struct {
	Reason string `json:"reason"` // as in the log and in metrics
	Error  string `json:"error"`
}

// Finding is something about the request or the answer that should be
// otherwise.
type Finding struct {
	Mistake bool   `json:"mistake"` // otherwise a hint
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
}

// Mistakes counts those findings that are mistakes.
func (r *Report) Mistakes() int {
	n := 0
	for _, f := range r.Findings {
		if f.Mistake {
			n++
		}
	}
	return n
}

func seconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
