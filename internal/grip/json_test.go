package grip

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// decode reads a value with what this package has.
func decode(v raw) any {
	if members, ok := parseObject(v); ok {
		m := make(map[string]any)
		for _, member := range members {
			m[string(member.key)] = decode(members.value(string(member.key)))
		}
		return m
	}
	if elements, ok := parseArray(v); ok {
		a := []any{}
		for _, e := range elements {
			a = append(a, decode(e))
		}
		return a
	}
	if v[0] == '"' {
		s, _ := text(v, "", "")
		b, _ := textBytes(v, "", "")
		if s != string(b) {
			panic("text and textBytes differ")
		}
		return s
	}
	return string(v)
}

// encodingJSON reads a value with encoding/json; numbers and literals stay as
// they are written.
func encodingJSON(t *testing.T, v []byte) any {
	var object map[string]json.RawMessage
	var array []json.RawMessage
	var text string
	switch {
	case v[0] == '{' && json.Unmarshal(v, &object) == nil:
		m := make(map[string]any)
		for key, value := range object {
			m[key] = encodingJSON(t, value)
		}
		return m
	case v[0] == '[' && json.Unmarshal(v, &array) == nil:
		a := []any{}
		for _, e := range array {
			a = append(a, encodingJSON(t, e))
		}
		return a
	case v[0] == '"' && json.Unmarshal(v, &text) == nil:
		return text
	}
	return string(v)
}

// FuzzJSON compares the splitting of JSON with encoding/json.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,{"b":"\u00fc\ud83d\ude00\ud800x\n"},[],{}],"a":null,"":-1.5e3}`, ` [ "\\" , "\"" , "\\\"" , true ] `,
		`{"\u0061":"]}","b":"{["}`, `""`, `"\ud800\ud800\udc00"`, "{\"a\"\n:\t1 ,\r\"b\":2 }", `0`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !isJSON([]byte(text)) {
			return
		}
		v := whole([]byte(text))
		if diff := cmp.Diff(encodingJSON(t, v), decode(v)); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	})
}
