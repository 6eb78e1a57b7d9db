package zmq

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// tnet is a value as a tnetstring.
func tnet(v any) string {
	var data string
	kind := byte(',')
	switch v := v.(type) {
	case string:
		data = v
	case float64:
		data, kind = fmt.Sprintf("%g", v), '^'
	case bool:
		data, kind = fmt.Sprint(v), '!'
	case nil:
		kind = '~'
	case []any:
		for _, e := range v {
			data += tnet(e)
		}
		kind = ']'
	case map[string]any:
		for k, e := range v {
			data += tnet(k) + tnet(e)
		}
		kind = '}'
	}
	return fmt.Sprintf("%d:%s%c", len(data), data, kind)
}

func TestTnetstringsBecomeJSON(t *testing.T) {
	for name, c := range map[string]struct{ tnet, want string }{
		"the example of the protocol": {"17:7:channel,4:test,}", `{"channel":"test"}`},
		"every type":                  {"51:1:a,2:-7#1:b,4:true!1:c,0:~1:d,3:1.5^1:e,0:]1:f,0:}}", `{"a":-7,"b":true,"c":null,"d":1.5,"e":[],"f":{}}`},
		"a list":                      {"19:1:a,11:1:1#0:~1:x,]}", `{"a":[1,null,"x"]}`},
		"quotes and line breaks":      {"13:1:a,6:\"\n\\\x01\xc3\xbc,}", `{"a":"\"\n\\\u0001ü"}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ToJSON([]byte(c.tnet))
			if err != nil || string(got) != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestContentStaysTheBytesThatItIs(t *testing.T) {
	for name, c := range map[string]struct {
		item map[string]any
		want string
	}{
		"text":                     {map[string]any{"http-stream": map[string]any{"content": "x"}}, `{"http-stream":{"content":"x"}}`},
		"bytes":                    {map[string]any{"http-stream": map[string]any{"content": "\x00\xff"}}, `{"http-stream":{"content-bin":"AP8="}}`},
		"a body":                   {map[string]any{"formats": map[string]any{"http-response": map[string]any{"body": "\xff"}}}, `{"formats":{"http-response":{"body-bin":"/w=="}}}`},
		"bytes by their key":       {map[string]any{"ws-message": map[string]any{"content-bin": "hi"}}, `{"ws-message":{"content-bin":"aGk="}}`},
		"the same outside formats": {map[string]any{"meta": map[string]any{"content-bin": "hi"}}, `{"meta":{"content-bin":"hi"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ToJSON([]byte(tnet(c.item)))
			if err != nil || string(got) != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
}

func TestTnetstringsThatAreRefused(t *testing.T) {
	deep := "0:]"
	for range maxDepth {
		deep = fmt.Sprintf("%d:%s]", len(deep), deep)
	}
	dict := func(members string) string { return fmt.Sprintf("%d:%s}", len(members), members) }
	for text, want := range map[string]string{
		"":                                   "no length where a value begins",
		":":                                  "no length where a value begins",
		"x":                                  "no length where a value begins",
		"1x:":                                `"1x" is not a length`,
		"-1:":                                `"-1" is not a length`,
		"9999999999:x,":                      "no length where a value begins",
		"5:ab,":                              "a value of 5 bytes is cut off after 3",
		"1:a":                                "a value of 1 bytes is cut off after 1",
		"0:}x":                               "1 bytes after its end",
		"1:a,":                               "the item is not a dict",
		dict("1:1#1:x,"):                     "a key is not a string",
		dict("7:channel,"):                   "channel: no length where a value begins",
		dict("1:a,1:x#"):                     `a: "x" is not an integer`,
		dict("1:a,20:99999999999999999999#"): `a: "99999999999999999999" is not an integer`,
		dict("1:a,3:inf^"):                   `a: "inf" is not a float`,
		dict("1:a,4:True!"):                  `a: "True" is not a boolean`,
		dict("1:a,1:x~"):                     "a: null has data",
		dict("1:a,1:x?"):                     "a: unknown type '?'",
		dict("1:a,1:\xff,"):                  "a: string is not valid UTF-8",
		dict("1:\xff,1:x,"):                  "?: string is not valid UTF-8",
		dict("4:meta,8:1:k,1:\xff,}"):        "meta.k: string is not valid UTF-8",
		dict("1:a," + deep):                  "a: more than 32 levels",
	} {
		if got, err := ToJSON([]byte(text)); err == nil || err.Error() != "tnetstring: "+want {
			t.Errorf("%.40q: %s, %v, want %q", text, got, err, want)
		}
	}
}

// FuzzTnetstring checks that what becomes of a tnetstring is JSON, and that a
// document in JSON comes back from its tnetstring as it was.
func FuzzTnetstring(f *testing.F) {
	f.Add(inTnet)
	f.Add(`{"a":[1.5,true,null,{"b":"\u00fc\n"}]}`)
	f.Add(strings.Repeat("9", 20))
	f.Fuzz(func(t *testing.T, text string) {
		if out, err := ToJSON([]byte(text)); err == nil && !json.Valid(out) {
			t.Errorf("%q became %q", text, out)
		}
		var doc map[string]any
		if json.Unmarshal([]byte(text), &doc) != nil || doc == nil {
			return
		}
		out, err := ToJSON([]byte(tnet(doc)))
		if err != nil {
			if strings.Contains(err.Error(), "levels") {
				return
			}
			t.Fatalf("%q: %v", text, err)
		}
		var again map[string]any
		if err := json.Unmarshal(out, &again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(doc, again); diff != "" && !strings.Contains(text, "-bin") {
			t.Error(diff)
		}
	})
}
