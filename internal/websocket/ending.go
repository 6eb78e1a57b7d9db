package websocket

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// The reasons why a session ends, beside those of all held responses.
const (
	// ReasonOriginClosed: the origin sent a close frame or event.
	ReasonOriginClosed hold.Reason = "origin_closed"
	// ReasonOriginLost: the connection to the origin ended or broke, or it can no
	// longer be asked.
	ReasonOriginLost hold.Reason = "origin_lost"
	// ReasonBadOrigin: the origin said something that cannot be followed.
	ReasonBadOrigin hold.Reason = "bad_instruction"
	// ReasonBadClient: the client broke the protocol.
	ReasonBadClient hold.Reason = "client_protocol"
	// ReasonTooBig: a message was over the limit.
	ReasonTooBig hold.Reason = "message_too_big"
	// ReasonCrowded: a channel or the user has as many as they may have.
	ReasonCrowded hold.Reason = "crowded"
	// ReasonHistory: a channel could not be followed.
	ReasonHistory hold.Reason = "history_unavailable"
)

// Close codes that stand for ours (RFC 6455 §7.4.1 and its registry).
const (
	codeNoFrame   = -1 // no close frame
	codeNone      = 0  // one without a code
	codeNormal    = 1000
	codeGoingAway = 1001
	codeProtocol  = 1002
	codeNotUTF8   = 1007
	codePolicy    = 1008
	codeTooBig    = 1009
	codeInternal  = 1011
	codeTryLater  = 1013
)

// Ending says how a session ended.
type Ending struct {
	Reason hold.Reason
	// Err, unless nil, is what went wrong, for the log.
	Err error

	code int    // of the close frame for the client; codeNoFrame: there is none
	text string // its reason
	// unreadable: what the client has sent is no WebSocket any more.
	unreadable bool
}

// body is the payload of the close frame.
func (e *Ending) body() []byte { return wire.CloseBody(max(e.code, codeNone), e.text) }

// saysNothing: it is a close of the origin's without a code. e may be nil.
func (e *Ending) saysNothing() bool {
	return e != nil && e.Reason == ReasonOriginClosed && e.code == codeNone
}

// clientFailed is the end that an error of reading from or writing to the client
// means.
func clientFailed(err error) Ending {
	var broken ws.ProtocolError
	switch {
	case errors.As(err, &broken):
		return Ending{Reason: ReasonBadClient, code: codeProtocol, text: "protocol error", unreadable: true}
	case errors.Is(err, errTooBig):
		return Ending{Reason: ReasonTooBig, code: codeTooBig, text: "message is too big", unreadable: true}
	case errors.Is(err, errNotUTF8):
		return Ending{Reason: ReasonBadClient, code: codeNotUTF8, text: "text is not UTF-8"}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return Ending{Reason: hold.ReasonWriteTimeout, code: codeNoFrame}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Ending{Reason: hold.ReasonClientReset, code: codeNoFrame}
	}
	return Ending{Reason: hold.ReasonClientClosed, code: codeNoFrame}
}

// originFailed is the end that an error of the origin's connection means.
func originFailed(err error) Ending {
	var broken ws.ProtocolError
	switch {
	case errors.As(err, &broken):
		return badOrigin(err)
	case errors.Is(err, errTooBig):
		return Ending{Reason: ReasonTooBig, Err: err, code: codeTooBig, text: "message of the origin is too big"}
	case err == io.EOF:
		err = errors.New("connection ended without a close frame")
	}
	return Ending{Reason: ReasonOriginLost, Err: err, code: codeInternal, text: "origin is gone"}
}

// badOrigin is the end when the origin says what cannot be followed.
func badOrigin(err error) Ending {
	return Ending{Reason: ReasonBadOrigin, Err: err, code: codeInternal, text: "bad instruction of the origin"}
}

// endingOf is the end that a close frame means.
func endingOf(reason hold.Reason, payload []byte) (Ending, error) {
	if len(payload) == 0 {
		return Ending{Reason: reason, code: codeNone}, nil
	}
	if len(payload) == 1 {
		return Ending{}, ws.ProtocolError("close frame of one byte")
	}
	code, text := ws.ParseCloseFrameData(payload)
	switch {
	case !canClose(code):
		return Ending{}, ws.ProtocolError(fmt.Sprintf("close frame with the code %d", code))
	case !utf8.ValidString(text):
		return Ending{}, ws.ErrProtocolInvalidUTF8
	}
	return Ending{Reason: reason, code: int(code), text: text}, nil
}

// canClose reports whether a code may stand in a close frame (RFC 6455 §7.4). The
// library does not know those that were registered later, 1012 to 1014.
func canClose(code ws.StatusCode) bool {
	switch code {
	case ws.StatusNoMeaningYet, ws.StatusNoStatusRcvd, ws.StatusAbnormalClosure:
		return false
	}
	return code >= 1000 && code <= 1014 || code.IsApplicationSpec() || code.IsPrivateSpec()
}
