package control

import (
	"net/http"

	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/intake"
)

// publish serves POST /publish/: {"items": [...]}, GRIP's publish format.
func (h *Handler) publish(r *http.Request, by *access.Grant) (answer, error) {
	body, err := h.readBody(r)
	if err != nil {
		return answer{}, err
	}
	receipt, err := h.opts.Intake.Through(by).Items(r.Context(), body)
	if err != nil {
		return answer{}, err
	}
	return answer{text: intake.Published, json: receipt}, nil
}

// recovery serves POST /recover/ (GRIP): the held responses of this node that can
// ask their origin for what they miss do so.
func (h *Handler) recovery(*http.Request, *access.Grant) (answer, error) {
	if h.opts.Recover != nil {
		h.opts.Recover()
	}
	return said("Updated"), nil
}

// root serves GET /.
func root(*http.Request, *access.Grant) (answer, error) { return said("Holdfast API"), nil }
