package token

// missing remembers which ids a key set was asked for in vain. One may be that of a key
// that was published since the last fetch, until the next shows that it is not: to whoever
// has it that makes the difference between coming again and giving up. Anybody can
// invent ids, so they are bounded; one that finds no room is not told to be absent. The
// zero missing is empty.
type missing struct {
	asked  map[string]struct{} // since the last fetch
	absent map[string]struct{} // asked for before it, and not in it
}

const (
	// maxMissing is how many ids are remembered between two fetches.
	maxMissing = 1000
	// maxKeyID is how long they may be, in bytes.
	maxKeyID = 255
)

// ask notes that there is no key with the id yet.
func (m *missing) ask(id string) {
	if len(id) > maxKeyID || len(m.asked) >= maxMissing {
		return
	}
	if m.asked == nil {
		m.asked = make(map[string]struct{})
	}
	m.asked[id] = struct{}{}
}

// settle notes that keys were fetched.
func (m *missing) settle() { m.absent, m.asked = m.asked, nil }

// surely reports whether the id is not among the keys that were fetched last, though it
// was asked for before.
func (m *missing) surely(id string) bool {
	_, absent := m.absent[id]
	return absent
}
