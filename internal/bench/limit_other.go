//go:build !unix

package bench

// spareDescriptors are for everything but the streams: the publisher, and an origin
// in this process with its connections.
const spareDescriptors = 500

// descriptorLimit knows of no limit.
func descriptorLimit() (int, error) { return 1 << 30, nil }
