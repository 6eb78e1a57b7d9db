package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// publisher publishes to the channels in turn: item k goes to channel k modulo
// their number.
type publisher struct {
	cfg      Config
	run      string
	began    time.Time
	url      string
	channels []string // as JSON strings
	client   *http.Client

	items    int
	requests histogram // time until the answer
	first    time.Duration
	took     time.Duration // from the first request to the last answer
}

func newPublisher(f *fleet) *publisher {
	p := &publisher{
		cfg:    f.cfg,
		run:    f.run,
		began:  f.began,
		url:    strings.TrimSuffix(f.cfg.ControlURL, "/") + "/publish/",
		client: &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{}},
	}
	for i := range f.cfg.channels() {
		name, err := json.Marshal(expand(f.cfg.Channel, i))
		if err != nil {
			panic(err) // no string is refused
		}
		p.channels = append(p.channels, string(name))
	}
	return p
}

// publishAll publishes for cfg.Duration. The first request that is not accepted
// ends it: what counts as missing would be a guess from there on.
func (p *publisher) publishAll(ctx context.Context) error {
	defer p.client.CloseIdleConnections()
	p.first = time.Since(p.began)
	defer func() { p.took = time.Since(p.began) - p.first }()
	var body []byte
	for n := 0; ; n++ {
		due := p.due(n)
		if due >= p.cfg.Duration {
			return nil
		}
		if err := sleep(ctx, due-(time.Since(p.began)-p.first)); err != nil {
			return err
		}
		body = p.appendBatch(body[:0])
		if err := p.post(ctx, body); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
	}
}

// due is when request n is to be made, counted from the first: by the schedule
// or, flat out, now.
func (p *publisher) due(n int) time.Duration {
	if p.cfg.Rate == 0 {
		return time.Since(p.began) - p.first
	}
	return time.Duration(float64(n) * float64(p.cfg.Batch) / p.cfg.Rate * float64(time.Second))
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

// appendBatch appends the body of the next request. Nothing in a stamp needs
// escaping in JSON.
func (p *publisher) appendBatch(dst []byte) []byte {
	now := time.Since(p.began)
	dst = append(dst, `{"items":[`...)
	for i := range p.cfg.Batch {
		if i > 0 {
			dst = append(dst, ',')
		}
		channel := p.items % len(p.channels)
		st := stamp{p.run, channel, p.items / len(p.channels), now}
		dst = append(dst, `{"channel":`...)
		dst = append(dst, p.channels[channel]...)
		dst = append(dst, `,"formats":{"http-stream":{"content":"data: `...)
		dst = st.appendTo(dst, p.cfg.Payload)
		dst = append(dst, `\n\n"}}}`...)
		p.items++
	}
	return append(dst, `]}`...)
}

func (p *publisher) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if p.cfg.Token != "" {
		req.Header.Set("Authorization", "Bearer "+p.cfg.Token)
	}
	start := time.Now()
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(answer))
	}
	p.requests.add(time.Since(start))
	return nil
}

// published returns how many items went to a channel.
func (p *publisher) published(channel int) int {
	n := p.items / len(p.channels)
	if channel < p.items%len(p.channels) {
		n++
	}
	return n
}
