package bench

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// unchunk feeds text in pieces of n bytes.
func unchunk(text string, n int) (string, error) {
	var c chunked
	var out strings.Builder
	for piece := range slices.Chunk([]byte(text), n) {
		for len(piece) > 0 {
			data, rest, err := c.next(piece)
			out.Write(data)
			if err != nil {
				return out.String(), err
			}
			piece = rest
		}
	}
	return out.String(), nil
}

func TestChunkFramingIsTakenOff(t *testing.T) {
	tests := map[string]struct {
		text, want string
		err        error
	}{
		"two chunks":                {"3\r\nabc\r\n2\r\nde\r\n", "abcde", nil},
		"a size in capitals":        {"A\r\n0123456789\r\n", "0123456789", nil},
		"an extension":              {"3;x=\"y\"\r\nabc\r\n", "abc", nil},
		"line ends within data":     {"4\r\n\r\n\r\n\r\n", "\r\n\r\n", nil},
		"the last chunk":            {"3\r\nabc\r\n0\r\n\r\n", "abc", io.EOF},
		"trailers":                  {"0\r\nA: b\r\nC: d\r\n\r\n", "", io.EOF},
		"a size that is no number":  {"x\r\n", "", errChunk},
		"data longer than its size": {"3\r\nabcd\r\n", "abc", errChunk},
		"a size beyond all measure": {strings.Repeat("f", 30) + "\r\n", "", errChunk},
	}
	for name, tt := range tests {
		for n := 1; n <= len(tt.text); n++ {
			t.Run(fmt.Sprintf("%s in pieces of %d", name, n), func(t *testing.T) {
				got, err := unchunk(tt.text, n)
				if got != tt.want || err != tt.err {
					t.Errorf("got %q, %v; want %q, %v", got, err, tt.want, tt.err)
				}
			})
		}
	}
}

// separate feeds text in pieces of n bytes and returns "name=data" for each
// event.
func separate(text []byte, n int) []string {
	var e events
	var got []string
	for piece := range slices.Chunk(text, n) {
		e.feed(piece, func(name, data []byte) { got = append(got, string(name)+"="+string(data)) })
	}
	return got
}

func TestEventsAreSeparatedAsTheStandardSays(t *testing.T) {
	long := strings.Repeat("x", 300)
	tests := map[string]struct {
		text string
		want []string
	}{
		"one event":                          {"data: a\n\n", []string{"=a"}},
		"a name":                             {"event: gap\ndata: a\n\n", []string{"gap=a"}},
		"no space after the colon":           {"data:a\n\n", []string{"=a"}},
		"one space is taken off":             {"data:  a\n\n", []string{"= a"}},
		"CR LF and CR end lines":             {"data: a\r\n\r\ndata: b\r\rdata: c\n\r\n", []string{"=a", "=b", "=c"}},
		"the first data line counts":         {"data: a\ndata: b\n\n", []string{"=a"}},
		"an event without data is none":      {"event: x\nid: 1\n\ndata: a\n\n", []string{"=a"}},
		"a comment is none":                  {": x\n\n:\n\n", nil},
		"an unfinished event is none":        {"data: a\n", nil},
		"a field without a colon":            {"data\n\n", []string{"="}},
		"a long line is cut":                 {"data: " + long + "\n\ndata: b\n\n", []string{"=" + long[:stampMax], "=b"}},
		"a long comment ends with its line":  {": " + long + "\ndata: b\n\n", []string{"=b"}},
		"a name goes with its event alone":   {"event: x\ndata: a\n\ndata: b\n\n", []string{"x=a", "=b"}},
		"a field that only begins like data": {"database: a\n\n", nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for n := 1; n <= len(tt.text); n++ {
				if got := separate([]byte(tt.text), n); !slices.Equal(got, tt.want) {
					t.Errorf("in pieces of %d: got %q, want %q", n, got, tt.want)
				}
			}
		})
	}
}

// However a body is cut into reads, what is read is the same.
func FuzzBody(f *testing.F) {
	f.Add([]byte("3\r\nabc\r\n0\r\n\r\n"), uint8(2))
	f.Add([]byte("event: gap\r\ndata: hf1 run 0 1 2 \r\n\r\n"), uint8(3))
	f.Fuzz(func(t *testing.T, text []byte, n uint8) {
		size := int(n)%16 + 1
		whole, wholeErr := unchunk(string(text), len(text)+1)
		parts, partsErr := unchunk(string(text), size)
		if whole != parts || wholeErr != partsErr {
			t.Errorf("chunks: %q, %v in one, %q, %v in pieces of %d", whole, wholeErr, parts, partsErr, size)
		}
		if a, b := separate(text, len(text)+1), separate(text, size); !slices.Equal(a, b) {
			t.Errorf("events: %q in one, %q in pieces of %d", a, b, size)
		}
		parseStamp(text, "run")
	})
}
