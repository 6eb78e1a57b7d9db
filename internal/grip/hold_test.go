package grip

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAHoldByItself(t *testing.T) {
	for text, want := range map[string]Instruction{
		`{"channels":["a",{"name":"b","replay":"1m"}]}`: {Channels: []Channel{{Name: "a"}, {Name: "b", ReplayAge: time.Minute}}},
		`{"channels":["a",{"name":"a","replay":"1m"}]}`: {Channels: []Channel{{Name: "a", ReplayAge: time.Minute}}, Overruled: []string{"a"}},
		` {"mode":"stream","channels":[]} `:             {},
		`{}`:                                            {},
		`{"channels":["a\u0062"],"timeout":"x","expires":-1,"of the future":1}`: {Channels: []Channel{{Name: "ab"}}},
		`{"meta":{"plan":"pro"},"keep-alive":{"content":"k","timeout":3}}`: {Meta: map[string]string{"plan": "pro"},
			KeepAlive: &KeepAlive{Data: []byte("k"), Interval: 3 * time.Second}},
	} {
		want.Hold = Stream
		got, err := ParseHold([]byte(text))
		if err != nil || !cmp.Equal(got, &want) {
			t.Errorf("%s: %v\n%s", text, err, cmp.Diff(&want, got))
		}
	}
}

func TestAHoldByItselfThatIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		``:                                     "not valid JSON",
		`"a"`:                                  "not a JSON object",
		"{\"channels\":[\"\xff\"]}":            "not valid JSON",
		`{"mode":"response","channels":["a"]}`: "must be 'stream'",
		`{"mode":1,"channels":["a"]}`:          "must be 'stream'",
		`{"channels":"a"}`:                     "wrong type",
		`{"channels":null}`:                    "wrong type",
		`{"channels":[1]}`:                     "wrong type",
		`{"channels":[{"name":"a","replay":"x"}]}`:    "replay must be",
		`{"channels":[{"name":"a","filters":["x"]}]}`: "filter",
		`{"meta":{"a":1}}`:                            "wrong type",
		`{"keep-alive":{}}`:                           "does not contain",
	} {
		if got, err := ParseHold([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %q", text, got, err, want)
		}
	}
}

func FuzzParseHold(f *testing.F) {
	f.Add([]byte(`{"channels":["a",{"name":"b","replay":"1m","filters":["skip-self"]}],"meta":{"a":"b"},"keep-alive":{"content":"k"}}`))
	f.Add([]byte(`{"mode":"stream","channels":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		in, err := ParseHold(data)
		if err == nil && in.Hold != Stream {
			t.Errorf("got %+v", in)
		}
	})
}
