package bench

import (
	"context"
	"fmt"
	"time"
)

// publisher publishes to the channels in turn, and now and then to the one that
// all streams follow besides.
type publisher struct {
	cfg      Config
	run      string
	clock    clock
	dialect  dialect
	channels []string // escaped; the common one, if any, is the last
	poster   *poster
	aside    *aside // nil: the common channel's items come in turn

	items     int
	published []int // to each channel
	batch     []item
	body      []byte

	requests histogram     // time until the answer
	own      histogram     // where there is a common channel, of the others, from when they were due
	first    time.Duration // the clock at the first request
	took     time.Duration // from the first request to the last answer
}

// commonEvery is how many items there are to one for the common channel.
const commonEvery = 10

func newPublisher(cfg Config, run string) *publisher {
	p := &publisher{
		cfg:     cfg,
		run:     run,
		clock:   newClock(),
		dialect: speak(cfg.Dialect),
		poster:  newPoster(cfg),
	}
	for i := range cfg.channels() {
		p.channels = append(p.channels, p.dialect.escape(expand(cfg.Channel, i)))
	}
	if cfg.Common != "" {
		p.channels = append(p.channels, p.dialect.escape(cfg.Common))
	}
	if cfg.Gap > 0 {
		p.aside = &aside{poster: newPoster(cfg)}
	}
	p.published = make([]int, len(p.channels))
	return p
}

// publishAll publishes for cfg.Duration, or cfg.Items. The first request that is not
// accepted ends it: what counts as missing would be a guess from there on.
func (p *publisher) publishAll(ctx context.Context) error {
	p.first = p.clock.now()
	defer func() { p.took = p.clock.now() - p.first }()
	for n := 0; ; n++ {
		due := p.due(n)
		if due >= p.cfg.Duration || p.cfg.Items > 0 && p.items >= p.cfg.Items {
			return p.answeredAll()
		}
		at, err := p.until(ctx, p.first+due)
		if err != nil {
			return err
		}
		if err := p.publish(ctx, p.cfg.Batch, at); err != nil {
			return err
		}
	}
}

// until waits until items are due and returns the time that counts as theirs. Where
// the answer before came later than that, it is when they were due: they would
// have been there in time with another server.
func (p *publisher) until(ctx context.Context, due time.Duration) (time.Duration, error) {
	if wait := due - p.clock.now(); wait > 0 {
		err := sleep(ctx, wait)
		return p.clock.now(), err
	}
	return due, ctx.Err()
}

// due is when batch n is to be published, counted from the first: by the
// schedule or, flat out, now. With a gap those after a common item follow it
// closely.
func (p *publisher) due(n int) time.Duration {
	if p.cfg.Rate == 0 {
		return p.clock.now() - p.first
	}
	var after time.Duration
	if p.cfg.Gap > 0 {
		after = time.Duration(n%commonEvery) * p.cfg.Gap
		n -= n % commonEvery
	}
	return after + time.Duration(float64(n)*float64(p.cfg.Batch)/p.cfg.Rate*float64(time.Second))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// publish publishes n items at once: with one request where the dialect can, or
// with one after the other. They have that time.
func (p *publisher) publish(ctx context.Context, n int, at time.Duration) error {
	p.batch = p.batch[:0]
	for range n {
		p.batch = append(p.batch, p.nextItem(at))
	}
	if p.aside != nil && p.isCommon(p.batch[0]) {
		return p.sendAside(ctx)
	}
	return p.send(ctx)
}

// isCommon reports whether an item is for the common channel.
func (p *publisher) isCommon(it item) bool {
	return p.cfg.Common != "" && it.stamp.channel == len(p.channels)-1
}

// answeredAll returns when no request is under way.
func (p *publisher) answeredAll() error {
	if p.aside == nil {
		return nil
	}
	return p.aside.wait()
}

// send publishes the batch.
func (p *publisher) send(ctx context.Context) error {
	for rest := p.batch; len(rest) > 0; {
		path, single := p.dialect.target(rest)
		part := rest
		if single {
			part = rest[:1]
		}
		p.body = p.dialect.append(p.body[:0], part)
		start := time.Now()
		if err := p.poster.post(ctx, path, p.body); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		p.answered(part, time.Since(start))
		rest = rest[len(part):]
	}
	return nil
}

func (p *publisher) nextItem(at time.Duration) item {
	channel := p.nextChannel()
	st := stamp{p.run, channel, p.published[channel], at}
	p.published[channel]++
	p.items++
	return item{p.channels[channel], st, p.cfg.Payload, p.cfg.Replay > 0}
}

func (p *publisher) nextChannel() int {
	if p.cfg.Common == "" {
		return p.items % len(p.channels)
	}
	others := len(p.channels) - 1
	if p.items%commonEvery == 0 {
		return others
	}
	return (p.items - p.items/commonEvery - 1) % others
}

// answered counts one request.
func (p *publisher) answered(items []item, took time.Duration) {
	p.requests.add(took)
	if p.cfg.Common != "" && !p.isCommon(items[0]) {
		p.own.add(p.clock.now() - items[0].stamp.sent)
	}
}

// close ends the connections to the server.
func (p *publisher) close() {
	p.poster.close()
	if p.aside != nil {
		p.aside.busy.Wait()
		p.aside.poster.close()
	}
}
