package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/reload"
)

// renewal reads the settings of a node again. One goroutine at a time calls its
// methods.
type renewal struct {
	node  *node
	level zap.AtomicLevel

	running reading // what holds
	last    reading // what was read last, refused or not
}

// newRenewal has the settings of n, of which first holds, read again by what it
// returns.
func newRenewal(n *node, first reading, level zap.AtomicLevel) *reload.Reloader {
	r := &renewal{node: n, level: level, running: first, last: first}
	again := reload.New(reload.Options{
		Apply:   r.apply,
		Files:   r.files,
		Every:   func() time.Duration { return r.running.cfg.Reload.Watch },
		Metrics: n.metrics.reloads,
		Log:     n.log.Named("reload"),
	})
	n.reload = again.Reload
	n.operators.set(n.controlHandler(first.cfg))
	return again
}

// files are those of what holds, and of what was refused last: what that lacks may come
// into being.
func (r *renewal) files() []string { return append(r.running.files(), r.last.files()...) }

// apply is reload.Options.Apply.
func (r *renewal) apply(t reload.Trigger) (out reload.Outcome, err error) {
	next, err := r.last.again()
	seen := next.same(r.last)
	r.last = next
	switch {
	case t == reload.File && seen:
		return out, reload.ErrSeen
	case err != nil:
		return out, err
	}
	out = r.running.changes(next)
	next = next.keeping(r.running, out.Restart)
	if err := r.takeOver(next.cfg, out); err != nil {
		return reload.Outcome{}, err
	}
	r.running = next
	return out, nil
}

// takeOver has cfg hold, which is what was read but for what needs a restart.
func (r *renewal) takeOver(cfg config.Config, out reload.Outcome) error {
	if err := cfg.Validate(); err != nil {
		why := fmt.Errorf("%s stays as it was until a restart, and does not go together with the rest", strings.Join(out.Restart, ", "))
		return errors.Join(why, err)
	}
	if err := r.node.tls.store.Reload(filesOf(cfg)); err != nil {
		return err
	}
	if len(out.Changed) == 0 {
		return nil
	}
	if err := r.node.take(cfg); err != nil {
		return err
	}
	r.level.SetLevel(level(cfg.Log.Level))
	return nil
}

// take has a node that runs work by cfg, which differs from the settings that hold in
// nothing that needs a restart. With an error nothing has changed, but that items may
// be laid out for more.
func (n *node) take(cfg config.Config) error {
	defer func() { n.tls.store.Retain(filesOf(*n.settings.Load())) }()
	options, err := proxyOptions(cfg)
	if err != nil {
		return err
	}
	shown, err := n.tls.prepare(cfg, options.Routes)
	if err != nil {
		return err
	}
	may, err := controlAccess(cfg.Control, n.access)
	if err != nil {
		return err
	}
	n.layout.need(wireOptions(cfg)) // before there is a stream that wants it
	if err := n.front.Replace(n.equip(options)); err != nil {
		return err
	}
	shown()
	n.door.Trust(cfg.TrustedProxies)
	n.access = may
	n.operators.set(n.controlHandler(cfg))
	n.places.Limit(maxStreams(cfg.MaxStreams, fileLimit()))
	n.settings.Store(&cfg)
	return nil
}
