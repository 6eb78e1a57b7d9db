package bench

import (
	"context"
	"fmt"
)

// look is the server at a moment. Looking costs the server something itself, so
// what came before counts until one usage, and what comes next from another.
type look struct {
	until, from usage
	runtime     runtimeUse // zero without Config.MetricsURL
}

// look looks at the server.
func (c Config) look(ctx context.Context) (look, error) {
	var l look
	var err error
	if l.until, err = sample(c.PIDs); err != nil {
		return l, err
	}
	l.from = l.until
	if c.MetricsURL == "" {
		return l, nil
	}
	if l.runtime, err = askRuntime(ctx, c.MetricsURL, c.Token); err != nil {
		return l, fmt.Errorf("metrics: %w", err)
	}
	l.from, err = sample(c.PIDs)
	return l, err
}
