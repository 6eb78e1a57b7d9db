package control

import (
	"net/http"

	"github.com/holdfast-proxy/holdfast/control/intake"
)

// publish serves POST /publish/: {"items": [...]}, GRIP's publish format.
func (h *Handler) publish(r *http.Request) (answer, error) {
	body, err := h.readBody(r)
	if err != nil {
		return answer{}, err
	}
	receipt, err := h.opts.Intake.Items(r.Context(), body)
	if err != nil {
		return answer{}, err
	}
	return answer{text: intake.Published, json: receipt}, nil
}

// recovery serves POST /recover/, with which Pushpin forgets the last ids that it
// knows and asks origins again. Holdfast's streams go on from its own log, so
// there is nothing to do; requests are counted like all others.
func recovery(*http.Request) (answer, error) {
	return said("Updated"), nil
}

// root serves GET /.
func root(*http.Request) (answer, error) { return said("Holdfast API"), nil }
