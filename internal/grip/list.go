package grip

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// maxMembers bounds the members of a list header.
const maxMembers = 1000

// member is one element of a list header: a value and its parameters.
type member struct {
	value  string
	params []param
}

// param is a name in lower case and an unquoted value.
type param struct{ name, value string }

var errQuote = errors.New("has a quote that does not end")

// list reads a list header: its lines, each split at commas.
func list(h http.Header, name string) ([]member, error) {
	var members []member
	for _, line := range h.Values(name) {
		pieces, err := split(line, ',')
		if err != nil {
			return nil, fmt.Errorf("%s %w", name, err)
		}
		for _, piece := range pieces {
			if strings.TrimSpace(piece) == "" {
				continue
			}
			m, err := parseMember(piece)
			if err != nil {
				return nil, fmt.Errorf("%s %w", name, err)
			}
			members = append(members, m)
		}
		if len(members) > maxMembers {
			return nil, fmt.Errorf("%s has more than %d members", name, maxMembers)
		}
	}
	return members, nil
}

// parseMember reads value *( ";" name [ "=" value ] ).
func parseMember(s string) (member, error) {
	pieces, err := split(s, ';')
	if err != nil {
		return member{}, err
	}
	m := member{value: strings.TrimSpace(pieces[0])}
	for _, piece := range pieces[1:] {
		p, err := parseParam(piece)
		if err != nil {
			return member{}, err
		}
		if p.name != "" {
			m.params = append(m.params, p)
		}
	}
	return m, nil
}

// parseParam reads name [ "=" value ], where the value may be quoted.
func parseParam(s string) (param, error) {
	name, value, _ := strings.Cut(strings.TrimSpace(s), "=")
	name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
	if name == "" && value != "" {
		return param{}, fmt.Errorf("has a parameter without a name: %q", s)
	}
	if strings.HasPrefix(value, `"`) {
		unquoted, rest, err := unquote(value)
		if err != nil {
			return param{}, err
		}
		if strings.TrimSpace(rest) != "" {
			return param{}, fmt.Errorf("has %q after the quoted value of %q", rest, name)
		}
		value = unquoted
	}
	return param{name, value}, nil
}

// split cuts s at sep, except inside quotes and inside <...>.
func split(s string, sep byte) ([]string, error) {
	var pieces []string
	from, quoted, angled := 0, false, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && !angled:
			quoted = !quoted
		case quoted:
		case c == '<' && strings.TrimSpace(s[from:i]) == "":
			angled = true
		case c == '>':
			angled = false
		case c == sep && !angled:
			pieces = append(pieces, s[from:i])
			from = i + 1
		}
	}
	if quoted {
		return nil, errQuote
	}
	return append(pieces, s[from:]), nil
}

// unquote reads a quoted string (RFC 9110 §5.6.4) at the start of s.
func unquote(s string) (value, rest string, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), s[i+1:], nil
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errQuote
}
