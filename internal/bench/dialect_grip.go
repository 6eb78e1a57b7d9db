package bench

import (
	"encoding/json"
	"strconv"
)

// gripDialect publishes to the control endpoint of a GRIP proxy: Holdfast,
// Pushpin.
type gripDialect struct{}

func (gripDialect) escape(channel string) string {
	name, err := json.Marshal(channel)
	if err != nil {
		panic(err) // no string is refused
	}
	return string(name)
}

func (gripDialect) target([]item) (string, bool) { return "/publish/", false }

// append appends a GRIP publish request. Nothing in a stamp needs escaping in
// JSON.
func (gripDialect) append(dst []byte, items []item) []byte {
	dst = append(dst, `{"items":[`...)
	for i, it := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"channel":`...)
		dst = append(dst, it.channel...)
		dst = append(dst, `,"formats":{"http-stream":{"content":"`...)
		if it.id {
			dst = append(dst, `id: `...)
			dst = strconv.AppendInt(dst, int64(it.stamp.seq), 10)
			dst = append(dst, `\n`...)
		}
		dst = append(dst, `data: `...)
		dst = it.stamp.appendTo(dst, it.size)
		dst = append(dst, `\n\n"}}}`...)
	}
	return append(dst, `]}`...)
}
