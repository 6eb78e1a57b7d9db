package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// listenControl opens the listeners for publishers.
func (n *node) listenControl(on []string) error {
	for _, addr := range on {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			return fmt.Errorf("control.listen: %w", unheard(err))
		}
		n.ways = append(n.ways, l)
	}
	return nil
}

// listen opens the listeners for clients, all or none.
func (n *node) listen(cfg config.Config) error {
	options := serverOptions(cfg)
	options.Handler, options.Metrics, options.Log = n.tls.answering(n.front), n.metrics.proxy, n.log.Named("proxy")
	options.TLS = n.tls.clients(cfg.TLS)
	options.WrapListener, options.ConnContext = n.clientListener(cfg, options.Log), hold.ConnContext
	clients, err := proxy.NewServer(options)
	if err != nil {
		return unheard(err)
	}
	n.clients = clients
	return nil
}

// unheard adds to why nobody can listen at an address what to do about it.
func unheard(err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w; end the process that listens there, or set another address", err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%w; set an address of this machine", err)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%w; set a port from 1024 on, or let the process use lower ones (CAP_NET_BIND_SERVICE)", err)
	}
	return err
}

func (n *node) closeListeners() {
	for _, l := range n.ways {
		l.Close()
	}
	if n.zmq != nil {
		n.zmq.Close()
	}
}

// announce logs where the node listens.
func (n *node) announce() {
	n.log.Info("serving", zap.Strings("clients", addresses(n.clients.Addrs())), zap.Strings("control", n.controlAddrs()))
}

func (n *node) controlAddrs() []string {
	var addrs []net.Addr
	for _, l := range n.ways {
		addrs = append(addrs, l.Addr())
	}
	return addresses(addrs)
}

func addresses(addrs []net.Addr) []string {
	text := make([]string, len(addrs))
	for i, a := range addrs {
		text[i] = a.String()
	}
	return text
}
