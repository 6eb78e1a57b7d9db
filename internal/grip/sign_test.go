package grip

import (
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// T02: exactly one verifiable HS256 token with iss and an exp in an hour.
func TestASignatureNamesItsIssuerAndExpiresInAnHour(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	signer, err := NewSigner("pushpin", Secret([]byte("changeme")))
	if err != nil {
		t.Fatal(err)
	}
	got, err := signer.Header(now)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Parse(got, func(*jwt.Token) (any, error) { return []byte("changeme"), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(func() time.Time { return now }))
	if err != nil {
		t.Fatal(err)
	}
	claims := token.Claims.(jwt.MapClaims)
	if claims["iss"] != "pushpin" || claims["exp"] != float64(now.Unix()+3600) || len(claims) != 2 {
		t.Errorf("claims %v", claims)
	}
}

// An origin that looks at the clock when a signature is an hour old must not get
// one that was made for an earlier request.
func TestASignatureServesOneSecond(t *testing.T) {
	s, err := NewSigner("i", Secret([]byte("k")))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Unix(1_800_000_000, 0)
	var got []string
	for _, after := range []time.Duration{0, 999 * time.Millisecond, time.Second} {
		signature, err := s.Header(start.Add(after))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, signature)
	}
	if got[0] != got[1] || got[1] == got[2] {
		t.Errorf("signatures %q", got)
	}
}
