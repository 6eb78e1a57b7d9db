package control

import "slices"

// Endpoints lists what is built: method and path, and whether it is open.
func (h *Handler) Endpoints() []string {
	var all []string
	for _, e := range h.endpoints() {
		for method := range e.methods {
			name := method + " " + e.path
			if e.open {
				name += " (open)"
			}
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
