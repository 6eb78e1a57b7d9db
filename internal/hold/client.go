package hold

import (
	"maps"
	"net/netip"
)

// MetaUser is the meta that names the client's user (GRIP: skip-users).
const MetaUser = "user"

// Client is who is at the other end of a held response.
type Client struct {
	// Addr is the address, by the word of a trusted proxy if there is one. Zero if
	// it is not known.
	Addr netip.Addr
	// Who is what is known beside that; nil: nothing.
	Who *Who
}

// Who is what an origin or a token has said of a client. It is shared and never
// changed.
type Who struct {
	// User is the user's name, empty if it was not told: the origin's meta "user"
	// (GRIP: skip-users), or a token's subject.
	User string
	// TokenID is that of the token by which the client was let in (jti), empty if
	// there is none.
	TokenID string
	// Meta is the instruction's.
	Meta map[string]string
	// Renewable: the client can be asked for new credentials.
	Renewable bool
}

// WhoHas returns who has such meta, nil if there is none. It keeps meta.
func WhoHas(meta map[string]string) *Who {
	if len(meta) == 0 {
		return nil
	}
	return &Who{User: meta[MetaUser], Meta: meta}
}

// With returns who, or nobody, with a pair of meta; an empty value takes the name out.
func (w *Who) With(name, value string) *Who {
	var next Who
	if w != nil {
		next = *w
	}
	next.Meta = maps.Clone(next.Meta)
	if value == "" {
		delete(next.Meta, name)
	} else {
		if next.Meta == nil {
			next.Meta = map[string]string{}
		}
		next.Meta[name] = value
	}
	if name == MetaUser {
		next.User = value
	}
	return &next
}

// Known is an Ender that knows its client.
type Known interface{ Identity() Client }

// Labels say what kind of response is held.
type Labels struct {
	Route    string
	Protocol string // as Framing.String has it
}

// Labelled is an Ender that knows its labels. They do not change, and any goroutine
// may ask.
type Labelled interface{ Labels() Labels }

// Facts are what a held response is doing.
type Facts struct {
	// Channels are the names of those that it follows.
	Channels []string
	// Behind is how many entries of them it has not read.
	Behind uint64
}

// Describer is an Ender that tells what it is doing.
type Describer interface {
	// Describe has tell called soon, from the goroutine that owns the response. If
	// that is stuck in a write, or the response has ended, tell may be called
	// late, or never. Describe does not block, and tell must not.
	Describe(tell func(Facts))
}
