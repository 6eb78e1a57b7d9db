package embedded

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// What holds where Options say nothing. The server's own defaults follow the
// machine: all of the disk's free space, three quarters of the memory.
const (
	DefaultMaxStore     = 10 << 30         // bytes
	DefaultMaxMemory    = 64 << 20         // bytes
	DefaultMaxPayload   = 8 << 20          // bytes
	DefaultSyncInterval = 10 * time.Second // the server's is two minutes
)

// Options are what a Server is made of. Start reads them once.
type Options struct {
	// StoreDir holds streams, the server's name and a lock. It is made if it is
	// not there. Required.
	StoreDir string
	// ServerName must differ from that of all peers, and may not change as long
	// as the store lives. Empty: made from the machine's name and StoreDir, and
	// kept there.
	ServerName string

	// MaxStore and MaxMemory bound what JetStream keeps, in bytes. Publishing
	// fails beyond. 0: DefaultMaxStore, DefaultMaxMemory.
	MaxStore, MaxMemory int64
	// MaxPayload bounds a message with its headers, in bytes. 0: DefaultMaxPayload.
	MaxPayload int
	// SyncInterval is how often what was stored is forced to the disk. A crash of
	// the process loses nothing, a power cut what is younger. 0: DefaultSyncInterval.
	SyncInterval time.Duration
	// SyncAlways forces every message to the disk before it is acknowledged, which
	// costs most of the throughput.
	SyncAlways bool

	// Listen is where other clients connect, host:port. Empty: nowhere. (In a
	// cluster the server then has a port on 127.0.0.1, where it lets nobody in.)
	Listen string
	// Users are who may connect there. None: everybody.
	Users []User
	// TLS encrypts that port. With a CA, clients need a certificate.
	TLS TLS
	// Deny are subjects that nobody who connects there may publish to. InProcess
	// may.
	Deny []string

	// Cluster is about the other servers. Its zero value: there are none.
	Cluster Cluster

	peerInterval time.Duration // between looks at the peers
}

// User is one client of the open port.
type User struct {
	Name, Password string
	// Publish are subjects that the user may publish to, as far as Options.Deny
	// lets it. None: all.
	Publish []string
	// Subscribe are subjects that the user may subscribe to. None: answers to its
	// own requests, that is _INBOX.>.
	Subscribe []string
}

// Cluster is how a server finds its peers, and they it.
type Cluster struct {
	// Name is the same on all servers. Empty: there is no cluster.
	Name string
	// Listen is where peers connect, host:port. Required.
	Listen string
	// Advertise is where they reach it, if that differs, host:port.
	Advertise string
	// Peers are the servers of the cluster, host:port each. The list may be the
	// same on all: a server leaves itself out.
	Peers []string
	// User and Password are the same on all servers. Without, whoever reaches
	// Listen belongs to the cluster.
	User, Password string
	// TLS encrypts the routes. Both sides show certificates, which must be good
	// for both roles.
	TLS TLS
}

// TLS names PEM files. The zero value means no encryption.
type TLS struct {
	CA        string // who signs the other side; empty: the system's
	Cert, Key string // who we are
}

// complete fills in what is empty and refuses what cannot work.
func (o *Options) complete() error {
	if o.StoreDir == "" {
		return errors.New("no store directory is named")
	}
	o.MaxStore = or(o.MaxStore, DefaultMaxStore)
	o.MaxMemory = or(o.MaxMemory, DefaultMaxMemory)
	o.MaxPayload = or(o.MaxPayload, DefaultMaxPayload)
	o.SyncInterval = or(o.SyncInterval, DefaultSyncInterval)
	o.peerInterval = or(o.peerInterval, peerInterval)
	if o.Listen != "" {
		if _, _, err := net.SplitHostPort(o.Listen); err != nil {
			return fmt.Errorf("client address: %w", err)
		}
	}
	names := map[string]bool{}
	for _, u := range o.Users {
		if u.Name == "" || u.Password == "" || names[u.Name] {
			return fmt.Errorf("user %q has no name, no password, or a namesake", u.Name)
		}
		names[u.Name] = true
	}
	return o.Cluster.check()
}

// check refuses a cluster that could not find together.
func (c *Cluster) check() error {
	switch {
	case c.Name == "" && (c.Listen != "" || len(c.Peers) > 0):
		return errors.New("the cluster has no name")
	case c.Name == "":
		return nil
	case c.Listen == "":
		return errors.New("the cluster has no address to listen on")
	case len(c.Peers) == 0:
		return errors.New("the cluster has no peers")
	}
	addresses := append([]string{c.Listen}, c.Peers...)
	if c.Advertise != "" {
		addresses = append(addresses, c.Advertise)
	}
	for _, address := range addresses {
		if _, _, err := net.SplitHostPort(address); err != nil {
			return fmt.Errorf("cluster: %w", err)
		}
	}
	return nil
}

// or returns value, or what holds if it is 0.
func or[N ~int | ~int64](value, otherwise N) N {
	if value == 0 {
		return otherwise
	}
	return value
}
