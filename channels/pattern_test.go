package channels

import (
	"strings"
	"testing"
)

func TestPatternsNameAChannelOrABeginning(t *testing.T) {
	tests := []struct {
		name, pattern, channel string
		want                   bool
	}{
		{"the name itself", "user-42", "user-42", true},
		{"a longer name", "user-4", "user-42", false},
		{"a shorter name", "user-42", "user-4", false},
		{"another case", "User-42", "user-42", false},
		{"a beginning", "user-*", "user-42", true},
		{"a beginning that is the whole name", "user-*", "user-", true},
		{"less than the beginning", "user-*", "user", false},
		{"another beginning", "user-*", "admin-user-42", false},
		{"across dots and slashes", "user-*", "user-1/a.b", true},
		{"everything", "*", "user-42", true},
		{"a beginning with an accent", "caf\u00e9*", "cafe", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParsePattern(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Match(tt.channel); got != tt.want {
				t.Errorf("%q names %q: %t", p, tt.channel, got)
			}
		})
	}
}

func TestWhatIsNoPatternIsRefused(t *testing.T) {
	tests := []struct{ name, pattern, want string }{
		{"nothing", "", "is empty"},
		{"a * in the middle", "user-*-news", "not at its end"},
		{"two of them", "user-**", "not at its end"},
		{"a control character", "a\nb*", "control character"},
		{"half a character", "\xc3*", "not valid UTF-8"},
		{"a beginning that is too long", strings.Repeat("x", MaxName+1) + "*", "at most 255"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ParsePattern(tt.pattern); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%q: %v", tt.pattern, err)
			}
			if _, err := ParsePatterns([]string{"a", tt.pattern}); err == nil {
				t.Error("accepted among others")
			}
		})
	}
}

func TestPatternsAreNoBoundWithoutAny(t *testing.T) {
	for _, tt := range []struct {
		patterns []string
		want     bool
	}{{nil, true}, {[]string{"b", "c*"}, false}, {[]string{"b", "a*"}, true}} {
		ps, err := ParsePatterns(tt.patterns)
		if err != nil {
			t.Fatal(err)
		}
		if got := ps.Match("a1"); got != tt.want {
			t.Errorf("%q name a1: %t", tt.patterns, got)
		}
	}
}

// A pattern without * names exactly itself, and one with it all that begins so.
func FuzzPattern(f *testing.F) {
	f.Add("user-*", "user-42")
	f.Add("*", "x")
	f.Add("a*b", "a*b")
	f.Add("a\x00*", "a\x00")
	f.Fuzz(func(t *testing.T, text, name string) {
		p, err := ParsePattern(text)
		if err != nil {
			return
		}
		start, open := strings.CutSuffix(text, "*")
		if strings.Contains(start, "*") || start != "" && CheckName(start) != nil {
			t.Errorf("%q is a pattern", text)
		}
		if !p.Match(start) && start != "" {
			t.Errorf("%q does not name %q", text, start)
		}
		if got, want := p.Match(name), open && strings.HasPrefix(name, start) || name == text; got != want {
			t.Errorf("%q names %q: %t", text, name, got)
		}
	})
}
