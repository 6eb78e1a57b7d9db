package main

import (
	"errors"
	"testing"

	"github.com/holdfast-proxy/holdfast/control/live"
)

// Whose stream it is may be what a node has not said: then nobody knows that there is none.
func TestARenewalIsUnknownOnlyIfAllNodesSaySo(t *testing.T) {
	tests := map[string]struct {
		answer live.Answer
		what   string
		err    error
	}{
		"nobody has it":               {live.Answer{Reports: []live.Report{{}, {}}}, "", nil},
		"one has it":                  {live.Answer{Reports: []live.Report{{}, {Renewed: "accepted"}}}, "accepted", nil},
		"one has it, another is gone": {live.Answer{Reports: []live.Report{{}, {Renewed: "accepted"}}, Missing: []string{"c"}}, "accepted", nil},
		"one does not answer":         {live.Answer{Reports: []live.Report{{}}, Missing: []string{"c"}}, "", errNotAll},
		"one is too old to know":      {live.Answer{Reports: []live.Report{{Problem: "old"}, {}}}, "", errNotAll},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if what, err := renewedBy(test.answer); what != test.what || !errors.Is(err, test.err) {
				t.Errorf("%q, %v", what, err)
			}
		})
	}
}
