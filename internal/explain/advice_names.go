package explain

import (
	"maps"
	"slices"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/typo"
)

// gripNames are the headers of instructions.
var gripNames = [...]string{
	"Grip-Hold", "Grip-Channel", "Grip-Timeout", "Grip-Expires", "Grip-Keep-Alive", "Grip-Status", "Grip-Set-Meta",
	"Grip-Expose-Headers", "Grip-Link", "Grip-Last", "Grip-Session-Id", "Grip-Session-Detect",
}

// misspelt finds headers that look like an instruction's and are none.
func misspelt(e *evidence) []Finding {
	if e.saw.answer == nil {
		return nil
	}
	var found []Finding
	for _, name := range slices.Sorted(maps.Keys(e.saw.answer.header)) {
		switch {
		case slices.Contains(gripNames[:], name) || !strings.Contains(strings.ToLower(name), "grip"):
		case name == "Grip-Sig" || name == "Grip-Feature":
			found = append(found, hint("leave it out", "%s belongs to requests, not to answers", name)...)
		default:
			found = append(found, unknownName(name)...)
		}
	}
	return found
}

func unknownName(name string) []Finding {
	effect := "it is ignored"
	if !grip.IsField(name) {
		effect = "it is no instruction and reaches the client"
	}
	remedy := "leave it out"
	if near := nearest(name); near != "" {
		remedy = "write " + near
	}
	return mistake(remedy, "%s is not a header of GRIP: %s", name, effect)
}

// nearest is the header of an instruction that name may have been meant for: at most
// every second letter is another.
func nearest(name string) string {
	plain := func(s string) string {
		s = strings.TrimPrefix(strings.ToLower(s), "x-")
		return strings.TrimPrefix(strings.NewReplacer("-", "", "_", "").Replace(s), "grip")
	}
	best, least := "", 4
	for _, known := range gripNames {
		if d := typo.Distance(plain(name), plain(known)); d < least && d <= len(plain(known))/2 {
			best, least = known, d
		}
	}
	return best
}
