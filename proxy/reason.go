package proxy

import "net/http"

// Reason says why a request did not get the origin's whole answer. Reasons
// are metric labels and log fields: they are few and never change meaning.
type Reason string

// All reasons. The comment says what the client gets.
const (
	// NoRoute: no route has the request's host and path. 404.
	NoRoute Reason = "no_route"
	// BadMethod: the method asks for a tunnel (CONNECT), or for what the origin is
	// told (TRACE). 501.
	BadMethod Reason = "bad_method"
	// BadRequest: the method or the host is none in HTTP, although HTTP/2 and HTTP/3
	// can carry it, or the target has a fragment (#), which is never sent. 400.
	BadRequest Reason = "bad_request"
	// HeadTooLarge: the head of the request is larger than its origin takes, as that
	// has said (HTTP/2). 431.
	HeadTooLarge Reason = "head_too_large"
	// BadRequestBody: the client's body broke the rules of its framing. 400.
	BadRequestBody Reason = "bad_request_body"
	// RequestTooLarge: the client's body is longer than it may be (Bodies). 413.
	RequestTooLarge Reason = "request_too_large"
	// SlowRequest: the client's body came too slowly. 408.
	SlowRequest Reason = "slow_request"
	// BadHandshake: the request is no handshake of a WebSocket that we can answer.
	// 400.
	BadHandshake Reason = "bad_handshake"
	// WrongMethod: the path gives event streams and nothing else. 405.
	WrongMethod Reason = "wrong_method"
	// TokenMissing: a route that holds by token got none. 401.
	TokenMissing Reason = "token_missing"
	// TokenAmbiguous: it got more than one. 400.
	TokenAmbiguous Reason = "token_ambiguous"
	// TokenRefused: the token is not one for the route. 401.
	TokenRefused Reason = "token_refused"
	// TokenExpired: it was one. 401.
	TokenExpired Reason = "token_expired"
	// TokenUnfit: it is one, but what it claims cannot be done. 403.
	TokenUnfit Reason = "token_unfit"
	// TokenKeysUnavailable: the keys to check it with could not be fetched, or not
	// since the first that names its key. 503.
	TokenKeysUnavailable Reason = "token_keys_unavailable"
	// ForgedEvents: the client sends the events of WebSocket-over-HTTP itself. 403.
	ForgedEvents Reason = "forged_events"
	// UnknownChallenge: no stream waits for this answer to a challenge, or no longer.
	// 404.
	UnknownChallenge Reason = "unknown_challenge"
	// NotReauthorized: the client's new credentials do not let its stream stay. 403.
	NotReauthorized Reason = "not_reauthorized"
	// Revoked: the client may not be held for a while. 204 for who wants events, after
	// which an EventSource does not come back; 403 for others.
	Revoked Reason = "revoked"
	// PreflightRefused: a page asks what it may send, and its site is none of the
	// route's. 403.
	PreflightRefused Reason = "preflight_refused"
	// ForeignOrigin: a page of another site has made a browser send the user's
	// credentials. 403.
	ForeignOrigin Reason = "foreign_origin"
	// ClientGone: the client left, or we are shutting down. Nothing.
	ClientGone Reason = "client_gone"
	// ClientTimeout: the client did not read for the route's write timeout.
	// Its connection is cut.
	ClientTimeout Reason = "client_timeout"
	// OriginUnreachable: no origin of the route took a connection. 502.
	OriginUnreachable Reason = "origin_unreachable"
	// OriginTimeout: connecting, or the head of the answer, took too long, or nothing
	// of the request's body was taken for that long. 504.
	OriginTimeout Reason = "origin_timeout"
	// OriginBroken: the origin's answer was not HTTP, or ended in its head. 502.
	OriginBroken Reason = "origin_broken"
	// OriginCut: the origin's body ended early. The client's connection is cut
	// if the head is out, otherwise 502.
	OriginCut Reason = "origin_cut"
	// BadEncoding: an instructed answer has a content coding that is unknown,
	// or content that its coding does not allow. 502.
	BadEncoding Reason = "bad_encoding"
	// BodyTooLarge: the body of an instructed answer exceeds its limit. 502.
	BodyTooLarge Reason = "body_too_large"
	// BadInstruction: the origin's instruction cannot be followed. 502.
	BadInstruction Reason = "bad_instruction"
	// ChannelDenied: the origin's instruction names a channel that its route may not
	// have (ChannelPolicy). 502.
	ChannelDenied Reason = "channel_denied"
	// BadPatch: a published patch cannot be applied to the origin's body, and the
	// request cannot be sent again. 502.
	BadPatch Reason = "bad_patch"
	// LinkFailed: the next page of a response could not be had from the origin. The
	// client's connection is cut.
	LinkFailed Reason = "link_failed"
	// TooManyStreams: as many streams are held as are allowed. 503.
	TooManyStreams Reason = "too_many_streams"
	// TooManyOfAddress: as many are held for the client's address as are allowed
	// (Quotas). 429.
	TooManyOfAddress Reason = "too_many_of_address"
	// TooManyOfUser: as many are held for the user as are allowed. 429.
	TooManyOfUser Reason = "too_many_of_user"
	// TooManyOfChannel: as many are held on a channel as are allowed. 503.
	TooManyOfChannel Reason = "too_many_of_channel"
	// TooManyNewStreams: streams begin faster than they may (Limits). 503.
	TooManyNewStreams Reason = "too_many_new_streams"
	// OriginBusy: as many requests are with the route's origins, or under way with
	// each of them, as may be. 503.
	OriginBusy Reason = "origin_busy"
	// Draining: the process is ending its streams. 503.
	Draining Reason = "draining"
	// HistoryUnavailable: the bus did not tell in time what was published on
	// the channels. 503.
	HistoryUnavailable Reason = "history_unavailable"
)

