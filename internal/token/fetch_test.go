package token

import (
	"crypto"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestKeysAreFetchedOverTLS(t *testing.T) {
	text := setText(t, map[string]crypto.Signer{"1": newEd25519(t)})
	idp := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }))
	defer idp.Close()
	transport := newTransport()
	transport.TLSClientConfig = idp.Client().Transport.(*http.Transport).TLSClientConfig
	get, _, err := newSource(idp.URL, transport)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := get(t.Context()); err != nil || string(got) != text {
		t.Errorf("got %.40q, %v", got, err)
	}
	strict, _, err := newSource(idp.URL, newTransport())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := strict(t.Context()); err == nil {
		t.Error("a certificate of nobody is good")
	}
}

func TestAnAnswerThatIsNoKeySetIsAnError(t *testing.T) {
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/elsewhere":
			http.Redirect(w, r, "/fine", http.StatusFound)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		case "/endless":
			io.WriteString(w, strings.Repeat("a", maxKeySet+1))
		case "/cut":
			w.Header().Set("Content-Length", "10")
			io.WriteString(w, "{")
		default:
			io.WriteString(w, "fine")
		}
	}))
	defer idp.Close()
	for path, want := range map[string]string{
		"/": "", "/elsewhere": "status 302", "/broken": "status 500", "/endless": "bytes", "/cut": "EOF",
	} {
		get, _, err := newSource(idp.URL+path+"?secret=s3cret", newTransport())
		if err != nil {
			t.Fatal(err)
		}
		_, err = get(t.Context())
		switch {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %v", path, err)
		case err != nil && strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%s: the error tells the query: %v", path, err)
		}
	}
}

func TestAProviderThatIsDownIsAnErrorWithoutItsURL(t *testing.T) {
	get, _, err := newSource("http://127.0.0.1:1/?secret=s3cret", newTransport())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := get(t.Context()); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
}
