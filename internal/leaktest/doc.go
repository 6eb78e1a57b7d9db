// Package leaktest makes a package's tests fail when they leave goroutines or
// open files behind. Use it as the package's TestMain:
//
//	func TestMain(m *testing.M) { leaktest.Main(m) }
//
// Goroutines are goleak's business. Descriptors are compared by number and by
// what they refer to, before and after the run: a leaked socket or pipe shows
// even where no goroutine serves it any more, which is how a held connection
// leaks. Where there is no /proc/self/fd (anything but Linux), descriptors are
// not looked at.
package leaktest
