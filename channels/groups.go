package channels

import "slices"

// groups are the groups that have cursors on a log. Nearly always it is one, for
// a process has one holder, so that one lies in the log.
type groups struct {
	first Group // nil: nobody
	// more are those beyond the first. They are replaced, never changed, so a
	// publisher may use them after unlocking.
	more  *[]member
	count uint32 // cursors of first
}

// member is a group and how many cursors it has.
type member struct {
	group Group
	count uint32
}

// audience is whom to wake for a log.
type audience struct {
	first Group
	more  *[]member
}

// audience returns the groups as they are now.
func (g *groups) audience() audience { return audience{g.first, g.more} }

// wake tells all of them, with no lock held.
func (a audience) wake(l *Log) {
	a.first.Wake(l)
	if a.more == nil {
		return
	}
	for _, m := range *a.more {
		m.group.Wake(l)
	}
}

func (g *groups) join(who Group) {
	if g.first == nil || g.first == who {
		g.first = who
		g.count++
		return
	}
	more := g.others()
	i := slices.IndexFunc(more, func(m member) bool { return m.group == who })
	if i < 0 {
		i = len(more)
		more = append(more, member{group: who})
	}
	more[i].count++
	g.more = &more
}

func (g *groups) leave(who Group) {
	if g.first == who {
		if g.count--; g.count == 0 {
			g.promote()
		}
		return
	}
	more := g.others()
	i := slices.IndexFunc(more, func(m member) bool { return m.group == who })
	if more[i].count--; more[i].count == 0 {
		more = slices.Delete(more, i, i+1)
	}
	g.keep(more)
}

// promote puts another group in the place of the first.
func (g *groups) promote() {
	if g.more == nil {
		g.first = nil
		return
	}
	more := g.others()
	g.first, g.count = more[0].group, more[0].count
	g.keep(more[1:])
}

// others returns a copy of those beyond the first.
func (g *groups) others() []member {
	if g.more == nil {
		return nil
	}
	return slices.Clone(*g.more)
}

func (g *groups) keep(more []member) {
	g.more = nil
	if len(more) > 0 {
		g.more = &more
	}
}

// cursors is how many cursors there are in all groups.
func (g *groups) cursors() int {
	n := int(g.count)
	if g.more == nil {
		return n
	}
	for _, m := range *g.more {
		n += int(m.count)
	}
	return n
}
