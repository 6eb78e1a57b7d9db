package embedded

import (
	"context"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	peerInterval = time.Second // between looks at the peers
	peerPatience = 5           // looks, after which a missing peer is logged
)

// peers watches which of the configured servers have a route with us.
type peers struct {
	// Fixed before the first look.
	self      string // the server's own name
	addresses []string
	probe     probe
	linked    func() []string // the servers that have a route with us, by name
	log       *zap.Logger

	mu   sync.Mutex // held for no longer than a map takes
	seen map[string]*peer
}

// peer is what is known of one address.
type peer struct {
	name   string // of the server there, as it was last asked; empty: unknown
	absent int    // looks in a row at which it was missing
	said   absence
}

// absence is how a peer is missing, as far as the log tells.
type absence int

const (
	notAbsent absence = iota
	silent            // nothing answers
	aloof             // it answers, and has no route with us
)

// look asks the missing addresses who is there now, all at once, since a peer may
// have come back as another server, or never have been reached before.
func (p *peers) look(ctx context.Context) {
	missing := p.missing()
	var asking sync.WaitGroup
	for _, address := range p.addresses {
		if !slices.Contains(missing, address) {
			p.present(address)
			continue
		}
		asking.Go(func() {
			name, err := p.probe.name(ctx, address)
			if ctx.Err() == nil {
				p.asked(address, name, err)
			}
		})
	}
	asking.Wait()
}

// ofLocked returns what is known of address.
func (p *peers) ofLocked(address string) *peer {
	if p.seen[address] == nil {
		p.seen[address] = &peer{}
	}
	return p.seen[address]
}

// present notes that a peer has a route.
func (p *peers) present(address string) {
	p.mu.Lock()
	seen := p.ofLocked(address)
	back := seen.said != notAbsent
	seen.absent, seen.said = 0, notAbsent
	p.mu.Unlock()
	if back {
		p.log.Info("peer is connected again", zap.String("peer", address))
	}
}

// asked notes what a missing peer has answered.
func (p *peers) asked(address, name string, err error) {
	now := aloof
	if err != nil {
		now = silent
	}
	p.mu.Lock()
	seen := p.ofLocked(address)
	if err == nil {
		seen.name = name
	}
	seen.absent++
	news := seen.absent >= peerPatience && seen.said != now
	if news {
		seen.said = now
	}
	p.mu.Unlock()
	switch {
	case err == nil && name == p.self:
		p.log.Warn("peer is this server itself; leave it out, or name it as it is advertised", zap.String("peer", address))
	case !news:
	case err != nil:
		p.log.Warn("peer is missing", zap.String("peer", address), zap.Error(err))
	default:
		p.log.Warn("peer answers but does not connect; compare the cluster's name, user and password",
			zap.String("peer", address), zap.String("server", name))
	}
}

// missing returns the addresses whose servers have no route with us, or are not
// known yet. It does not block.
//
// A server that is reached at an address that it did not know for its own is not
// missing.
func (p *peers) missing() []string {
	linked := append(p.linked(), p.self)
	p.mu.Lock()
	defer p.mu.Unlock()
	var missing []string
	for _, address := range p.addresses {
		if seen := p.seen[address]; seen == nil || !slices.Contains(linked, seen.name) {
			missing = append(missing, address)
		}
	}
	return missing
}
