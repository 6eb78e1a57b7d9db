package cors_test

import (
	"net/http"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/cors"
)

func TestARequestIsForeignIfAPageOutsideTheListHasMadeIt(t *testing.T) {
	const cookie = "Cookie: session=1\n"
	tests := []struct {
		name, scheme, host, request string
		want                        bool
	}{
		{"a program", "https", "api.test", cookie, false},
		{"a page of another site", "https", "api.test", cookie + "Origin: https://evil.test", true},
		{"the same without cookies", "https", "api.test", "Origin: https://evil.test", false},
		{"the same with a token of its own", "https", "api.test", "Authorization: Bearer x\nOrigin: https://evil.test", false},
		{"the same with a password of the browser's", "https", "api.test", "Authorization: Basic eDp5\nOrigin: https://evil.test", true},
		{"the same with the user's ticket", "https", "api.test", "Authorization: negotiate x\nOrigin: https://evil.test", true},
		{"a page of the list", "https", "api.test", cookie + "Origin: https://app.test\nSec-Fetch-Site: cross-site", false},
		{"a sandboxed frame", "https", "api.test", cookie + "Origin: null", true},
		{"two origins", "https", "api.test", cookie + "Origin: https://app.test\nOrigin: https://app.test", true},
		{"an own page, as the browser says", "https", "api.test", cookie + "Origin: null\nSec-Fetch-Site: same-origin", false},
		{"what a person has typed", "https", "api.test", cookie + "Sec-Fetch-Site: none\nSec-Fetch-Mode: navigate", false},
		{"a link on another site", "https", "api.test", cookie + "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate", false},
		{"a form on another site", "https", "api.test", cookie + "Origin: https://evil.test\nSec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate", true},
		{"a script element on another site", "https", "api.test", cookie + "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors", true},
		{"a script element on a site beside", "https", "api.test", cookie + "Sec-Fetch-Site: same-site\nSec-Fetch-Mode: no-cors", false},
		{"a page on a site beside", "https", "api.test", cookie + "Origin: https://www.api.test\nSec-Fetch-Site: same-site", true},
		{"an own page, of an old browser", "https", "api.test", cookie + "Origin: https://api.test", false},
		{"its host in capitals", "https", "API.test", cookie + "Origin: https://api.test", false},
		{"its default port", "https", "api.test:443", cookie + "Origin: https://api.test", false},
		{"a port of its own", "http", "localhost:7999", cookie + "Origin: http://localhost:7999", false},
		{"another port", "http", "localhost:7999", cookie + "Origin: http://localhost:3000", true},
		{"TLS that ends in front", "http", "api.test", cookie + "Origin: https://api.test", false},
		{"a page that was not sent over TLS", "https", "api.test", cookie + "Origin: http://api.test", true},
		{"what says of itself where it comes from, and is not the browser", "https", "api.test", cookie + "Origin: https://api.test\nSec-Fetch-Site: cross-site", true},
	}
	sites, err := cors.ParseSites([]string{"https://app.test"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sites.Foreign(&http.Request{Header: header(tt.request)}, tt.scheme, tt.host); got != tt.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
