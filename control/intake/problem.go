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

// Unavailable says why nothing can be published for now, and that nothing was:
// a sentence for the publisher, who may try again.
type Unavailable string

// Error returns the text for the publisher.
func (e Unavailable) Error() string { return string(e) }

// Unsure says why it is not known whether something was published: a sentence
// for the publisher, who may try again with the same ids.
type Unsure string

// Error returns the text for the publisher.
func (e Unsure) Error() string { return string(e) }

// Problem says how a publisher is told of err: by a status, which means what it
// means in HTTP, and a sentence. 503 is for what passes and left nothing behind,
// 504 for what may have been published.
func Problem(err error) (status int, message string) {
	var (
		refusal Refusal
		body    grip.BodyError
		item    *grip.ItemError
		name    *channels.NameError

		unavailable Unavailable
		unsure      Unsure
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
	case errors.As(err, &unavailable):
		return http.StatusServiceUnavailable, unavailable.Error()
	case errors.As(err, &unsure):
		return http.StatusGatewayTimeout, unsure.Error()
	case errors.Is(err, channels.ErrClosed):
		return http.StatusServiceUnavailable, "Shutting down."
	}
	return http.StatusInternalServerError, "Internal error."
}
