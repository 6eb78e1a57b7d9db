package cors_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/internal/cors"
)

// policies are those of the tables below, by name.
func policies() map[string]cors.Options {
	return map[string]cors.Options{
		"list":          {Origins: []string{"https://a.test", "https://*.b.test"}, Methods: []string{"GET", "PUT"}, Headers: []string{"X-H"}, MaxAge: time.Hour},
		"with cookies":  {Origins: []string{"https://a.test"}, Credentials: true, Expose: []string{"X-A"}},
		"everybody":     {Origins: []string{"*"}, Methods: []string{"*"}, Headers: []string{"*"}, MaxAge: time.Minute},
		"reflecting":    {Origins: []string{"*"}, Credentials: true, Methods: []string{"*"}, Headers: []string{"*"}, Expose: []string{"*"}},
		"nothing named": {Origins: []string{"https://a.test"}, Expose: []string{"*"}},
	}
}

// header reads "Name: value" lines.
func header(lines string) http.Header {
	h := http.Header{}
	for line := range strings.Lines(lines) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			h.Add(name, value)
		}
	}
	return h
}

func policy(t *testing.T, name string) *cors.Policy {
	p, err := cors.NewPolicy(policies()[name])
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAnAnswerIsForWhomListAndServerAgreeOn(t *testing.T) {
	tests := []struct{ name, policy, request, answer, want string }{
		{"a page of the list may read", "list", "Origin: https://a.test", "", `
			Access-Control-Allow-Origin: https://a.test
			Vary: Origin`},
		{"so may one of a subdomain", "list", "Origin: https://x.b.test", "Vary: Accept", `
			Access-Control-Allow-Origin: https://x.b.test
			Vary: Accept
			Vary: Origin`},
		{"a page of no list may not, and caches know", "list", "Origin: https://evil.test", "Etag: 1", `
			Etag: 1
			Vary: Origin`},
		{"caches know without a page as well", "list", "", "Etag: 1", `
			Etag: 1
			Vary: Origin`},
		{"what says that it differs by the page says it once", "list", "", "Vary: Accept, origin", "Vary: Accept, origin"},
		{"what differs by everything says no more", "list", "Origin: https://a.test", "Vary: *", `
			Access-Control-Allow-Origin: https://a.test
			Vary: *`},
		{"two origins are nobody", "list", "Origin: https://a.test\nOrigin: https://a.test", "", "Vary: Origin"},
		{"the server cannot let in whom the list does not", "list", "Origin: https://evil.test", `
			Access-Control-Allow-Origin: *
			Access-Control-Allow-Credentials: true
			Access-Control-Expose-Headers: X-A
			X-A: 1`, `
			X-A: 1
			Vary: Origin`},
		{"what the server says to no page stands", "list", "", "Access-Control-Allow-Origin: *", `
			Access-Control-Allow-Origin: *
			Vary: Origin`},
		{"a server's own choice stands, without credentials", "with cookies", "Origin: https://a.test", "Access-Control-Allow-Origin: *", `
			Access-Control-Allow-Origin: *
			Vary: Origin`},
		{"also if it is another page", "with cookies", "Origin: https://a.test", "Access-Control-Allow-Origin: https://b.test", `
			Access-Control-Allow-Origin: https://b.test
			Vary: Origin`},
		{"with credentials if it says so and they are allowed", "with cookies", "Origin: https://a.test", `
			Access-Control-Allow-Origin: https://a.test
			Access-Control-Allow-Credentials: true`, `
			Access-Control-Allow-Credentials: true
			Access-Control-Allow-Origin: https://a.test
			Vary: Origin`},
		{"without them if they are not", "list", "Origin: https://a.test", `
			Access-Control-Allow-Origin: https://a.test
			Access-Control-Allow-Credentials: true`, `
			Access-Control-Allow-Origin: https://a.test
			Vary: Origin`},
		{"credentials that the server allows nobody are not the policy's", "list", "Origin: https://a.test", "Access-Control-Allow-Credentials: true", `
			Access-Control-Allow-Origin: https://a.test
			Vary: Origin`},
		{"cookies and what is shown", "with cookies", "Origin: https://a.test", "X-A: 1\nX-B: 2", `
			Access-Control-Allow-Credentials: true
			Access-Control-Allow-Origin: https://a.test
			Access-Control-Expose-Headers: X-A
			Vary: Origin
			X-A: 1
			X-B: 2`},
		{"what the server shows stands", "with cookies", "Origin: https://a.test", "Access-Control-Expose-Headers: X-B", `
			Access-Control-Allow-Credentials: true
			Access-Control-Allow-Origin: https://a.test
			Access-Control-Expose-Headers: X-B
			Vary: Origin`},
		{"all that is shown is named, but for what every page sees or none", "nothing named", "Origin: https://a.test", `
			Content-Type: a/b
			Set-Cookie: c=d
			Via: 1.1 holdfast
			X-B: 2
			Etag: 1`, `
			Access-Control-Allow-Origin: https://a.test
			Access-Control-Expose-Headers: Etag, X-B
			Content-Type: a/b
			Etag: 1
			Set-Cookie: c=d
			Vary: Origin
			Via: 1.1 holdfast
			X-B: 2`},
		{"nothing to show is not shown", "nothing named", "Origin: https://a.test", "", `
			Access-Control-Allow-Origin: https://a.test
			Vary: Origin`},
		{"for everybody it is the same for everybody", "everybody", "Origin: https://a.test", "", "Access-Control-Allow-Origin: *"},
		{"and for nobody", "everybody", "", "", "Access-Control-Allow-Origin: *"},
		{"for everybody is never with credentials", "everybody", "Origin: https://a.test", `
			Access-Control-Allow-Origin: https://a.test
			Access-Control-Allow-Credentials: true`, "Access-Control-Allow-Origin: https://a.test"},
		{"everybody with credentials is everybody by name", "reflecting", "Origin: https://a.test", "X-A: 1", `
			Access-Control-Allow-Credentials: true
			Access-Control-Allow-Origin: https://a.test
			Access-Control-Expose-Headers: X-A
			Vary: Origin
			X-A: 1`},
		{"a sandboxed frame too", "reflecting", "Origin: null", "", `
			Access-Control-Allow-Credentials: true
			Access-Control-Allow-Origin: null
			Vary: Origin`},
		{"the server's own choice gets no credentials of everybody's", "reflecting", "Origin: https://a.test", `
			Access-Control-Allow-Origin: https://b.test
			X-A: 1`, `
			Access-Control-Allow-Origin: https://b.test
			Vary: Origin
			X-A: 1`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := header(tt.answer)
			policy(t, tt.policy).Complete(header(tt.request), got)
			if diff := cmp.Diff(header(tt.want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAPreflightIsAnswered(t *testing.T) {
	const vary = "Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network\n"
	tests := []struct{ name, policy, request, want string }{
		{"with what is allowed, whatever is asked", "list", `
			Origin: https://a.test
			Access-Control-Request-Method: DELETE
			Access-Control-Request-Headers: x-other`, vary + `
			Access-Control-Allow-Headers: X-H
			Access-Control-Allow-Methods: GET, PUT
			Access-Control-Allow-Origin: https://a.test
			Access-Control-Max-Age: 3600`},
		{"not for a page that may not read", "list", "Origin: https://evil.test\nAccess-Control-Request-Method: GET", ""},
		{"not for two pages", "everybody", "Origin: https://a.test\nOrigin: https://b.test", ""},
		{"with nothing but what every page may", "with cookies", "Origin: https://a.test\nAccess-Control-Request-Method: PUT\nAccess-Control-Request-Headers: x-h", vary + `
			Access-Control-Allow-Credentials: true
			Access-Control-Allow-Origin: https://a.test
			Access-Control-Max-Age: 0`},
		{"with whatever is asked", "everybody", `
			Origin: https://a.test
			Access-Control-Request-Method: PATCH
			Access-Control-Request-Headers: authorization
			Access-Control-Request-Headers: x-b`, vary + `
			Access-Control-Allow-Headers: authorization, x-b
			Access-Control-Allow-Methods: PATCH
			Access-Control-Allow-Origin: *
			Access-Control-Max-Age: 60`},
		{"with credentials for each by its name", "reflecting", "Origin: https://a.test\nAccess-Control-Request-Method: PUT", vary + `
			Access-Control-Allow-Credentials: true
			Access-Control-Allow-Methods: PUT
			Access-Control-Allow-Origin: https://a.test
			Access-Control-Max-Age: 0`},
		{"for the private network where the site is named", "list", "Origin: https://x.b.test\nAccess-Control-Request-Private-Network: true", vary + `
			Access-Control-Allow-Headers: X-H
			Access-Control-Allow-Methods: GET, PUT
			Access-Control-Allow-Origin: https://x.b.test
			Access-Control-Allow-Private-Network: true
			Access-Control-Max-Age: 3600`},
		{"not for the private network where everybody is", "everybody", "Origin: https://x.b.test\nAccess-Control-Request-Private-Network: true", vary + `
			Access-Control-Allow-Origin: *
			Access-Control-Max-Age: 60`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := http.Header{}
			allowed := policy(t, tt.policy).Preflight(header(tt.request), got)
			if diff := cmp.Diff(header(tt.want), got); diff != "" || allowed != (tt.want != "") {
				t.Errorf("allowed %v: %s", allowed, diff)
			}
		})
	}
}

func TestOnlyABrowsersQuestionIsAPreflight(t *testing.T) {
	tests := []struct {
		name, method, request string
		want                  bool
	}{
		{"a preflight", "OPTIONS", "Origin: https://a.test\nAccess-Control-Request-Method: GET", true},
		{"a program that asks what there is", "OPTIONS", "", false},
		{"a page that asks what there is", "OPTIONS", "Origin: https://a.test", false},
		{"nobody's question", "OPTIONS", "Access-Control-Request-Method: GET", false},
		{"another method", "POST", "Origin: https://a.test\nAccess-Control-Request-Method: GET", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := cors.IsPreflight(&http.Request{Method: tt.method, Header: header(tt.request)}); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestAPolicyThatSaysNothingIsRefused(t *testing.T) {
	for name, o := range map[string]cors.Options{
		"no origins":        {Credentials: true},
		"no origin":         {Origins: []string{"a.test"}},
		"no method":         {Origins: []string{"*"}, Methods: []string{"GET, PUT"}},
		"no header":         {Origins: []string{"*"}, Headers: []string{""}},
		"nothing to expose": {Origins: []string{"*"}, Expose: []string{"X A"}},
	} {
		if _, err := cors.NewPolicy(o); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
