package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// ZMQ is the section zmq.
type ZMQ struct {
	// Endpoints to listen on for publishers that push, as in
	// tcp://127.0.0.1:5560 (Pushpin's) or ipc:///run/holdfast/pull.sock. Empty:
	// none.
	Pull []string `mapstructure:"pull"`
	// The same for publishers that publish, as in tcp://127.0.0.1:5562.
	Sub []string `mapstructure:"sub"`
	// Let other machines publish, by endpoints that are not on loopback.
	// ZeroMQ asks nobody who they are: only where the network is yours.
	Remote bool `mapstructure:"remote"`
}

// Enabled reports whether anything is to be taken over ZeroMQ.
func (z ZMQ) Enabled() bool { return len(z.Pull)+len(z.Sub) > 0 }

func (p *problems) checkZMQ(z ZMQ, taken map[string]string) {
	for i, endpoint := range z.Pull {
		p.endpoint(element("zmq.pull", i), endpoint, z.Remote, taken)
	}
	for i, endpoint := range z.Sub {
		p.endpoint(element("zmq.sub", i), endpoint, z.Remote, taken)
	}
}

// endpoint looks at an endpoint of ZeroMQ.
func (p *problems) endpoint(at, endpoint string, remote bool, taken map[string]string) {
	const example = "write tcp://127.0.0.1:5560 or ipc:///run/holdfast/pull.sock"
	scheme, address, _ := strings.Cut(endpoint, "://")
	if scheme == "ipc" && strings.HasPrefix(address, "/") {
		return
	}
	host, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	switch {
	case scheme != "tcp" || err != nil:
		p.add(at, fmt.Sprintf("%q is not an endpoint", endpoint), example)
	case !remote && !loopback(host):
		p.addAcross(at, []string{"zmq.remote"}, fmt.Sprintf("others can reach %s, and ZeroMQ lets everybody publish", endpoint),
			"listen on 127.0.0.1 only, or set zmq.remote")
	default:
		p.address(at, address, taken)
	}
}
