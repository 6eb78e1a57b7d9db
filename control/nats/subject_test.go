package nats_test

import (
	"errors"
	"strings"
	"testing"
	"testing/quick"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/nats"
)

// mapping is the table of docs/nats.md, and its corners.
var mapping = []struct{ name, channel, tokens string }{
	{"a plain name", "user-42", "user-42"},
	{"dots separate tokens", "news.eu.fr", "news.eu.fr"},
	{"upper case, slashes and UTF-8 stay", "Rooms/7/ü", "Rooms/7/ü"},
	{"a space", "a b", "a%20b"},
	{"a percent sign", "100%", "100%25"},
	{"what looks escaped", "a%20b", "a%2520b"},
	{"wildcards, also inside a token", "*.x*y.>", "%2A.x%2Ay.%3E"},
	{"an empty token", "a..b", "a.%.b"},
	{"dots at the ends", ".a.", "%.a.%"},
	{"a dot alone", ".", "%.%"},
	{"a space of Unicode stays", "a\u00a0b", "a\u00a0b"},
	{"the longest", strings.Repeat(" ", 255), strings.Repeat("%20", 255)},
	{"dots only", strings.Repeat(".", 255), "%" + strings.Repeat(".%", 255)},
}

func TestChannelsAndSubjects(t *testing.T) {
	for _, tt := range mapping {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := nats.Encode(tt.channel); got != tt.tokens || err != nil {
				t.Errorf("encoded as %q, %v; want %q", got, err, tt.tokens)
			}
			if got, err := nats.Decode(tt.tokens); got != tt.channel || err != nil {
				t.Errorf("decoded as %q, %v; want %q", got, err, tt.channel)
			}
		})
	}
}

func TestChannelsThatHaveNoSubject(t *testing.T) {
	for _, channel := range []string{"", "a\nb", "\x7f", "\u0085", "\xff", strings.Repeat("x", 256)} {
		var name *channels.NameError
		if got, err := nats.Encode(channel); !errors.As(err, &name) {
			t.Errorf("%q: got %q, %v", channel, got, err)
		}
	}
}

func TestSubjectsThatHaveNoChannel(t *testing.T) {
	tests := []struct{ name, tokens, problem string }{
		{"nothing", "", "is empty"},
		{"the empty name", "%", "is empty"},
		{"an empty token", "a..b", `is "a.%.b"`},
		{"an escape of what needs none", "%61", `is "a"`},
		{"an escape in lower case", "x%2ay", `is "x%2Ay"`},
		{"an escaped dot", "a%2Eb", `is "a.b"`},
		{"half an escape", "a%2", "escape"},
		{"a percent sign beside something", "a%", "escape"},
		{"a wildcard", "a*b", `is "a%2Ab"`},
		{"a control", "a%0Ab", "control character"},
		{"invalid UTF-8", "a\xff", "UTF-8"},
		{"a name over 255 bytes", strings.Repeat("x", 256), "256 bytes long"},
		{"a subject that no name could need", strings.Repeat("x", 766), "766 bytes long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var refused *nats.SubjectError
			got, err := nats.Decode(tt.tokens)
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got %q, %v; want %q", got, err, tt.problem)
			}
		})
	}
}

func TestEveryChannelComesBackFromItsSubject(t *testing.T) {
	holds := func(runes []byte) bool {
		// Mostly what needs care.
		const alphabet = "..%%**>> \u00a0üA1"
		var name strings.Builder
		for _, r := range runes {
			name.WriteByte(alphabet[int(r)%len(alphabet)])
		}
		channel := strings.ToValidUTF8(name.String(), "")
		if channels.CheckName(channel) != nil {
			return true
		}
		tokens, err := nats.Encode(channel)
		if err != nil || !publishable(tokens) {
			return false
		}
		back, err := nats.Decode(tokens)
		return err == nil && back == channel
	}
	if err := quick.Check(holds, &quick.Config{MaxCount: 20_000}); err != nil {
		t.Error(err)
	}
}

// publishable reports whether NATS takes tokens in a subject and delivers them.
func publishable(tokens string) bool {
	for token := range strings.SplitSeq(tokens, ".") {
		if token == "" || strings.ContainsAny(token, "*> \t\r\n\f") {
			return false
		}
	}
	return len(tokens) <= 1024
}

// FuzzSubject holds both ways: a name that can be encoded comes back, and tokens
// that can be decoded are exactly what the encoder makes of the result.
func FuzzSubject(f *testing.F) {
	for _, tt := range mapping {
		f.Add(tt.channel)
		f.Add(tt.tokens)
	}
	f.Add("a%2")
	f.Add("%61..%2e")
	f.Fuzz(func(t *testing.T, text string) {
		if tokens, err := nats.Encode(text); err == nil {
			back, err := nats.Decode(tokens)
			if err != nil || back != text || !publishable(tokens) {
				t.Errorf("%q is %q, which is %q, %v", text, tokens, back, err)
			}
		}
		if channel, err := nats.Decode(text); err == nil {
			tokens, err := nats.Encode(channel)
			if err != nil || tokens != text {
				t.Errorf("%q is %q, which is %q, %v", text, channel, tokens, err)
			}
		}
	})
}
