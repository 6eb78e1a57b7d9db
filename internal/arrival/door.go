package arrival

import (
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/quota"
)

// Options says who is let in.
type Options struct {
	// Trusted are the networks of proxies in front.
	Trusted []netip.Prefix
	// Proxied: every connection comes from one of them and begins with a PROXY
	// header.
	Proxied bool
	// HeaderTimeout is how long the header may take to come. Positive if Proxied.
	HeaderTimeout time.Duration
	// PerAddress is how many connections a client's address may have at once. 0:
	// any number.
	PerAddress int
	// Metrics counts who is refused.
	Metrics *Metrics
	// Log is never nil.
	Log *zap.Logger
}

// Door lets connections in, those of all its listeners by the same count. A nil Door
// is open.
type Door struct {
	// Fixed after New.
	proxied  bool
	patience time.Duration

	// Each guards itself.
	trusted  atomic.Pointer[[]netip.Prefix]
	counts   *quota.Counts[netip.Addr] // nil: any number
	refusals *refusals
}

// New returns a door, nil if o lets everybody in as they are.
func New(o Options) *Door {
	if !o.Proxied && o.PerAddress == 0 {
		return nil
	}
	d := &Door{
		proxied:  o.Proxied,
		patience: o.HeaderTimeout,
		counts:   quota.New[netip.Addr](o.PerAddress),
		refusals: newRefusals(o.Metrics, o.Log),
	}
	d.Trust(o.Trusted)
	return d
}

// Trust makes these the networks of proxies in front, from now on. The caller may not
// change them any more.
func (d *Door) Trust(networks []netip.Prefix) {
	if d != nil {
		d.trusted.Store(&networks)
	}
}

// Listen returns a listener whose connections have come through the door. They are
// *Conn, unless d is nil.
func (d *Door) Listen(inner net.Listener) net.Listener {
	if d == nil {
		return inner
	}
	return &listener{inner, d}
}

type listener struct {
	net.Listener
	door *Door
}

// Accept implements net.Listener. It reads nothing.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		let, reason := l.door.let(c)
		if reason == "" {
			return let, nil
		}
		l.door.refusals.note(reason, c.RemoteAddr(), nil)
		c.Close()
	}
}

// let lets c in, or says why not. If c has a PROXY header, the rest is decided when
// that has been read.
func (d *Door) let(c net.Conn) (*Conn, Reason) {
	in := &Conn{Conn: c, door: d}
	if !d.proxied {
		return in, d.seat(in, c.RemoteAddr())
	}
	if !d.trusts(addressOf(c.RemoteAddr())) {
		return nil, NotTrusted
	}
	return in, ""
}

// seat gives c a place among those of its client, whose address is from, or says why
// not.
func (d *Door) seat(c *Conn, from net.Addr) Reason {
	address := addressOf(from)
	if d.counts == nil || d.trusts(address) {
		return ""
	}
	p := &Place{d.counts, quota.Client(address)}
	if !d.counts.Take(p.client) {
		return TooMany
	}
	c.sit(p)
	return ""
}

func (d *Door) trusts(a netip.Addr) bool {
	for _, network := range *d.trusted.Load() {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// addressOf is the IP address in a, the zero Addr if there is none.
func addressOf(a net.Addr) netip.Addr {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return tcp.AddrPort().Addr().Unmap().WithZone("")
}
