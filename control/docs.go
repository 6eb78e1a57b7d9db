package control

import (
	_ "embed"
	"net/http"
)

// spec is the API's description, written by hand and held against the running
// handlers by a test.
//
//go:embed openapi.yaml
var spec string

// openAPI serves GET /openapi.yaml.
func openAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/yaml") // RFC 9512
	_, _ = w.Write([]byte(spec))                       // an error is the client's: it is gone
}
