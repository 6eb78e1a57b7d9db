package config

import (
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/typo"
)

// nearest returns the known word that a mistyped one most likely stands for,
// empty if none is close.
func nearest(word string, known []string) string {
	best, least := "", max(len(word)/4, 1)+1
	for _, candidate := range known {
		if d := typo.Distance(strings.ToLower(word), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}
