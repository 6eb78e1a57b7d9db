package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// run is a run under way.
type run struct {
	cfg    Config
	name   string // in the stamps
	report *Report
	before look // at the server, before the streams
	open   look // with all of them open
	rested look // when they have been left alone for cfg.Settle
	after  look // at the end
}

var errNoStream = errors.New("no stream could be opened")

// live opens streams, publishes to them and counts.
func (r *run) live(ctx context.Context) error {
	streams, err := hire(ctx, r.cfg, r.cfg.job(r.name))
	if err != nil {
		return err
	}
	var p *publisher
	took, err := r.connect(ctx, streams)
	if err == nil && r.cfg.ControlURL != "" {
		p, err = r.publish(ctx, streams)
	}
	seen, finishErr := streams.finish()
	if err == errNoStream && finishErr == nil {
		return fmt.Errorf("%w: %s", err, list(seen.Failed))
	}
	if err := errors.Join(err, finishErr); err != nil {
		return err
	}
	r.count(seen, p, took)
	return nil
}

// connect opens the streams, looks at the server, and looks again when it has
// been left alone. It returns how long opening took.
func (r *run) connect(ctx context.Context, streams crew) (time.Duration, error) {
	start := time.Now()
	if err := streams.open(ctx); err != nil {
		return 0, err
	}
	took := time.Since(start)
	n := streams.opened()
	if n == 0 {
		return 0, errNoStream
	}
	var err error
	if r.open, err = r.cfg.look(ctx); err != nil {
		return 0, err
	}
	r.after = r.open
	r.report.Server = connectUse(r.cfg.PIDs, r.before.from, r.open.until, n)
	return took, r.settle(ctx, n)
}

// settle leaves the open streams alone and looks again.
func (r *run) settle(ctx context.Context, streams int) error {
	if r.cfg.Settle == 0 {
		return nil
	}
	if err := sleep(ctx, r.cfg.Settle); err != nil {
		return err
	}
	var err error
	r.after, err = r.cfg.look(ctx)
	r.report.Server.addSettled(r.before.from, r.after.until, streams)
	return err
}

// publish publishes, waits for what is due, and looks at the server.
func (r *run) publish(ctx context.Context, streams crew) (*publisher, error) {
	p := newPublisher(r.cfg, r.name)
	defer p.close()
	r.rested = r.after
	others := startChurn(ctx, r.cfg)
	err := p.publishAll(ctx)
	r.report.Churn = others.finish()
	if err != nil {
		return nil, err
	}
	if err := streams.await(ctx, p.published); err != nil {
		return nil, err
	}
	if r.after, err = r.cfg.look(ctx); err != nil {
		return nil, err
	}
	r.report.Server.addDeliveries(r.rested.from, r.after.until, p.items)
	return p, r.release(ctx, streams)
}

// release makes the stuck streams read.
func (r *run) release(ctx context.Context, streams crew) error {
	if r.cfg.Stuck == 0 {
		return nil
	}
	queues, err := queuesOf(r.cfg.URL, r.cfg.Stuck)
	if err != nil {
		return err
	}
	r.report.Stuck = &StuckReport{Queue: queues, MemoryUp: r.after.until.memory - r.rested.from.memory, LogUp: int64(r.after.runtime.log - r.rested.runtime.log)}
	return streams.release(ctx)
}

// count fills in the report what the clients have seen. There is no publisher
// where nothing was published.
func (r *run) count(seen *part, p *publisher, took time.Duration) {
	r.report.Connect = seen.connectReport(took)
	r.runtime(seen.Opened)
	if p == nil {
		return
	}
	r.report.Publish = p.report()
	j := r.cfg.job(r.name)
	r.report.Deliver = seen.deliverReport(p.first, seen.Opened > 1 && j.shared() >= 0)
	r.report.Server.perDelivery(seen.Delivered)
	if s := r.report.Stuck; s != nil {
		s.Streams, s.Whole, s.Told, s.Silent = seen.Stuck.Streams, seen.Stuck.Whole, seen.Stuck.Told, seen.Stuck.Silent
	}
}

// runtime fills in the report what the server's Go runtime did, if that is asked.
func (r *run) runtime(streams int) {
	if r.cfg.MetricsURL != "" {
		r.report.Go = goReport(r.before.runtime, r.open.runtime, r.after.runtime, streams)
	}
}
