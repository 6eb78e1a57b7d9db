package grip

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
)

// wrongType is the error text of Pushpin for a value of another type.
func wrongType(where, key string) error {
	return fmt.Errorf("%s contains '%s' with wrong type", where, key)
}

// text reads a string, which is empty where the key is missing.
func text(v raw, where, key string) (string, error) {
	switch {
	case len(v) == 0:
		return "", nil
	case v[0] != '"':
		return "", wrongType(where, key)
	case bytes.IndexByte(v, '\\') < 0:
		return string(v[1 : len(v)-1]), nil
	}
	return string(appendUnescaped(nil, v)), nil
}

// textBytes is text for what goes on as bytes, which do not share v's.
func textBytes(v raw, where, key string) ([]byte, error) {
	switch {
	case len(v) == 0:
		return nil, nil
	case v[0] != '"':
		return nil, wrongType(where, key)
	}
	return appendUnescaped(make([]byte, 0, len(v)), v), nil
}

// integer reads a whole number from 0, or a string that is one, as JavaScript
// GRIP libraries send them. 20.0 and 2e1 are whole numbers too.
func integer(v raw, where, key string) (n int, err error) {
	if len(v) > 0 && v[0] == '"' {
		s, _ := text(v, where, key)
		n, err = strconv.Atoi(s)
	} else if n, err = strconv.Atoi(string(v)); err != nil {
		n, err = wholeNumber(string(v))
	}
	if err != nil || n < 0 {
		return 0, wrongType(where, key)
	}
	return n, nil
}

// wholeNumber reads a number that is written with a fraction or an exponent.
func wholeNumber(s string) (int, error) {
	f, err := strconv.ParseFloat(s, 64)
	if err == nil && (f != math.Trunc(f) || math.Abs(f) > math.MaxInt32) {
		err = strconv.ErrRange
	}
	return int(f), err
}

// boolean reads true or false; what is missing is false.
func boolean(v raw, where, key string) (bool, error) {
	switch string(v) {
	case "true":
		return true, nil
	case "false", "":
		return false, nil
	}
	return false, wrongType(where, key)
}

// base64Text reads a string in standard base64.
func base64Text(v raw, where, key string) ([]byte, error) {
	s, err := textBytes(v, where, key)
	if err != nil {
		return nil, err
	}
	n, err := base64.StdEncoding.Decode(s, s)
	if err != nil {
		return nil, fmt.Errorf("%s contains '%s' that is not valid base64", where, key)
	}
	return s[:n], nil
}

// stringMap reads an object of strings.
func stringMap(v raw, where, key string) (map[string]string, error) {
	if len(v) == 0 {
		return nil, nil
	}
	values, ok := parseObject(v)
	if !ok {
		return nil, wrongType(where, key)
	}
	m := make(map[string]string, len(values))
	for _, pair := range values {
		s, err := text(pair.value, "'"+key+"'", string(pair.key))
		if err != nil {
			return nil, err
		}
		m[string(pair.key)] = s
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
	elements, ok := parseArray(v)
	if !ok {
		m, err := stringMap(v, where, "headers")
		for _, name := range slices.Sorted(maps.Keys(m)) {
			pairs = append(pairs, [2]string{name, m[name]})
		}
		return pairs, err
	}
	for _, e := range elements {
		pair, ok := parseArray(e)
		if !ok || len(pair) != 2 || pair[0][0] != '"' || pair[1][0] != '"' {
			return nil, fmt.Errorf("%s: headers contains element with wrong type", where)
		}
		name, _ := text(pair[0], where, "headers")
		value, _ := text(pair[1], where, "headers")
		pairs = append(pairs, [2]string{name, value})
	}
	return pairs, nil
}
