package grip

import (
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Last is a value of Grip-Last: what a client has seen last of a channel. It
// returns false if that cannot be written into a header. Channels are not quoted
// there, so one whose name would be read as several, or as a parameter, cannot.
func Last(channel, id string) (value string, ok bool) {
	if strings.ContainsAny(channel, `,;"`) {
		return "", false
	}
	if strings.ContainsAny(id, `;,"\ `) {
		id = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(id) + `"`
	}
	value = channel + "; last-id=" + id
	return value, httpguts.ValidHeaderFieldValue(value)
}
