package grip

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestPatchesChangeABody(t *testing.T) {
	for _, c := range []struct{ name, body, patch, want, err string }{
		{"replace", `{"a":1}`, `[{"op":"replace","path":"/a","value":2}]`, `{"a":2}`, ""},
		{"the line break at the end stays", "{ \"a\": 1 }\r\n", `[]`, "{\"a\":1}\r\n", ""},
		{"an array", " [1]\n", `[{"op":"add","path":"/0","value":0},{"op":"copy","from":"/1","path":"/-"},{"op":"remove","path":"/0"}]`, "[1,1]\n", ""},
		{"move and test", `{"a":{"b":1}}`, `[{"op":"test","path":"/a/b","value":1},{"op":"move","from":"/a/b","path":"/c"}]`, `{"a":{},"c":1}`, ""},
		{"markup is not escaped", `{}`, `[{"op":"add","path":"/a","value":"<&>"}]`, `{"a":"<&>"}`, ""},
		{"a test that fails", `{"a":1}`, `[{"op":"test","path":"/a","value":2}]`, "", "body-patch: "},
		{"a place that is not there", `{}`, `[{"op":"remove","path":"/a"}]`, "", "body-patch: "},
		{"an index from the end", `[1]`, `[{"op":"remove","path":"/-1"}]`, "", "body-patch: "},
		{"a body that is no JSON", "hello", `[]`, "", "body-patch: "},
		{"no body", "\n", `[]`, "", "body-patch: there is no body to change"},
		{"copies that grow and grow", `{"a":"` + strings.Repeat("x", 50) + `"}`, `[{"op":"copy","from":"","path":"/b"},{"op":"copy","from":"","path":"/c"}]`, "", "body-patch: "},
	} {
		got, err := ApplyPatch([]byte(c.body), []byte(c.patch), 100)
		if c.err != "" {
			if err == nil || !strings.HasPrefix(err.Error(), c.err) {
				t.Errorf("%s: %q, %v", c.name, got, err)
			}
			continue
		}
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

func FuzzPatch(f *testing.F) {
	f.Add(`{"a":[1,{"b":null}]}`, `[{"op":"add","path":"/a/-","value":{"x":1}},{"op":"move","from":"/a/0","path":"/c"}]`)
	f.Add(`[]`, `[{"op":"copy","from":"","path":"/0"},{"op":"test","path":"","value":[]},{"op":"remove","path":"/0"}]`)
	f.Add(`{"":1}`, `[{"op":"replace","path":"","value":null},{"op":"replace","path":"/~1~0","value":null}]`)
	f.Fuzz(func(t *testing.T, body, patch string) {
		if !json.Valid([]byte(patch)) {
			return
		}
		kept, err := parsePatch(whole([]byte(patch)), "it")
		if err != nil {
			return
		}
		if out, err := ApplyPatch([]byte(body), kept, 1000); err == nil && !json.Valid(out) {
			t.Errorf("%q", out)
		}
	})
}

func TestLastIsQuotedWhereItMustBe(t *testing.T) {
	for id, want := range map[string]string{
		"41": "ch; last-id=41", "a;b": `ch; last-id="a;b"`, `a"\`: `ch; last-id="a\"\\"`, "a b": `ch; last-id="a b"`,
	} {
		if got, ok := Last("ch", id); got != want || !ok {
			t.Errorf("%q: %q, %v", id, got, ok)
		}
	}
	if _, ok := Last("ch", "a\nb"); ok {
		t.Error("a line break gets into a header")
	}
}

func TestLastDoesNotTellOfOtherChannelsThanIsMeant(t *testing.T) {
	for _, channel := range []string{"a, secret; last-id=0, b", "a; last-id=0", `a"`} {
		if value, ok := Last(channel, "1"); ok {
			t.Errorf("%q: %s", channel, value)
		}
	}
}
