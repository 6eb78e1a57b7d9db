//go:build !unix

package embedded

import "os"

// lock does nothing: where there is no flock, the operator must see to it that a
// store directory has one process.
func lock(*os.File) error { return nil }
