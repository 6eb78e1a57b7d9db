//go:build !linux

package floor

import (
	"errors"
	"net/http"
)

// loop needs epoll.
type loop struct {
	wake chan batch
	done chan struct{}
}

func newLoop() (*loop, error) { return nil, errors.New("the floor is for Linux alone") }

func (*loop) close() {}

func (*loop) hold(http.ResponseWriter, []string) error { return nil }
