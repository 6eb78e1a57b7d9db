package grip

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Mode is what an instruction wants done with the request.
type Mode uint8

// The hold modes of GRIP.
const (
	None     Mode = iota // no hold: the response is relayed
	Response             // wait for one published response (long polling)
	Stream               // keep the response open and append what is published
)

// ContentType is the media type of a JSON instruction.
const ContentType = "application/grip-instruct"

// The defaults and minimums of instructions (Pushpin's).
const (
	DefaultTimeout   = 55 * time.Second
	MinTimeout       = 5 * time.Second
	DefaultKeepAlive = 55 * time.Second
	MinKeepAlive     = time.Second
	DefaultLinkWait  = 120 * time.Second
)

// Instruction is what an origin says about its response.
type Instruction struct {
	Hold Mode
	// Channels are named once each.
	Channels []Channel
	// Overruled are the names of channels of which something else was said first.
	Overruled []string
	// Timeout is how long a response hold waits.
	Timeout time.Duration
	// Expires is how long the client may be held before it must show anew who it
	// is. 0: for as long as it stays.
	Expires time.Duration
	// KeepAlive is nil where the origin says nothing about it.
	KeepAlive *KeepAlive
	// Status replaces the origin's status if it is not 0; Reason, if not
	// empty, the standard phrase. They are not set where Response is: it has
	// the status.
	Status int
	Reason string
	// Meta describes the client to filters.
	Meta map[string]string
	// ExposeHeaders, if not nil, are the only headers that the client gets.
	ExposeHeaders []string
	// Links are the next and gone links.
	Links []Link
	// Response is what a JSON instruction wants sent in place of the origin's
	// response; nil for instructions in headers.
	Response *Answer
}

// KeepAlive is what is sent into a stream that is quiet.
type KeepAlive struct {
	Data     []byte
	Interval time.Duration
	// Always sends it at every interval, whatever else is sent (GRIP: mode
	// interval); otherwise only after an interval without traffic (idle).
	Always bool
}

// Link is one Grip-Link.
type Link struct {
	URI     string
	Rel     string // "next" or "gone"
	Timeout time.Duration
}

// Answer is a whole response.
type Answer struct {
	Code   int
	Reason string // empty: the standard phrase
	Header http.Header
	Body   []byte
}

// IsInstruction reports whether a response with these headers is addressed to
// the proxy: any header is Grip-*, or the body is a JSON instruction.
func IsInstruction(h http.Header) bool {
	if IsJSON(h) {
		return true
	}
	for name := range h {
		if IsField(name) {
			return true
		}
	}
	return false
}

// IsJSON reports whether the body is a JSON instruction.
func IsJSON(h http.Header) bool {
	mediaType, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), ContentType)
}

// Strip removes all Grip-* headers.
func Strip(h http.Header) {
	for name := range h {
		if IsField(name) {
			delete(h, name)
		}
	}
}

// StripRequest removes what only a proxy may say to an origin: Grip-* headers, also
// those that CGI and WSGI take for such, with an underscore.
func StripRequest(h http.Header) {
	for name := range h {
		if IsField(strings.ReplaceAll(name, "_", "-")) {
			delete(h, name)
		}
	}
}

// IsField reports whether a header field belongs to GRIP.
func IsField(name string) bool {
	const prefix = "Grip-"
	return len(name) >= len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
}

// Parse reads the instruction of an origin's response. The body is used only
// if it is a JSON instruction.
func Parse(status int, h http.Header, body []byte) (*Instruction, error) {
	in := &Instruction{Timeout: DefaultTimeout}
	if err := parseHeaders(in, h); err != nil {
		return nil, err
	}
	if IsJSON(h) {
		if err := parseJSON(in, status, body); err != nil {
			return nil, err
		}
	}
	if err := in.checkFilters(); err != nil {
		return nil, err
	}
	in.joinChannels()
	return in, nil
}

// checkFilters refuses filters that are not known.
func (in *Instruction) checkFilters() error {
	for _, c := range in.Channels {
		if err := checkFilters(c.Filters); err != nil {
			return fmt.Errorf("channel %q: %w", c.Name, err)
		}
	}
	return nil
}
