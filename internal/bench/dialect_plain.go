package bench

import (
	"net/url"
	"strconv"
)

// plainDialect publishes to the bare server of package floor: for each item a
// line with the channel and the length, and the bytes that streams get.
type plainDialect struct{}

func (plainDialect) escape(channel string) string { return url.QueryEscape(channel) }

func (plainDialect) target([]item) (string, bool) { return "/publish/", false }

func (plainDialect) append(dst []byte, items []item) []byte {
	for _, it := range items {
		event := append([]byte(nil), "data: "...)
		event = append(it.stamp.appendTo(event, it.size), "\n\n"...)
		dst = append(dst, it.channel...)
		dst = append(dst, ' ')
		dst = strconv.AppendInt(dst, int64(len(event)), 10)
		dst = append(dst, '\n')
		dst = append(dst, event...)
	}
	return dst
}
