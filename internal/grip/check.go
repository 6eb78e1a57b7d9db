package grip

import (
	"fmt"
	"net/http"

	"golang.org/x/net/http/httpguts"
)

// checkStatus reports whether a final response can have this status and
// phrase. 1xx is not final, and there is no status over 599 (RFC 9110 §15):
// clients would take it for a 5xx.
func checkStatus(code int, reason string) error {
	if code < 200 || code > 599 {
		return fmt.Errorf("status %d is not from 200 to 599", code)
	}
	for i := range len(reason) {
		if c := reason[i]; c < ' ' && c != '\t' || c == 0x7f {
			return fmt.Errorf("reason phrase contains %q", c)
		}
	}
	return nil
}

// checkHeader reports whether a header field can stand in a response head
// (RFC 9110 §5.1 and §5.5).
func checkHeader(name, value string) error {
	if !httpguts.ValidHeaderFieldName(name) {
		return fmt.Errorf("header name %q is not a token", name)
	}
	if !httpguts.ValidHeaderFieldValue(value) {
		return fmt.Errorf("value of header %q contains control characters", name)
	}
	return nil
}

// checkBody reports whether a response with this status can have the body
// (RFC 9110 §6.4.1).
func checkBody(code int, body []byte) error {
	if len(body) > 0 && (code == http.StatusNoContent || code == http.StatusNotModified) {
		return fmt.Errorf("status %d cannot have a body", code)
	}
	return nil
}
