package bench

import "net/url"

// nchanDialect publishes to a publisher location of Nchan, one message a request.
// Nchan makes the event of the message, and its id.
type nchanDialect struct{}

func (nchanDialect) escape(channel string) string { return url.QueryEscape(channel) }

func (nchanDialect) target(items []item) (string, bool) {
	return "/pub?channel=" + items[0].channel, true
}

func (nchanDialect) append(dst []byte, items []item) []byte {
	return items[0].stamp.appendTo(dst, items[0].size)
}
