package access

import "time"

// Reason is why a call is refused, as logs and metrics name it.
type Reason string

// The reasons.
const (
	NoToken      Reason = "no_token"
	UnknownToken Reason = "unknown_token"
	ExpiredToken Reason = "expired_token"
	BadClaims    Reason = "bad_claims" // of a JWT that a known key has signed
	Slowed       Reason = "slowed"     // after too many unknown tokens
	MissingRight Reason = "missing_right"
	OtherChannel Reason = "other_channel"
	TooFast      Reason = "rate"
	TooManyItems Reason = "too_many_items" // in one request, for the rate's burst
	// These two are for endpoints without any token, which web pages could reach.
	WebPage     Reason = "web_page"
	ForeignHost Reason = "foreign_host"
)

// Reasons lists them all.
func Reasons() []Reason {
	return []Reason{
		NoToken, UnknownToken, ExpiredToken, BadClaims, Slowed, MissingRight,
		OtherChannel, TooFast, TooManyItems, WebPage, ForeignHost,
	}
}

// Refused is the error of a call that is refused.
type Refused struct {
	Reason Reason
	// Message is a sentence for the client.
	Message string
	// Name is the grant's, empty where the token is not known.
	Name string
	// Needs is the right that is missing, for MissingRight.
	Needs Rights
	// Wait is for how long it makes no sense to try again, for Slowed and TooFast.
	Wait time.Duration
}

// Error returns the message.
func (e *Refused) Error() string { return e.Message }
