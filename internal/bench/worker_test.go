package bench

import (
	"encoding/json"
	"io"
	"strings"
	"testing"
)

func TestAClientProcessAnswersWhatMakesNoSense(t *testing.T) {
	tests := map[string]struct{ calls, want string }{
		"a call before anything is open": {`{"do":"await"}`, "nothing was opened"},
		"opening without a job":          {`{"do":"open"}`, "nothing was opened"},
		"an unknown call":                {`{"do":"open","job":{"count":0,"streams":1}}{"do":"dance"}`, "unknown call"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := ServeClient(t.Context(), strings.NewReader(tt.calls), &out); err != nil {
				t.Fatal(err)
			}
			var last answer
			for dec := json.NewDecoder(strings.NewReader(out.String())); ; {
				var a answer
				if err := dec.Decode(&a); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
				last = a
			}
			if last.Error != tt.want {
				t.Errorf("%q, want %q", last.Error, tt.want)
			}
		})
	}
	if err := ServeClient(t.Context(), strings.NewReader("x"), io.Discard); err == nil {
		t.Error("no error for what is no call")
	}
}
