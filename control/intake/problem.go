package intake

import (
	"errors"
	"net/http"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// Refusal says why something is refused with status 400: a sentence for the
// publisher. Sources make them of what is wrong around a payload.
type Refusal string

// Error returns the text for the publisher.
func (e Refusal) Error() string { return string(e) }

// Problem says how a publisher is told of err: by a status, which means what it
// means in HTTP, and a sentence. 503 is for what passes.
func Problem(err error) (status int, message string) {
	var (
		refusal Refusal
		body    grip.BodyError
		item    *grip.ItemError
		name    *channels.NameError
	)
	switch {
	case errors.As(err, &refusal):
		return http.StatusBadRequest, refusal.Error()
	case errors.As(err, &body):
		return http.StatusBadRequest, body.Error()
	case errors.As(err, &item):
		return http.StatusBadRequest, item.Error()
	case errors.As(err, &name):
		return http.StatusBadRequest, "Invalid format: " + name.Error()
	case errors.Is(err, channels.ErrClosed):
		return http.StatusServiceUnavailable, "Shutting down."
	}
	return http.StatusInternalServerError, "Internal error."
}
