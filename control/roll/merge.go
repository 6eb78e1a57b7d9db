package roll

import (
	"cmp"
	"slices"
)

// Merge makes one page of what nodes have told, of at most limit channels. There
// are more if next is not empty: those after it.
func Merge(reports []Report, limit int) (page []Channel, next string) {
	end, more := known(reports)
	for _, r := range reports {
		for _, c := range r.Page {
			if more && c.Name > end {
				break
			}
			page = append(page, c)
		}
	}
	slices.SortStableFunc(page, func(a, b Channel) int { return cmp.Compare(a.Name, b.Name) })
	page = combine(page)
	if len(page) > limit {
		page, more = page[:limit], true
	}
	if more && len(page) > 0 {
		next = page[len(page)-1].Name
	}
	return page, next
}

// known returns the last name up to which all nodes have told of their channels,
// and whether any has more.
func known(reports []Report) (end string, more bool) {
	for _, r := range reports {
		if !r.More || len(r.Page) == 0 {
			continue
		}
		if last := r.Page[len(r.Page)-1].Name; !more || last < end {
			end, more = last, true
		}
	}
	return end, more
}

// combine makes one of those that have the same name and stand together.
func combine(sorted []Channel) []Channel {
	all := sorted[:0]
	for _, c := range sorted {
		if n := len(all); n > 0 && all[n-1].Name == c.Name {
			all[n-1] = add(all[n-1], c)
		} else {
			all = append(all, c)
		}
	}
	return all
}

// add tells of a channel as two nodes together do.
func add(a, b Channel) Channel {
	subscribers := a.Subscribers + b.Subscribers
	if b.Entries > a.Entries {
		a = b
	}
	a.Subscribers = subscribers
	return a
}
