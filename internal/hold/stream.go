package hold

import (
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/filter"
	"github.com/holdfast-proxy/holdfast/internal/sse"
)

// DefaultWriteTimeout is the write deadline of streams that set none.
const DefaultWriteTimeout = 30 * time.Second

// Stream describes a response to hold.
type Stream struct {
	// Cursor reads what the stream sends. It must follow with the holder's
	// Group and with Form.
	Cursor *channels.Cursor
	// Form is wire.Stream or wire.StreamIDs.
	Form channels.Form

	// Filters, unless nil, say what of the cursor's entries the stream gets. A
	// stream whose filters rewrite shares nothing and cannot go back in what it
	// reads, so who holds it must write each batch whole.
	Filters *filter.Set

	// EventStream: the response is text/event-stream, so the holder's own
	// bytes may stand only between events.
	EventStream bool
	// State is where the initial body left the event stream.
	State sse.State

	// Link, unless nil, is asked for what is missing before the client is told of
	// it. The cursor is chained then.
	Link *Link

	// Mailbox, unless nil, is how others reach the stream while it is held.
	Mailbox *Mailbox
	// Client is who gets the stream.
	Client Client

	KeepAlive KeepAlive
	// OnLag is what happens when the reader is too slow for the send window.
	OnLag LagPolicy
	// GapEvent appends the event that tells an event stream what it misses.
	// Nil ends the stream instead, as every gap ends one that is no event
	// stream, but for channels.Bus and channels.Missing.
	GapEvent func(dst []byte, g *channels.Gap) []byte

	// WriteTimeout ends the stream when a write takes so long; of a large entry,
	// each 64 KiB may. Zero is DefaultWriteTimeout.
	WriteTimeout time.Duration
	// Route labels metrics and log lines.
	Route string
	// Ended, unless nil, is called once when the connection is gone, from a
	// goroutine of the holder. It must not block.
	Ended func(Reason)
}

// KeepAlive says what to send so that nobody takes the connection for dead.
type KeepAlive struct {
	// Data is sent as it is; the holder does not change or keep it.
	Data []byte
	// Interval between two of them; zero sends none. Each is sent up to a
	// tenth of it earlier, at random, so that streams which were written to
	// at the same time do not stay in step.
	Interval time.Duration
	Mode     KeepAliveMode
}

// KeepAliveMode says what Interval is counted from.
type KeepAliveMode uint8

const (
	// Idle counts from the last thing written to the stream (GRIP: keep-alive
	// mode idle).
	Idle KeepAliveMode = iota
	// Interval counts from the last keep-alive (GRIP: mode interval).
	Interval
)

// LagPolicy says what happens to a stream that is too slow.
type LagPolicy uint8

const (
	// CloseOnLag ends it.
	CloseOnLag LagPolicy = iota
	// GapOnLag tells it of the gap and goes on, if it is an event stream.
	GapOnLag
)

// Reason says why a held response ended. It is a metric label.
type Reason string

// The reasons.
const (
	// ReasonClientClosed: the client closed the connection, or its sending
	// half, or reset the HTTP/2 stream.
	ReasonClientClosed Reason = "client_closed"
	// ReasonClientReset: the client reset the connection.
	ReasonClientReset Reason = "client_reset"
	// ReasonClientData: the client sent more than a little while held.
	ReasonClientData Reason = "client_data"
	// ReasonWriteTimeout: the client took nothing for the write timeout.
	ReasonWriteTimeout Reason = "write_timeout"
	// ReasonWriteError: the connection failed in another way.
	ReasonWriteError Reason = "write_error"
	// ReasonAction: a published close action.
	ReasonAction Reason = "action_close"
	// ReasonLag: the client was too slow for the send window.
	ReasonLag Reason = "lag"
	// ReasonGap: entries are missing and the stream could not be told.
	ReasonGap Reason = "gap"
	// ReasonOrigin: the origin, asked for more, said that this is all.
	ReasonOrigin Reason = "origin_end"
	// ReasonExpired: the client was let in until now.
	ReasonExpired Reason = "expired"
	// ReasonRevoked: the client is not let in any more.
	ReasonRevoked Reason = "revoked"
	// ReasonOperator: an operator has ended it. The client may come back.
	ReasonOperator Reason = "operator"
	// ReasonDrain: Drain ended it.
	ReasonDrain Reason = "drain"
	// ReasonShutdown: cut off when Drain's time was up, when Run ended or
	// when the server or the hub was closed.
	ReasonShutdown Reason = "shutdown"
)

// reasons are all of them.
func reasons() []Reason {
	return []Reason{
		ReasonClientClosed, ReasonClientReset, ReasonClientData, ReasonWriteTimeout, ReasonWriteError,
		ReasonAction, ReasonLag, ReasonGap, ReasonOrigin, ReasonExpired, ReasonRevoked, ReasonOperator, ReasonDrain, ReasonShutdown,
	}
}
