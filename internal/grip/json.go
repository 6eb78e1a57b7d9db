package grip

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// raw is a JSON value that is not read yet, without white space around it; nil
// where the key is missing. It is a part of a text that isJSON has passed: what
// reads it relies on the grammar and never fails on it.
type raw []byte

// isJSON reports whether data is one JSON text (RFC 8259) in UTF-8.
func isJSON(data []byte) bool { return utf8.Valid(data) && json.Valid(data) }

// whole is the value of a JSON text.
func whole(data []byte) raw { return bytes.Trim(data, jsonSpace) }

const jsonSpace = " \t\r\n"

func skipSpace(s raw) raw { return bytes.TrimLeft(s, jsonSpace) }

// object is the members of a JSON object, in order.
type object []pair

// pair is one member.
type pair struct {
	key   []byte // without escapes
	value raw
}

// usualMembers is how many members most objects have at most.
const usualMembers = 3

// parseObject splits an object. Its parts share v's bytes.
func parseObject(v raw) (o object, ok bool) {
	if len(v) == 0 || v[0] != '{' {
		return nil, false
	}
	for rest := skipSpace(v[1:]); rest[0] != '}'; {
		key, after := cutValue(rest)
		value, after := cutValue(skipSpace(skipSpace(after)[1:])) // behind the colon
		name := []byte(key[1 : len(key)-1])
		if bytes.IndexByte(name, '\\') >= 0 {
			name = appendUnescaped(nil, key)
		}
		if o == nil {
			o = make(object, 0, usualMembers)
		}
		o = append(o, pair{name, value})
		rest = skipComma(after)
	}
	return o, true
}

// value returns the value of a key, which is case-sensitive. Of several the
// last one counts.
func (o object) value(key string) raw {
	for i := len(o) - 1; i >= 0; i-- {
		if string(o[i].key) == key {
			return o[i].value
		}
	}
	return nil
}

// parseArray splits an array. Its elements share v's bytes.
func parseArray(v raw) (elements []raw, ok bool) {
	if len(v) == 0 || v[0] != '[' {
		return nil, false
	}
	for rest := skipSpace(v[1:]); rest[0] != ']'; {
		element, after := cutValue(rest)
		elements = append(elements, element)
		rest = skipComma(after)
	}
	return elements, true
}

func skipComma(s raw) raw {
	s = skipSpace(s)
	if s[0] == ',' {
		return skipSpace(s[1:])
	}
	return s
}

// cutValue cuts s behind the value that it starts with.
func cutValue(s raw) (value, rest raw) {
	end := 0
	switch s[0] {
	case '"':
		end = stringLen(s)
	case '{', '[':
		end = nestedLen(s)
	default:
		end = bytes.IndexAny(s, ",]}"+jsonSpace)
	}
	return s[:end:end], s[end:]
}

// nestedLen is how long the object or array is that s starts with.
func nestedLen(s raw) int {
	depth := 0
	for i := 0; ; {
		switch s[i] {
		case '"':
			i += stringLen(s[i:])
			continue
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		i++
		if depth == 0 {
			return i
		}
	}
}

// stringLen is how long the string is that s starts with, with its quotes.
func stringLen(s raw) int {
	for i := 1; ; i++ {
		i += bytes.IndexByte(s[i:], '"')
		escapes := i - 1
		for s[escapes] == '\\' {
			escapes--
		}
		if (i-escapes)%2 == 1 { // an even number of backslashes
			return i + 1
		}
	}
}

// appendUnescaped appends the characters of a string. A surrogate that stands
// alone is no character and becomes U+FFFD.
func appendUnescaped(dst []byte, v raw) []byte {
	s := v[1 : len(v)-1]
	for {
		i := bytes.IndexByte(s, '\\')
		if i < 0 {
			return append(dst, s...)
		}
		dst = append(dst, s[:i]...)
		if s[i+1] == 'u' {
			r, n := escapedRune(s[i:])
			dst = utf8.AppendRune(dst, r)
			s = s[i+n:]
			continue
		}
		dst = append(dst, "\"\\/\b\f\n\r\t"[strings.IndexByte(`"\/bfnrt`, s[i+1])])
		s = s[i+2:]
	}
}

// escapedRune reads \uXXXX, or two of them that are a surrogate pair, and
// tells how long that was.
func escapedRune(s raw) (r rune, n int) {
	const one = len(`\uXXXX`)
	r = hexRune(s)
	if utf16.IsSurrogate(r) && len(s) >= 2*one && s[one] == '\\' && s[one+1] == 'u' {
		if r := utf16.DecodeRune(r, hexRune(s[one:])); r != utf8.RuneError {
			return r, 2 * one
		}
	}
	return r, one
}

func hexRune(s raw) rune {
	n, _ := strconv.ParseUint(string(s[2:6]), 16, 16) // hex digits by the grammar
	return rune(n)
}

// compact returns a value without white space between its tokens.
func compact(v raw) string {
	var b bytes.Buffer
	if json.Compact(&b, v) != nil {
		return string(v) // not reached: v is part of a JSON text
	}
	return b.String()
}
