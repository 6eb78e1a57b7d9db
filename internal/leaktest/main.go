package leaktest

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// Main runs the tests of m and exits. When they pass but have left goroutines
// or descriptors behind, it says which and exits with 1. Call it from TestMain
// and do nothing after it. The options are goleak's.
func Main(m *testing.M, options ...goleak.Option) {
	before := openFiles()
	code := m.Run()
	if code == 0 {
		if err := check(before, options...); err != nil {
			fmt.Fprintf(os.Stderr, "leaktest: the tests passed but left behind:\n%v\n", err)
			code = 1
		}
	}
	os.Exit(code)
}

// check reports the goroutines that still run and the descriptors that are not
// in before. goleak waits a while for goroutines to end; descriptors are looked
// at after that.
func check(before files, options ...goleak.Option) error {
	return errors.Join(goleak.Find(options...), openFiles().since(before))
}
