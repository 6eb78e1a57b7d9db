package control

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/intake"
)

// challenge begins every WWW-Authenticate (RFC 6750 §3).
const challenge = `Bearer realm="holdfast"`

// denied returns what is answered to a call that is refused for who calls. err is
// why, or why for one of several items.
func denied(why *access.Refused, err error) *refusal {
	r := refusef(http.StatusForbidden, "%s", why.Message)
	var kept *intake.KeptError
	if errors.As(err, &kept) {
		r.message = kept.Error()
	}
	const authenticate = "WWW-Authenticate"
	switch why.Reason {
	case access.NoToken:
		r.status = http.StatusUnauthorized
		r.with(authenticate, challenge)
	case access.UnknownToken, access.ExpiredToken, access.BadClaims:
		r.status = http.StatusUnauthorized
		r.with(authenticate, challenge+`, error="invalid_token"`)
	case access.MissingRight:
		r.with(authenticate, fmt.Sprintf(`%s, error="insufficient_scope", scope="%v"`, challenge, why.Needs))
	case access.OtherChannel:
		r.with(authenticate, challenge+`, error="insufficient_scope"`)
	case access.TooManyItems:
		r.status = http.StatusRequestEntityTooLarge
	case access.Slowed, access.TooFast:
		r.status = http.StatusTooManyRequests
		r.with("Retry-After", seconds(why.Wait))
	}
	return r
}

// seconds writes d in whole seconds, rounded up (RFC 9110 §10.2.3).
func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
