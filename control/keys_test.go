package control_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/holdfast-proxy/holdfast/control"
	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/internal/grip"
)

func withKeys(keys ...string) func(*control.Options) {
	return checking(access.Options{Verifier: signedWith(keys...)})
}

// signedWith believes what is signed with keys.
func signedWith(keys ...string) *grip.Verifier {
	var all []grip.Key
	for _, key := range keys {
		all = append(all, grip.Secret([]byte(key)))
	}
	return grip.NewVerifier(all...)
}

// signed is what a GRIP library sends whose GRIP_URL has iss and key.
func signed(t *testing.T, key string, expires time.Time) []string {
	t.Helper()
	return claiming(t, key, jwt.MapClaims{"iss": "backend", "exp": expires.Unix()})
}

// claiming is a signed token with these claims.
func claiming(t *testing.T, key string, claims jwt.MapClaims) []string {
	t.Helper()
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	return []string{"Bearer " + text}
}

func TestSignedTokensAreAsGoodAsConfiguredOnes(t *testing.T) {
	soon, past := time.Now().Add(time.Hour), time.Now().Add(-time.Second)
	keyed, both := newEnv(t, withKeys("old", "new")), newEnv(t, checking(access.Options{Tokens: everything("plain"), Verifier: signedWith("new")}))
	tests := []struct {
		name          string
		env           *env
		authorization []string
		ok            bool
	}{
		{"the old key", keyed, signed(t, "old", soon), true},
		{"the new key", keyed, signed(t, "new", soon), true},
		{"another key", keyed, signed(t, "other", soon), false},
		{"an expired token", keyed, signed(t, "new", past), false},
		{"the key itself", keyed, []string{"Bearer new"}, false},
		{"nothing", keyed, nil, false},
		{"a key beside a token", both, signed(t, "new", soon), true},
		{"a token beside a key", both, []string{"Bearer plain"}, true},
		{"a token as a key", both, signed(t, "plain", soon), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := request{method: "GET", path: "/", status: 200, answer: "*", header: http.Header{"Authorization": tt.authorization}}
			if !tt.ok {
				q.status = 401
			}
			q.check(t, tt.env)
		})
	}
}

func withService(ids ...string) func(*control.Options) {
	return func(o *control.Options) { o.FastlyServices = ids }
}

func TestPublishersOfFastlyFanoutAreServed(t *testing.T) {
	e := newEnv(t, withTokens("secret"), withService("abc123", "def"))
	tests := []struct {
		name, path string
		header     http.Header
		status     int
	}{
		{"with the header of Fastly", "/service/abc123/publish/", http.Header{"Fastly-Key": {"secret"}}, 200},
		{"with a bearer token", "/service/def/publish/", http.Header{"Authorization": {"Bearer secret"}}, 200},
		{"without the slash at the end", "/service/def/publish", http.Header{"Fastly-Key": {"secret"}}, 200},
		{"with another token", "/service/abc123/publish/", http.Header{"Fastly-Key": {"other"}}, 401},
		{"with two tokens", "/service/abc123/publish/", http.Header{"Fastly-Key": {"secret", "secret"}}, 401},
		{"without a token", "/service/abc123/publish/", nil, 401},
		{"for another service", "/service/ghi/publish/", http.Header{"Fastly-Key": {"secret"}}, 401},
		{"for another service, with a bearer token", "/service/ghi/publish/", http.Header{"Authorization": {"Bearer secret"}}, 404},
		{"on our own path with the header of Fastly", "/publish/", http.Header{"Fastly-Key": {"secret"}}, 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := e.follow(t, "c")
			q := request{method: "POST", path: tt.path, body: batch(streamItem("c", "x")), header: tt.header, status: tt.status, answer: "*"}
			if tt.status == 200 {
				q.answer = "Published\n"
			}
			q.check(t, e)
			if got := read(t, c); (got != "") != (tt.status == 200) {
				t.Errorf("published %q", got)
			}
		})
	}
}

func TestWithoutServicesThereIsNoPathOfFastlys(t *testing.T) {
	e := newEnv(t)
	request{method: "POST", path: "/service/abc123/publish/", body: batch(streamItem("c", "x")), status: 404, answer: "Not Found\n"}.check(t, e)
}

func TestAServiceWithoutATokenIsForThisMachineOnly(t *testing.T) {
	e := newEnv(t, withService("abc"))
	body := batch(streamItem("c", "x"))
	request{method: "POST", path: "/service/abc/publish/", body: body, header: http.Header{"Fastly-Key": {"any"}}, status: 200, answer: "*"}.check(t, e)
	request{method: "POST", path: "/service/abc/publish/", body: body, header: http.Header{"Fastly-Key": {"any"}, "Origin": {"https://a.example"}}, status: 403, answer: "*"}.check(t, e)
}
