package proxy

import "strings"

// isGrip reports whether a field belongs to GRIP: it is for origins and us, in
// headers and in trailers, and never passes through.
func isGrip(name string) bool {
	return len(name) >= 5 && strings.EqualFold(name[:5], "Grip-")
}
