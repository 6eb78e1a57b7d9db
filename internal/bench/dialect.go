package bench

import "net/http"

// A dialect is how one kind of server is published to.
type dialect interface {
	// escape writes a channel's name as requests need it.
	escape(channel string) string
	// target returns what to post to below the control URL for items, and
	// whether the request can carry only the first of them.
	target(items []item) (path string, single bool)
	// append appends the body of a request with items to dst.
	append(dst []byte, items []item) []byte
}

// item is one event to publish.
type item struct {
	channel string // escaped
	stamp   stamp
	size    int  // of the data
	id      bool // write the stamp's number as the event's id, where ids are the publisher's
}

// The dialects' names, as Config.Dialect has them.
const (
	GRIP  = "grip"
	Nchan = "nchan"
	Plain = "plain"
)

// speak returns the dialect of that name; nil for an unknown one.
func speak(name string) dialect {
	switch name {
	case GRIP:
		return gripDialect{}
	case Nchan:
		return nchanDialect{}
	case Plain:
		return plainDialect{}
	}
	return nil
}

// accepted reports whether a publish request was taken. Nchan says 201 where a
// stream was there and 202 where none was.
func accepted(status int) bool {
	return status == http.StatusOK || status == http.StatusCreated || status == http.StatusAccepted
}
