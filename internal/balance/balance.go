// Package balance spreads connections over several servers, byte for byte: the
// least that stands for a load balancer where a demonstration needs one. A server
// that takes no connection is passed over until it does.
package balance

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// dialTimeout is how long a server may take to accept.
const dialTimeout = time.Second

// Balancer gives each connection to the next server. Make it with New.
type Balancer struct {
	servers []string
	next    atomic.Uint64
}

// New returns a balancer over the servers, host:port each.
func New(servers []string) *Balancer { return &Balancer{servers: servers} }

// Serve balances what l accepts until ctx ends, closes l and all connections, and
// returns when they are gone.
func (b *Balancer) Serve(ctx context.Context, l net.Listener) {
	defer context.AfterFunc(ctx, func() { l.Close() })()
	var all sync.WaitGroup
	defer all.Wait()
	for {
		client, err := l.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				client.Close()
			}
			return
		case err != nil: // for want of descriptors, say
			time.Sleep(10 * time.Millisecond)
		default:
			all.Go(func() { b.carry(ctx, client) })
		}
	}
}

// carry copies both ways until one side has ended or ctx has.
func (b *Balancer) carry(ctx context.Context, client net.Conn) {
	defer client.Close()
	server := b.dial(ctx)
	if server == nil {
		return
	}
	defer server.Close()
	defer context.AfterFunc(ctx, func() { client.Close(); server.Close() })()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(server, client) // its end is all that matters
		server.Close()
	}()
	_, _ = io.Copy(client, server)
	client.Close()
	<-done
}

// dial connects to the next server that accepts, nil if there is none.
func (b *Balancer) dial(ctx context.Context) net.Conn {
	first := b.next.Add(1)
	d := net.Dialer{Timeout: dialTimeout}
	for i := range uint64(len(b.servers)) {
		c, err := d.DialContext(ctx, "tcp", b.servers[(first+i)%uint64(len(b.servers))])
		if err == nil {
			return c
		}
	}
	return nil
}
