package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
)

// hire makes the clients for a job: one in this process, or as many processes as
// the configuration or the limit on open files asks for. Every process connects
// from an address of its own where the server is on this machine, because two
// addresses can have only some 28,000 connections to one port.
func hire(ctx context.Context, cfg Config, j job) (crew, error) {
	limit, err := descriptorLimit()
	if err != nil {
		return nil, err
	}
	room := max(1, limit-spareDescriptors)
	clients := cfg.Clients
	if clients == 0 {
		clients = (j.sockets() + room - 1) / room
	}
	if (j.sockets()+clients-1)/clients > room {
		return nil, fmt.Errorf("%d connections in %d processes: a process may open %d files; raise the hard limit (ulimit -Hn) or ask for more clients", j.sockets(), clients, limit)
	}
	if clients == 1 {
		return crew{newFleet(j)}, nil
	}
	return hireProcesses(ctx, cfg, j, clients)
}

func hireProcesses(ctx context.Context, cfg Config, j job, clients int) (crew, error) {
	if len(cfg.ClientCommand) == 0 {
		return nil, fmt.Errorf("%d clients: no program to run them", clients)
	}
	if clients > 200 {
		return nil, fmt.Errorf("%d clients: 200 are the most", clients)
	}
	var c crew
	for k, part := range j.split(clients) {
		if onLoopback(cfg.URL) {
			part.Source = fmt.Sprintf("127.0.0.%d", k+2)
		}
		p, err := startProcess(ctx, cfg.ClientCommand, part)
		if err != nil {
			_, ended := c.finish()
			return nil, errors.Join(err, ended)
		}
		c = append(c, p)
	}
	return c, nil
}

func onLoopback(target string) bool {
	u, err := url.Parse(expand(target, 0))
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip != nil && ip.IsLoopback() && ip.To4() != nil
}
