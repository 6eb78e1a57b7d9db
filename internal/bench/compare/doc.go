// Package compare measures several servers at the same work and makes a page of
// it. Of each case every round measures every server once, each time in a new
// process, and the next round begins with another one: what disturbs the machine
// for a while disturbs all of them. Comparisons are therefore made round by round,
// and of the ratios the median and the spread are told.
//
// The result is a Document, which is kept as JSON; the page is written from that
// alone and by nobody's hand, so that the same document always makes the same
// page. The page says itself where Holdfast is not the best.
package compare
