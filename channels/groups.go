package channels

import "slices"

// groups are the groups that have cursors on a log. There are few: one per
// holder loop. The list is replaced, never changed, so a publisher may use it
// after unlocking.
type groups struct {
	all    []Group
	counts []int
}

func (g *groups) join(who Group) {
	if i := slices.Index(g.all, who); i >= 0 {
		g.counts[i]++
		return
	}
	g.all = append(slices.Clip(g.all), who)
	g.counts = append(g.counts, 1)
}

func (g *groups) leave(who Group) {
	i := slices.Index(g.all, who)
	if g.counts[i]--; g.counts[i] > 0 {
		return
	}
	g.counts = slices.Delete(g.counts, i, i+1)
	g.all = slices.Concat(g.all[:i], g.all[i+1:])
}
