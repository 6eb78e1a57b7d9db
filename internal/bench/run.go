package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Run measures and writes the report to out, as a table or as JSON. It blocks
// for as long as the run takes. The error is one of the configuration, the
// reason why nothing could be measured, or that of ctx or out.
func Run(ctx context.Context, cfg Config, out io.Writer) error {
	report, err := Measure(ctx, cfg)
	if err != nil {
		return err
	}
	if cfg.JSON {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		return enc.Encode(report)
	}
	return report.WriteTable(out)
}

// Measure does a run and returns what came of it. All its connections are
// closed, and its goroutines gone, when it returns.
func Measure(ctx context.Context, cfg Config) (*Report, error) {
	if err := errors.Join(cfg.Validate(), checkDescriptors(cfg.Streams)); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	r := &run{fleet: newFleet(cfg), report: &Report{URL: cfg.URL, Streams: cfg.Streams}}
	defer r.fleet.close()
	for _, phase := range []func(context.Context) error{r.sampleBefore, r.connect, r.publish} {
		if err := phase(ctx); err != nil {
			return nil, fmt.Errorf("bench: %w", err)
		}
	}
	return r.report, nil
}

// run is a run under way.
type run struct {
	fleet  *fleet
	report *Report
	before usage // of the server, before the streams; zero without cfg.PID
	idle   usage // with all of them open
}

func (r *run) sampleBefore(context.Context) (err error) {
	r.before, err = sample(r.fleet.cfg.PID)
	return err
}

// connect opens the streams. It is an error if none opens.
func (r *run) connect(ctx context.Context) error {
	f, start := r.fleet, time.Now()
	f.connectAll(ctx)
	took := time.Since(start)
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if len(f.streams) == 0 {
		return fmt.Errorf("no stream could be opened: %s", list(f.failures))
	}
	r.report.Connect = f.connectReport(took)
	var err error
	r.idle, err = sample(f.cfg.PID)
	r.report.Server = connectUse(f.cfg.PID, r.before, r.idle, len(f.streams))
	return err
}

// publish publishes, waits for what is due and counts.
func (r *run) publish(ctx context.Context) error {
	f := r.fleet
	if f.cfg.ControlURL == "" {
		return nil
	}
	p := newPublisher(f)
	if err := p.publishAll(ctx); err != nil {
		return err
	}
	var due int64
	for _, s := range f.streams {
		due += int64(p.published(s.channel))
	}
	if err := f.await(ctx, due); err != nil {
		return err
	}
	after, err := sample(f.cfg.PID)
	f.close()
	r.report.Publish = p.report()
	r.report.Deliver = f.deliverReport(p, due)
	r.report.Server.addDeliveries(r.idle, after, r.report.Deliver.Delivered)
	return err
}
