//go:build !linux

package bench

import (
	"errors"
	"io"
	"time"
)

// arrivals needs Linux.
type arrivals struct {
	io.ReadCloser
	ago time.Duration
}

func stampArrivals(io.ReadCloser) (*arrivals, error) {
	return nil, errors.New("the kernel's times are known on Linux alone")
}
