package bench

import (
	"context"
	"errors"
	"sync"
)

// A client opens streams and reads them: a fleet in this process, or one in a
// process of its own. Its methods are called one after the other.
type client interface {
	// open returns when every stream of the job is open or has failed.
	open(context.Context) error
	// opened counts the streams that are open.
	opened() int
	// await returns when what was published has come to all streams that read,
	// or nothing more comes. The numbers are of each channel.
	await(ctx context.Context, published []int) error
	// release makes the streams that did not read do so, and returns when
	// nothing more comes.
	release(context.Context) error
	// finish closes all streams and returns what they have counted. It must be
	// called in any case, and is the last call.
	finish() (*part, error)
}

// A crew is all clients of a run.
type crew []client

// each does something with all clients at once and returns when all are done.
func (c crew) each(do func(i int, one client) error) error {
	errs := make([]error, len(c))
	var all sync.WaitGroup
	for i, one := range c {
		all.Go(func() { errs[i] = do(i, one) })
	}
	all.Wait()
	return errors.Join(errs...)
}

func (c crew) open(ctx context.Context) error {
	return c.each(func(_ int, one client) error { return one.open(ctx) })
}

func (c crew) await(ctx context.Context, published []int) error {
	return c.each(func(_ int, one client) error { return one.await(ctx, published) })
}

func (c crew) release(ctx context.Context) error {
	return c.each(func(_ int, one client) error { return one.release(ctx) })
}

func (c crew) opened() int {
	n := 0
	for _, one := range c {
		n += one.opened()
	}
	return n
}

// finish ends all clients and adds up what they have counted.
func (c crew) finish() (*part, error) {
	parts := make([]*part, len(c))
	err := c.each(func(i int, one client) (err error) {
		parts[i], err = one.finish()
		return err
	})
	if err != nil {
		return nil, err
	}
	sum := newPart()
	for _, p := range parts {
		sum.add(p)
	}
	return sum, nil
}
