package grip

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// raw is a JSON value that is not read yet; nil where the key is missing.
type raw = json.RawMessage

// wrongType is the error text of Pushpin for a value of another type.
func wrongType(where, key string) error {
	return fmt.Errorf("%s contains '%s' with wrong type", where, key)
}

// text reads a string.
func text(v raw, where, key string) (string, error) {
	if len(v) == 0 {
		return "", nil
	}
	var s string
	if v[0] != '"' || json.Unmarshal(v, &s) != nil {
		return "", wrongType(where, key)
	}
	return s, nil
}

// integer reads a number, or a string that is one, as JavaScript GRIP
// libraries send them.
func integer(v raw, where, key string) (n int, err error) {
	s := strings.Trim(string(v), `"`)
	if n, err = strconv.Atoi(s); err != nil || n < 0 {
		return 0, wrongType(where, key)
	}
	return n, nil
}

// base64Text reads a string in standard base64.
func base64Text(v raw, where, key string) ([]byte, error) {
	s, err := text(v, where, key)
	if err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%s contains '%s' that is not valid base64", where, key)
	}
	return b, nil
}

// object reads an object into v, a struct or a map.
func object(data raw, v any) bool {
	data = bytes.TrimLeft(data, " \t\r\n")
	return len(data) > 0 && data[0] == '{' && json.Unmarshal(data, v) == nil
}

// array splits an array.
func array(data raw) (elements []raw, ok bool) {
	data = bytes.TrimLeft(data, " \t\r\n")
	if len(data) == 0 || data[0] != '[' || json.Unmarshal(data, &elements) != nil {
		return nil, false
	}
	return elements, true
}

// stringMap reads an object of strings.
func stringMap(v raw, where, key string) (map[string]string, error) {
	if len(v) == 0 {
		return nil, nil
	}
	var values map[string]raw
	if !object(v, &values) {
		return nil, wrongType(where, key)
	}
	m := make(map[string]string, len(values))
	for name, value := range values {
		s, err := text(value, "'"+key+"'", name)
		if err != nil {
			return nil, err
		}
		m[name] = s
	}
	return m, nil
}

// header reads headers: an object of strings, or an array of pairs.
func header(v raw, where string) (http.Header, error) {
	h := make(http.Header)
	if len(v) == 0 {
		return h, nil
	}
	pairs, err := headerPairs(v, where)
	if err != nil {
		return nil, err
	}
	for _, p := range pairs {
		if err := checkHeader(p[0], p[1]); err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		h.Add(p[0], p[1])
	}
	return h, nil
}

func headerPairs(v raw, where string) (pairs [][2]string, err error) {
	elements, isArray := array(v)
	if !isArray {
		m, err := stringMap(v, where, "headers")
		for name, value := range m {
			pairs = append(pairs, [2]string{name, value})
		}
		return pairs, err
	}
	for _, e := range elements {
		var pair []string
		if json.Unmarshal(e, &pair) != nil || len(pair) != 2 {
			return nil, fmt.Errorf("%s: headers contains element with wrong type", where)
		}
		pairs = append(pairs, [2]string{pair[0], pair[1]})
	}
	return pairs, nil
}

// compact returns valid JSON without white space between its tokens.
func compact(v raw) string {
	var b bytes.Buffer
	if json.Compact(&b, v) != nil {
		return string(v) // not reached: v came out of valid JSON
	}
	return b.String()
}
