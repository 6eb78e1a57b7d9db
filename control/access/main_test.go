package access_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// signer is a verifier for tests: it believes tokens that begin with "jwt:", and
// what follows are their claims.
type signer struct{}

func (signer) Claims(token string, _ time.Time) ([]byte, error) {
	switch {
	case token == "jwt:expired":
		return nil, grip.ErrExpired
	case len(token) > 4 && token[:4] == "jwt:":
		return []byte(token[4:]), nil
	}
	return nil, errors.New("not signed")
}

func newChecker(t testing.TB, o access.Options) *access.Checker {
	t.Helper()
	c, err := access.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// tokenOf is a token whose text is the name of its terms.
func tokenOf(t access.Terms) access.Token {
	return access.Token{Text: t.Name, Grant: access.NewGrant(t)}
}

// reason is why something was refused, empty if it was not.
func reason(t testing.TB, err error) access.Reason {
	t.Helper()
	if err == nil {
		return ""
	}
	var refused *access.Refused
	if !errors.As(err, &refused) || refused.Error() == "" {
		t.Fatalf("%#v says nothing", err)
	}
	return refused.Reason
}

// wait is for how long the error says that trying again makes no sense.
func wait(err error) time.Duration {
	var refused *access.Refused
	errors.As(err, &refused)
	return refused.Wait
}

func addr(text string) netip.Addr { return netip.MustParseAddr(text) }

func patterns(t testing.TB, texts ...string) channels.Patterns {
	t.Helper()
	ps, err := channels.ParsePatterns(texts)
	if err != nil {
		t.Fatal(err)
	}
	return ps
}
