package control

import "slices"

// Endpoints lists what is built: method and path, and whether it is open or which
// right it needs.
func (h *Handler) Endpoints() []string {
	var all []string
	for _, e := range h.endpoints() {
		for name, m := range e.methods {
			name += " " + e.path
			if e.open {
				name += " (open)"
			}
			if right := m.needs.String(); right != "" {
				name += " (" + right + ")"
			}
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}
