package control_test

import (
	"net/http"
	"testing"
)

func TestAcceptChoosesTheFormat(t *testing.T) {
	const (
		text = "ok\n"
		json = `{"message":"ok"}` + "\n"
		none = "Not Acceptable. Supported formats are text/plain and application/json.\n"
	)
	tests := []struct {
		name   string
		accept []string
		want   string
	}{
		{"without the header it is text", nil, text},
		{"an empty header is none", []string{""}, text},
		{"text by name", []string{"text/plain"}, text},
		{"any text", []string{"text/*"}, text},
		{"anything is text", []string{"*/*"}, text},
		{"a lone star is anything", []string{"*"}, text},
		{"JSON by name", []string{"application/json"}, json},
		{"JSON with a parameter", []string{"application/json; charset=utf-8"}, json},
		{"any application type", []string{"application/*"}, json},
		{"names are compared without case", []string{"Application/JSON"}, json},
		{"JSON by name beats text by name at the same quality", []string{"text/plain, application/json"}, json},
		{"JSON by name beats a wildcard", []string{"application/json, text/plain, */*"}, json},
		{"text by name beats JSON by a wildcard", []string{"text/plain, */*"}, text},
		{"both by wildcards are text", []string{"application/*, text/*"}, text},
		{"the higher quality wins", []string{"application/json;q=0.5, text/plain"}, text},
		{"quality of a wildcard", []string{"text/plain;q=0.2, application/*;q=0.3"}, json},
		{"the closest range says the quality", []string{"application/json;q=0, */*"}, text},
		{"members over several headers", []string{"image/png", "application/json"}, json},
		{"unknown members are passed over", []string{"nonsense;;;, application/json"}, json},
		{"neither", []string{"image/png"}, none},
		{"another JSON is not ours", []string{"application/problem+json"}, none},
		{"both refused", []string{"*/*;q=0"}, none},
	}
	e := newEnv(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			q := request{method: "GET", path: "/healthz", status: 200, answer: tt.want}
			if tt.accept != nil {
				q.header = http.Header{"Accept": tt.accept}
			}
			if tt.want == none {
				q.status = 406
			}
			q.check(t, e)
		})
	}
}
