package hold

import "net/http"

// Framing is how the body of a held response is laid out on the wire.
type Framing uint8

const (
	// Chunked: HTTP/1.1 chunks (RFC 9112 §7.1); the last chunk ends it.
	Chunked Framing = iota
	// UntilClose: HTTP/1.0, plain bytes until the connection closes.
	UntilClose
	// Frames: HTTP/2 DATA frames.
	Frames
	// QUICFrames: HTTP/3 DATA frames.
	QUICFrames
	// Messages: frames of a WebSocket. Holders do not write it; see Counts.
	Messages
)

// Prepare makes the head of a response that will be held fit for it. It is
// called before WriteHeader, and says what framing follows. The length of the
// body is not known, and on HTTP/1.x the connection is of no use afterwards
// (RFC 9112 §9.6).
func Prepare(w http.ResponseWriter, r *http.Request) Framing {
	h := w.Header()
	h.Del("Content-Length")
	h.Del("Transfer-Encoding")
	h.Del("Trailer")
	f := FramingOf(r)
	if !f.Multiplexed() {
		h.Set("Connection", "close")
	}
	return f
}

// FramingOf is how the body of r's response is laid out if it is held.
func FramingOf(r *http.Request) Framing {
	switch {
	case r.ProtoMajor >= 3:
		return QUICFrames
	case r.ProtoMajor == 2:
		return Frames
	case r.ProtoAtLeast(1, 1):
		return Chunked
	default:
		return UntilClose
	}
}

// Multiplexed reports whether the connection carries other responses too, and
// this one lasts as long as its handler.
func (f Framing) Multiplexed() bool { return f == Frames || f == QUICFrames }

// String is the framing's protocol, as a metric label.
func (f Framing) String() string {
	switch f {
	case Chunked:
		return "http/1.1"
	case UntilClose:
		return "http/1.0"
	case Messages:
		return "websocket"
	case QUICFrames:
		return "http/3"
	default:
		return "http/2"
	}
}
