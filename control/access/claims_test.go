package access_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/access"
)

func TestClaimsAreTheGrant(t *testing.T) {
	tests := []struct {
		name, claims string
		rights       access.Rights
		bearer       string
		only         string
	}{
		{"those of a GRIP library mean everything", `{"iss":"backend","exp":1}`, access.All, "backend", ""},
		{"none mean everything", `{}`, access.All, "", ""},
		{"rights", `{"rights":["read"],"iss":"i","sub":"dashboard"}`, access.Read, "dashboard", ""},
		{"several rights", `{"rights":["read","publish"]}`, access.Read | access.Publish, "", ""},
		{"no right at all", `{"rights":[]}`, access.Any, "", ""},
		{"channels", `{"rights":["publish"],"channels":["user-*","news"]}`, access.Publish, "", "user-*,news"},
		{"claims of another case are others", `{"Rights":["read"],"CHANNELS":"x"}`, access.All, "", ""},
		{"a subject that is no text", `{"sub":7,"iss":"i"}`, access.All, "i", ""},
		{"a subject that is long", `{"sub":"` + strings.Repeat("é", 40) + `"}`, access.All, strings.Repeat("é", 32), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			terms, err := access.ParseClaims([]byte(tt.claims))
			if err != nil {
				t.Fatal(err)
			}
			var only []string
			for _, p := range terms.Channels {
				only = append(only, string(p))
			}
			if terms.Rights != tt.rights || terms.Name != tt.bearer || strings.Join(only, ",") != tt.only {
				t.Errorf("%+v", terms)
			}
		})
	}
}

func TestClaimsThatCannotBeUnderstoodRefuseTheToken(t *testing.T) {
	many := `"a"` + strings.Repeat(`,"a"`, 100)
	tests := []struct{ name, claims, want string }{
		{"no object", `[]`, "no JSON object"},
		{"null", `null`, "no JSON object"},
		{"an unknown right", `{"rights":["write"]}`, `"write" is no right`},
		{"rights in a text", `{"rights":"read publish"}`, `"rights" is no list`},
		{"rights that are null", `{"rights":null}`, `"rights" is no list`},
		{"a right that is null", `{"rights":[null]}`, `"rights" is no list`},
		{"a right that is a number", `{"rights":[1]}`, `"rights" is no list`},
		{"channels alone, as clients' tokens have them", `{"channels":["user-1"]}`, `"channels" stands without "rights"`},
		{"a claim of clients' tokens", `{"rights":["read"],"grip":{}}`, `"grip" says that it is for somebody else`},
		{"an audience", `{"rights":["read"],"aud":"api"}`, `"aud" says that it is for somebody else`},
		{"no channel, which is not every channel", `{"rights":["read"],"channels":[]}`, "names no channel"},
		{"channels that are null", `{"rights":["read"],"channels":null}`, `"channels" is no list`},
		{"a channel that is null", `{"rights":["read"],"channels":[null]}`, `"channels" is no list`},
		{"a channel that is none", `{"rights":["read"],"channels":["a*b"]}`, "not at its end"},
		{"an empty channel", `{"rights":["read"],"channels":[""]}`, "is empty"},
		{"too many channels", `{"rights":["read"],"channels":[` + many + `]}`, "names 101 channels"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if terms, err := access.ParseClaims([]byte(tt.claims)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v, %v", terms, err)
			}
		})
	}
}

// FuzzClaims: claims that are there are never skipped, and what comes out is sound.
func FuzzClaims(f *testing.F) {
	f.Add(`{"rights":["read","admin"],"channels":["a","b*"],"sub":"s"}`)
	f.Add(`{"rights":["read"],"rights":["admin"]}`)
	f.Add(`{"channels":null}`)
	f.Add(`{"rights":[],"channels":["*"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		terms, err := access.ParseClaims([]byte(text))
		if err != nil {
			return
		}
		if !access.All.Has(terms.Rights) || len(terms.Name) > 64 || len(terms.Channels) > 100 {
			t.Errorf("%+v", terms)
		}
		if !strings.Contains(text, "r") && terms.Rights != access.All && !strings.Contains(text, `\u`) {
			t.Errorf("%q: %v", text, terms.Rights)
		}
		if slices.ContainsFunc(terms.Channels, func(p channels.Pattern) bool {
			_, err := channels.ParsePattern(string(p))
			return err != nil
		}) {
			t.Errorf("%q names channels %q", text, terms.Channels)
		}
	})
}
