package intake

import (
	"errors"
	"net/http"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// EventError says why an event is refused: a sentence for the publisher.
type EventError string

func (e EventError) Error() string { return string(e) }

// Problem says how a publisher is told of err: by a status, which means what it
// means in HTTP, and a sentence. 503 is for what passes.
func Problem(err error) (status int, message string) {
	var (
		event EventError
		body  grip.BodyError
		item  *grip.ItemError
		name  *channels.NameError
	)
	switch {
	case errors.As(err, &event):
		return http.StatusBadRequest, event.Error()
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
