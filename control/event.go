package control

import (
	"net/http"
	"unicode/utf8"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// publishEvent serves POST /channels/{name}: the body, as it is, is the data of
// one event. An id given in the query is the event's and the item's, so that a
// request which is sent again is not published again.
func (h *Handler) publishEvent(r *http.Request) (answer, error) {
	item, err := rawItem(r)
	if err != nil {
		return answer{}, err
	}
	body, err := h.readBody(r)
	if err != nil {
		return answer{}, err
	}
	if !utf8.Valid(body) {
		return answer{}, refusef(http.StatusBadRequest, "The body is not valid UTF-8, as event streams are.")
	}
	item.Event.Data = string(body)
	items := []grip.Item{item}
	results, err := h.hand(r, items)
	if err != nil {
		return answer{}, err
	}
	a := answer{text: "Published", json: published{"Published", describe(items, results)}}
	if results[0].Status == channels.Duplicate {
		a.text = "Published before, not again"
	}
	return a, nil
}

// rawItem is the item that r's path and query describe, without its data.
func rawItem(r *http.Request) (grip.Item, error) {
	q, err := query(r, "event", "id")
	if err != nil {
		return grip.Item{}, err
	}
	id := q.Get("id")
	item := grip.Item{
		Channel: r.PathValue("name"),
		ID:      id,
		Event:   &grip.EventFormat{Name: q.Get("event"), ID: id},
	}
	if err := channels.CheckName(item.Channel); err != nil {
		return grip.Item{}, err
	}
	if err := item.Event.Validate(); err != nil {
		return grip.Item{}, refusef(http.StatusBadRequest, "Invalid format: %v", err)
	}
	return item, nil
}
