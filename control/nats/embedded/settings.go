package embedded

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	tlsTimeout = 5 // seconds, as the server counts

	// A peer that has gone silent counts as lost after the third interval.
	routePing     = 5 * time.Second
	routeMaxPings = 2
)

// settings are the server's own options. peers are those that it connects to.
func (o *Options) settings(name string, a access, peers []string) (*server.Options, error) {
	so := &server.Options{
		ServerName: name,
		NoSigs:     true,
		NoLog:      true, // of its own

		JetStream:              true,
		DisableJetStreamBanner: true,
		StoreDir:               o.StoreDir,
		JetStreamMaxStore:      o.MaxStore,
		JetStreamMaxMemory:     o.MaxMemory,
		SyncInterval:           o.SyncInterval,
		SyncAlways:             o.SyncAlways,
		MaxPayload:             int32(o.MaxPayload),

		Users:      a.users,
		NoAuthUser: a.noAuth,
	}
	if err := o.listener(so); err != nil {
		return nil, fmt.Errorf("client port: %w", err)
	}
	if o.Cluster.Name == "" {
		return so, nil
	}
	if err := o.Cluster.routing(so, peers); err != nil {
		return nil, fmt.Errorf("cluster: %w", err)
	}
	return so, nil
}

// listener says where other clients connect.
func (o *Options) listener(so *server.Options) error {
	switch {
	case o.Listen != "":
		host, port, err := split(o.Listen)
		if err != nil {
			return err
		}
		so.Host, so.Port = host, port
	case o.Cluster.Name != "":
		// A server that does not listen for clients never opens its routes either
		// (nats-server 2.15: Server.Start). Here nobody has a password for the
		// network, so nobody gets in.
		so.Host, so.Port = "127.0.0.1", server.RANDOM_PORT
	default:
		so.DontListen = true
	}
	config, err := o.TLS.load(false)
	if err != nil {
		return err
	}
	if config != nil {
		so.TLS, so.TLSConfig, so.TLSTimeout, so.TLSVerify = true, config, tlsTimeout, o.TLS.CA != ""
	}
	return nil
}

// routing says how the server finds peers, and they it.
func (c *Cluster) routing(so *server.Options, peers []string) error {
	host, port, err := split(c.Listen)
	if err != nil {
		return err
	}
	config, err := c.TLS.load(true)
	if err != nil {
		return err
	}
	so.Cluster = server.ClusterOpts{
		Name: c.Name, Host: host, Port: port, Advertise: c.Advertise,
		Username: c.User, Password: c.Password,
		TLSConfig: config, TLSTimeout: tlsTimeout,
		PingInterval: routePing, MaxPingsOut: routeMaxPings,
		NoAdvertise: true, // of client ports, which are each node's own business
	}
	for _, peer := range peers {
		route := &url.URL{Scheme: "nats-route", Host: peer}
		if c.User != "" {
			route.User = url.UserPassword(c.User, c.Password)
		}
		so.Routes = append(so.Routes, route)
	}
	return nil
}

// split reads host:port in the server's way, where port -1 is any free one.
func split(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("address %s: %q is no port", address, text)
	}
	if port == 0 {
		return host, server.RANDOM_PORT, nil
	}
	return host, int(port), nil
}
