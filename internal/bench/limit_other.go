//go:build !unix

package bench

// spareDescriptors are for everything but the streams.
const spareDescriptors = 50

// descriptorLimit knows of no limit.
func descriptorLimit() (int, error) { return 1 << 30, nil }
