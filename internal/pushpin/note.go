package pushpin

import (
	"cmp"
	"fmt"
	"slices"
)

// Note is something that was not carried over, or not as it was.
type Note struct {
	File string
	Line int // from 1
	Text string
}

// String is the note as FILE:LINE: TEXT.
func (n Note) String() string { return fmt.Sprintf("%s:%d: %s", n.File, n.Line, n.Text) }

// sortNotes orders notes by file, in the order in which files were read, and
// line.
func sortNotes(notes []Note, files ...string) {
	slices.SortStableFunc(notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(slices.Index(files, a.File), slices.Index(files, b.File)), cmp.Compare(a.Line, b.Line))
	})
}
