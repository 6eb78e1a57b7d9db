package websocket

import (
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// sorted is what a sorter makes of a message that comes in parts, which end at the
// places given.
func sorted(s *sorter, op ws.OpCode, message string, ends ...int) (relayed, control string, k kind, err error) {
	from := 0
	for i := 0; i <= len(ends); i++ {
		to := len(message)
		if i < len(ends) {
			to = ends[i]
		}
		p := part{op: op, first: i == 0, last: i == len(ends), payload: []byte(message[from:to])}
		out, c, kind, err := s.add(p)
		if err != nil {
			return "", "", kind, err
		}
		relayed += string(out.payload)
		control, k, from = string(c), kind, to
	}
	return relayed, control, k, nil
}

func TestWhomAMessageIsFor(t *testing.T) {
	for name, c := range map[string]struct {
		prefix  string
		op      ws.OpCode
		message string
		kind    kind
		content string
	}{
		"the client":               {"m:", ws.OpText, "m:hello", forClient, "hello"},
		"the client, nothing":      {"m:", ws.OpText, "m:", forClient, ""},
		"the client, bytes":        {"m:", ws.OpBinary, "m:\x00", forClient, "\x00"},
		"the proxy":                {"m:", ws.OpText, "c:{}", forProxy, "{}"},
		"nobody":                   {"m:", ws.OpText, "hello", forNobody, ""},
		"nobody, nothing":          {"m:", ws.OpText, "", forNobody, ""},
		"nobody, half a prefix":    {"m:", ws.OpText, "m", forNobody, ""},
		"nobody, bytes":            {"m:", ws.OpBinary, "c:{}", forNobody, ""},
		"without a prefix":         {"", ws.OpText, "hello", forClient, "hello"},
		"without a prefix, c":      {"", ws.OpText, "c", forClient, "c"},
		"without a prefix, c:":     {"", ws.OpText, "c:", forProxy, ""},
		"without a prefix, bytes":  {"", ws.OpBinary, "c:", forClient, "c:"},
		"a prefix that begins so":  {"c:m:", ws.OpText, "c:m:x", forProxy, "m:x"},
		"a prefix of c and more":   {"cm", ws.OpText, "cmx", forClient, "x"},
		"a long prefix":            {"prefix ", ws.OpText, "prefix x", forClient, "x"},
		"a long prefix, otherwise": {"prefix ", ws.OpText, "prefer x", forNobody, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &sorter{prefix: c.prefix}
			for first := 0; first <= len(c.message); first++ {
				for second := first; second <= len(c.message); second++ {
					relayed, control, kind, err := sorted(s, c.op, c.message, first, second)
					if err != nil || kind != c.kind || relayed+control != c.content {
						t.Fatalf("in parts of %d and %d: %v %q %q (%v), want %v %q", first, second, kind, relayed, control, err, c.kind, c.content)
					}
				}
			}
		})
	}
}

func TestAControlMessageIsBounded(t *testing.T) {
	s := &sorter{prefix: "m:"}
	long := "c:" + strings.Repeat("x", maxControl)
	if _, control, _, err := sorted(s, ws.OpText, long, 1, 100); err != nil || len(control) != maxControl {
		t.Errorf("%d bytes: %v", len(control), err)
	}
	if _, _, _, err := sorted(s, ws.OpText, long+"x", 1, 100); err == nil {
		t.Error("one that is too long is taken")
	}
}
