package zmq

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep the lists and dicts of a tnetstring may lie in each
// other. An item with a patch has six levels.
const maxDepth = 32

// maxLengthDigits bounds the digits of a length: 999 MB.
const maxLengthDigits = 9

// ToJSON returns the JSON for an item that is a tnetstring, a dict. It shares
// nothing with it.
//
// A tnetstring's strings are bytes. What a format has as its content or body stays
// so: where that is no text, and where the publisher calls it content-bin or
// body-bin, it becomes base64, which those keys have in JSON. Other strings must be
// UTF-8. The error names the part that is wrong.
func ToJSON(item []byte) ([]byte, error) {
	v, rest, err := cutValue(item)
	switch {
	case err != nil:
		return nil, fmt.Errorf("tnetstring: %w", err)
	case len(rest) > 0:
		return nil, fmt.Errorf("tnetstring: %d bytes after its end", len(rest))
	case v.kind != '}':
		return nil, errors.New("tnetstring: the item is not a dict")
	}
	w := writer{out: make([]byte, 0, len(item)+len(item)/4)}
	if err := w.value(v); err != nil {
		if len(w.path) == 0 {
			return nil, fmt.Errorf("tnetstring: %w", err)
		}
		return nil, fmt.Errorf("tnetstring: %s: %w", strings.Join(w.path, "."), err)
	}
	return w.out, nil
}

// value is one value: its data and its type.
type value struct {
	data []byte
	kind byte
}

// cutValue reads LENGTH ":" DATA TYPE.
func cutValue(s []byte) (v value, rest []byte, err error) {
	end := bytes.IndexByte(s[:min(len(s), maxLengthDigits+1)], ':')
	if end <= 0 {
		return v, nil, errors.New("no length where a value begins")
	}
	n, err := strconv.ParseUint(string(s[:end]), 10, 32)
	if err != nil {
		return v, nil, fmt.Errorf("%q is not a length", s[:end])
	}
	if s = s[end+1:]; uint64(len(s)) < n+1 {
		return v, nil, fmt.Errorf("a value of %d bytes is cut off after %d", n, len(s))
	}
	return value{s[:n], s[n]}, s[n+1:], nil
}

// writer writes values as JSON.
type writer struct {
	out  []byte
	path []string // of the value that is being written, by keys; kept after an error
	deep int
}

func (w *writer) value(v value) error {
	switch v.kind {
	case ',':
		return w.text(v.data)
	case '}', ']':
		if w.deep++; w.deep > maxDepth {
			return fmt.Errorf("more than %d levels", maxDepth)
		}
		defer func() { w.deep-- }()
		if v.kind == '}' {
			return w.dict(v.data)
		}
		return w.list(v.data)
	}
	return w.scalar(v)
}

// scalar writes what is neither text nor has parts.
func (w *writer) scalar(v value) error {
	s := string(v.data)
	switch v.kind {
	case '#':
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return fmt.Errorf("%.40q is not an integer", s)
		}
		w.out = strconv.AppendInt(w.out, n, 10)
	case '^':
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
			return fmt.Errorf("%.40q is not a float", s)
		}
		w.out = strconv.AppendFloat(w.out, f, 'g', -1, 64)
	case '!':
		if s != "true" && s != "false" {
			return fmt.Errorf("%.40q is not a boolean", s)
		}
		w.out = append(w.out, s...)
	case '~':
		if s != "" {
			return errors.New("null has data")
		}
		w.out = append(w.out, "null"...)
	default:
		return fmt.Errorf("unknown type %q", v.kind)
	}
	return nil
}

func (w *writer) text(s []byte) error {
	if !utf8.Valid(s) {
		return errors.New("string is not valid UTF-8")
	}
	text, err := json.Marshal(string(s))
	if err != nil {
		return err
	}
	w.out = append(w.out, text...)
	return nil
}

func (w *writer) list(s []byte) error {
	w.out = append(w.out, '[')
	for first := true; len(s) > 0; first = false {
		v, rest, err := cutValue(s)
		if err != nil {
			return err
		}
		if !first {
			w.out = append(w.out, ',')
		}
		if err := w.value(v); err != nil {
			return err
		}
		s = rest
	}
	w.out = append(w.out, ']')
	return nil
}

func (w *writer) dict(s []byte) error {
	inFormat := len(w.path) > 0 && isFormat(w.path[len(w.path)-1])
	w.out = append(w.out, '{')
	for first := true; len(s) > 0; first = false {
		key, rest, err := cutValue(s)
		if err != nil {
			return err
		}
		if key.kind != ',' {
			return errors.New("a key is not a string")
		}
		v, rest, err := cutValue(rest)
		w.path = append(w.path, strings.ToValidUTF8(string(key.data), "?"))
		if err != nil {
			return err
		}
		if !first {
			w.out = append(w.out, ',')
		}
		if err := w.member(key, v, inFormat); err != nil {
			return err
		}
		w.path = w.path[:len(w.path)-1]
		s = rest
	}
	w.out = append(w.out, '}')
	return nil
}

// member writes a key and its value.
func (w *writer) member(key, v value, inFormat bool) error {
	name, isBytes := string(key.data), false
	if inFormat && v.kind == ',' {
		switch {
		case name == "content-bin", name == "body-bin":
			isBytes = true
		case (name == "content" || name == "body") && !utf8.Valid(v.data):
			name, isBytes = name+"-bin", true
		}
	}
	if err := w.text([]byte(name)); err != nil {
		return err
	}
	w.out = append(w.out, ':')
	if !isBytes {
		return w.value(v)
	}
	w.out = append(w.out, '"')
	w.out = base64.StdEncoding.AppendEncode(w.out, v.data)
	w.out = append(w.out, '"')
	return nil
}

// isFormat reports whether a key holds a format that has content.
func isFormat(key string) bool {
	return key == "http-stream" || key == "http-response" || key == "ws-message"
}
