package control

import (
	"net/http"

	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/control/intake"
)

// publishEvent serves POST /channels/{name}: the body, as it is, is the data of
// one event. An id given in the query is the event's and the item's, so that a
// request which is sent again is not published again.
func (h *Handler) publishEvent(r *http.Request, by *access.Grant) (answer, error) {
	q, err := query(r, "event", "id")
	if err != nil {
		return answer{}, err
	}
	body, err := h.readBody(r)
	if err != nil {
		return answer{}, err
	}
	receipt, err := h.opts.Intake.Through(by).Event(r.Context(), intake.Event{
		Channel: r.PathValue("name"), Name: q.Get("event"), ID: q.Get("id"), Data: body,
	})
	if err != nil {
		return answer{}, err
	}
	a := answer{text: intake.Published, json: receipt}
	if receipt.Items[0].Status == intake.Duplicate {
		a.text = "Published before, not again"
	}
	return a, nil
}