// reasons lists all reasons, for metrics and the log's limits.
func reasons() []Reason {
	return []Reason{NoRoute, BadMethod, BadRequest, HeadTooLarge, BadRequestBody, RequestTooLarge, SlowRequest, BadHandshake, WrongMethod,
		TokenMissing, TokenAmbiguous, TokenRefused, TokenExpired, TokenUnfit, TokenKeysUnavailable,
		ForgedEvents, PreflightRefused, ForeignOrigin, UnknownChallenge, NotReauthorized, Revoked, ClientGone, ClientTimeout,
		OriginUnreachable, OriginTimeout, OriginBroken, OriginCut, BadEncoding, BodyTooLarge, BadInstruction,
		ChannelDenied, BadPatch, LinkFailed, TooManyStreams, TooManyOfAddress, TooManyOfUser, TooManyOfChannel,
		TooManyNewStreams, OriginBusy, Draining, HistoryUnavailable}
}

// status is the status of the answer that tells r to a client.
func (r Reason) status() int {
	switch r {
	case NoRoute, UnknownChallenge:
		return http.StatusNotFound
	case BadMethod:
		return http.StatusNotImplemented
	case BadRequest, BadRequestBody, BadHandshake, TokenAmbiguous:
		return http.StatusBadRequest
	case HeadTooLarge:
		return http.StatusRequestHeaderFieldsTooLarge
	case RequestTooLarge:
		return http.StatusRequestEntityTooLarge
	case SlowRequest:
		return http.StatusRequestTimeout
	case WrongMethod:
		return http.StatusMethodNotAllowed
	case TokenMissing, TokenRefused, TokenExpired:
		return http.StatusUnauthorized
	case ForgedEvents, PreflightRefused, ForeignOrigin, NotReauthorized, Revoked, TokenUnfit:
		return http.StatusForbidden
	case TooManyOfAddress, TooManyOfUser:
		return http.StatusTooManyRequests
	case OriginTimeout:
		return http.StatusGatewayTimeout
	case TooManyStreams, TooManyOfChannel, TooManyNewStreams, OriginBusy, Draining, HistoryUnavailable, TokenKeysUnavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusBadGateway
	}
}

// message is the sentence for the client. It tells nothing about the inside.
func (r Reason) message() string {
	switch r {
	case NoRoute:
		return "No route for this host and path."
	case BadMethod:
		return "This method is not supported."
	case BadRequest:
		return "The request is malformed."
	case HeadTooLarge:
		return "The head of the request is too large."
	case BadRequestBody:
		return "The request body is malformed."
	case RequestTooLarge:
		return "The request body is too large."
	case SlowRequest:
		return "The request body came too slowly."
	case BadHandshake:
		return "The WebSocket handshake is malformed or of another version than 13."
	case WrongMethod:
		return "This path gives event streams, to GET."
	case TokenMissing:
		return "A token is needed."
	case TokenAmbiguous:
		return "There is more than one token."
	case TokenRefused:
		return "The token is not valid."
	case TokenExpired:
		return "The token has expired."
	case TokenUnfit:
		return "The token does not allow this."
	case TokenKeysUnavailable:
		return "Tokens cannot be checked now."
	case ForgedEvents:
		return "Client not allowed to send WebSocket events directly."
	case UnknownChallenge:
		return "No stream waits for this answer; open it anew."
	case NotReauthorized:
		return "These credentials do not let the stream stay."
	case Revoked:
		return "You may not open this stream any more."
	case PreflightRefused, ForeignOrigin:
		return "Pages of this site may not send this."
	case OriginTimeout:
		return "The origin did not answer in time."
	case TooManyNewStreams:
		return "Too many requests come at once."
	case OriginBusy:
		return "The origin has too many requests now."
	case TooManyOfAddress:
		return "Too many streams are open from this address."
	case TooManyOfUser:
		return "Too many streams are open for this user."
	case TooManyStreams, TooManyOfChannel, Draining, HistoryUnavailable:
		return "No more streams can be held now."
	default:
		return "Error while proxying to origin."
	}
}

// byClient reports whether clients can bring r about by themselves.
func (r Reason) byClient() bool {
	switch r {
	case NoRoute, BadMethod, BadRequest, HeadTooLarge, BadRequestBody, RequestTooLarge, SlowRequest, BadHandshake, WrongMethod, TokenMissing,
		TokenAmbiguous, TokenRefused, TokenExpired, TokenUnfit, ForgedEvents, PreflightRefused, ForeignOrigin,
		UnknownChallenge, NotReauthorized, Revoked, ClientGone, ClientTimeout, TooManyOfAddress, TooManyOfUser:
		return true
	}
	return false
}

// byOrigin reports whether r says that an origin is not well.
func (r Reason) byOrigin() bool {
	switch r {
	case OriginUnreachable, OriginTimeout, OriginBroken:
		return true
	}
	return false
}

// passes reports whether r is a condition that passes by itself, so that
// asking again later makes sense.
func (r Reason) passes() bool {
	switch r {
	case OriginUnreachable, OriginTimeout, OriginBroken, OriginCut, TooManyStreams, TooManyOfAddress, TooManyOfUser,
		TooManyOfChannel, TooManyNewStreams, OriginBusy, Draining, HistoryUnavailable, TokenKeysUnavailable:
		return true
	}
	return false
}

// failure is an error with its reason. The error is for the log, the reason
// for everybody.
type failure struct {
	reason Reason
	err    error
}

func (f *failure) Error() string { return string(f.reason) + ": " + f.err.Error() }

func (f *failure) Unwrap() error { return f.err }
