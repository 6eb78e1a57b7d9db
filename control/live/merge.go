package live

import (
	"cmp"
	"slices"
)

// Merge makes one page of what nodes have told, of at most limit streams. There are
// more if next is not 0: those after it.
func Merge(reports []Report, limit int) (page []Stream, next ID) {
	end, more := known(reports)
	for _, r := range reports {
		for _, s := range r.Streams {
			if !more || s.ID <= end {
				page = append(page, s)
			}
		}
	}
	slices.SortFunc(page, func(a, b Stream) int {
		return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Node, b.Node))
	})
	if len(page) > limit {
		page, more = page[:limit], true
	}
	if more && len(page) > 0 {
		next = page[len(page)-1].ID
	}
	return page, next
}

// known returns the last id up to which all nodes have told of their streams, and
// whether any has more.
func known(reports []Report) (end ID, more bool) {
	for _, r := range reports {
		if !r.More || len(r.Streams) == 0 {
			continue
		}
		if last := r.Streams[len(r.Streams)-1].ID; !more || last < end {
			end, more = last, true
		}
	}
	return end, more
}
