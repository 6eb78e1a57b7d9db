package config

import (
	"errors"
	"strings"
)

// ParseHeader splits a line of HeaderEdits.Set at its first colon. The value
// comes without surrounding blanks (RFC 9110 §5.5). The error says what is
// wrong with the line.
func ParseHeader(line string) (name, value string, err error) {
	name, value, found := strings.Cut(line, ":")
	value = strings.Trim(value, " \t")
	switch {
	case !found:
		return "", "", errors.New("has no colon")
	case !isToken(name):
		return "", "", errors.New("begins with no name of a header")
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return "", "", errors.New("has a line break or a control character in it")
	}
	return name, value, nil
}

// isToken reports whether name can be the name of a header (RFC 9110 §5.6.2).
func isToken(name string) bool {
	const marks = "!#$%&'*+-.^_`|~"
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		alphanumeric := 'a' <= r|0x20 && r|0x20 <= 'z' || '0' <= r && r <= '9'
		return !alphanumeric && !strings.ContainsRune(marks, r)
	})
}

// reserved reports whether the header belongs to forwarding (RFC 9110 §7.6.1)
// or to GRIP.
func reserved(name string) bool {
	switch lower := strings.ToLower(name); lower {
	case "connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade":
		return true
	default:
		return strings.HasPrefix(lower, "grip-")
	}
}
