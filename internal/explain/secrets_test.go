package explain

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/proxy"
)

func TestHeadersAreShownWithoutTheirSecrets(t *testing.T) {
	tests := []struct{ name, value, want string }{
		{"Authorization", "Bearer s3cret", "Bearer ***"},
		{"Authorization", `Digest username="a", response="s3cret"`, "Digest ***"},
		{"Authorization", "s3cret", "***"},
		{"Proxy-Authorization", "Basic s3cret", "Basic ***"},
		{"Cookie", "session=s3cret; theme=dark", "session=***; theme=***"},
		{"Cookie", "s3cret", "***"},
		{"Set-Cookie", "session=s3cret=; Path=/; HttpOnly", "session=***; Path=/; HttpOnly"},
		{"Set-Cookie", "s3cret", "***"},
		{"Grip-Sig", "head.claims.s3cret", "head.claims.***"},
		{"Grip-Sig", "s3cret", "***"},
		{"X-Plain", "as it is; a=b.c", "as it is; a=b.c"},
	}
	for _, tt := range tests {
		in := http.Header{tt.name: {tt.value}}
		if diff := cmp.Diff(http.Header{tt.name: {tt.want}}, withoutSecrets(in)); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
		if in.Get(tt.name) != tt.value {
			t.Errorf("%s: the header itself was changed", tt.name)
		}
	}
}

func TestNoReportHasSecrets(t *testing.T) {
	origin := answering(t, http.StatusOK, held+"Set-Cookie: session=s3cret; Path=/", "")
	request := []string{"Authorization: Bearer s3cret", "Cookie: session=s3cret"}
	report := explained(t, origin, request, func(o *proxy.Options) {
		o.Signer = signature("head.claims.s3cret")
		o.Routes[0].Request.Set = []proxy.Field{{Name: "Proxy-Authorization", Value: "Basic s3cret"}}
	})
	var text bytes.Buffer
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	program, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{text.String(), string(program)} {
		if strings.Contains(out, "s3cret") {
			t.Errorf("it is shown:\n%s", out)
		}
		if !strings.Contains(out, "Basic ***") || !strings.Contains(out, "head.claims.***") {
			t.Errorf("it is not shown that something was sent:\n%s", out)
		}
	}
}
