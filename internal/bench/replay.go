package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// replay publishes before the streams connect, which then ask for all that came
// after the first event. Its id is what a probe got: some servers make ids of
// their own. What connecting takes without that is measured first.
func (r *run) replay(ctx context.Context) error {
	p := newPublisher(r.cfg, r.name)
	defer p.close()
	id, err := r.fill(ctx, p)
	if err != nil {
		return err
	}
	j := r.cfg.job(r.name)
	_, plain, err := r.visit(ctx, j, nil)
	if err != nil {
		return err
	}
	j.LastEventID = id
	from := p.clock.now()
	seen, used, err := r.visit(ctx, j, []int{p.published[0] - 1})
	if err != nil {
		return err
	}
	r.report.Connect = seen.connectReport(p.clock.now() - from)
	r.report.Publish = p.report()
	r.report.Replay = seen.replayReport(r.cfg.Replay, from, used-plain)
	if r.after, err = r.cfg.look(ctx); err != nil {
		return err
	}
	r.open = r.before // what connecting costs is not told apart
	r.runtime(seen.Opened)
	return nil
}

// fill publishes the events and returns the first one's id.
func (r *run) fill(ctx context.Context, p *publisher) (id string, err error) {
	probe := newFleet(r.cfg.job(r.name).alone())
	defer probe.close()
	if err := probe.open(ctx); err != nil {
		return "", err
	}
	if probe.opened() == 0 {
		return "", fmt.Errorf("%w: %s", errNoStream, list(probe.failures))
	}
	p.first = p.clock.now()
	if err := p.publish(ctx, 1, p.first); err != nil {
		return "", err
	}
	if err := probe.await(ctx, p.published); err != nil {
		return "", err
	}
	probe.close()
	if id = probe.streams[0].events.lastID(); id == "" {
		return "", errors.New("replay: the server's events have no ids")
	}
	for left := r.cfg.Replay; left > 0; left -= r.cfg.Batch {
		if err := p.publish(ctx, min(left, r.cfg.Batch), p.clock.now()); err != nil {
			return "", err
		}
	}
	p.took = p.clock.now() - p.first
	return id, nil
}

// visit opens the streams, waits until they have what was published, if anything,
// and closes them. It returns the CPU time that the server took.
func (r *run) visit(ctx context.Context, j job, published []int) (*part, time.Duration, error) {
	if err := sleep(ctx, breath); err != nil {
		return nil, 0, err
	}
	before, err := sample(r.cfg.PIDs)
	if err != nil {
		return nil, 0, err
	}
	streams, err := hire(ctx, r.cfg, j)
	if err != nil {
		return nil, 0, err
	}
	if err = streams.open(ctx); err == nil {
		err = streams.await(ctx, published)
	}
	after, sampleErr := sample(r.cfg.PIDs)
	seen, finishErr := streams.finish()
	if err := errors.Join(err, sampleErr, finishErr); err != nil {
		return nil, 0, err
	}
	if seen.Opened == 0 {
		return nil, 0, fmt.Errorf("%w: %s", errNoStream, list(seen.Failed))
	}
	return seen, after.cpu - before.cpu, nil
}

// replayReport is about streams that asked for so many events from then on. Each
// of them has had one event before.
func (p *part) replayReport(events int, from, cpu time.Duration) *ReplayReport {
	due := int64(events) * int64(p.Opened)
	took := p.Until - from
	r := &ReplayReport{Events: events, Delivered: p.Delivered, Missing: due - p.Delivered}
	if p.Delivered > 0 {
		r.Seconds, r.PerSecond = took.Seconds(), per(p.Delivered, took)
		r.CPUPerEvent = micro(cpu) / float64(p.Delivered)
	}
	return r
}
