package nats

import (
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/holdfast-proxy/holdfast/control/intake"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

// Compose is Parse's inverse: the message that stands for item. It shares the
// item's bytes.
func Compose(subject string, item *grip.Item) *nats.Msg {
	m := nats.NewMsg(subject)
	switch e := item.Event; {
	case item.Raw != nil:
		m.Header["Holdfast-Format"] = []string{formatItem}
		m.Data = item.Raw
	case !Carries(e.Name), !Carries(e.ID):
		m.Header["Holdfast-Format"] = []string{formatItem}
		m.Data = written(item.ID, e)
	default:
		m.Data = []byte(e.Data)
		setHeader(m.Header, "Holdfast-Event", e.Name)
		setHeader(m.Header, "Holdfast-Id", e.ID)
	}
	return m
}

func setHeader(h nats.Header, name, value string) {
	if value != "" {
		h[name] = []string{value}
	}
}

// Carries reports whether the value of a header arrives as it was sent. The library
// takes white space around it away, and line breaks.
func Carries(value string) bool {
	return value == strings.Trim(value, " \t") && !strings.ContainsAny(value, "\r\n")
}

// written is an item as JSON that has e and nothing else.
func written(id string, e *grip.EventFormat) []byte {
	type event struct {
		Name string `json:"event,omitempty"`
		ID   string `json:"id,omitempty"`
		Data string `json:"data"`
	}
	type formats struct {
		Event event `json:"sse"`
	}
	return intake.JSON(struct {
		ID      string  `json:"id,omitempty"`
		Formats formats `json:"formats"`
	}{id, formats{event{e.Name, e.ID, e.Data}}})
}
