package compare

import (
	"fmt"
	"strings"

	"github.com/holdfast-proxy/holdfast/internal/bench"
)

// command is how to make the same load with holdfast bench: the scenario, and what
// differs from its defaults.
func (c Case) command() string {
	cfg, defaults := c.config(), c.defaults()
	line := []string{"holdfast bench", c.scenario}
	if c.tls {
		line = append(line, "--url https://… --insecure")
	}
	differs := func(flag string, is, was any) {
		if is != was {
			line = append(line, fmt.Sprintf("--%s %v", flag, is))
		}
	}
	differs("streams", cfg.Streams, defaults.Streams)
	differs("http2", cfg.HTTP2, defaults.HTTP2)
	differs("idle-channels", cfg.IdleChannels, defaults.IdleChannels)
	differs("idle-settle", cfg.IdleSettle, defaults.IdleSettle)
	differs("gap", cfg.Gap, defaults.Gap)
	differs("rate", cfg.Rate, defaults.Rate)
	differs("duration", cfg.Duration, defaults.Duration)
	differs("items", cfg.Items, defaults.Items)
	differs("batch", cfg.Batch, defaults.Batch)
	differs("settle", cfg.Settle, defaults.Settle)
	if cfg.WarmUp {
		line = append(line, "--warm-up")
	}
	return strings.Join(line, " ")
}

// defaults returns the settings of the case's scenario.
func (c Case) defaults() bench.Config {
	for _, s := range bench.Scenarios() {
		if s.Name == c.scenario {
			return s.Config()
		}
	}
	panic("compare: no scenario " + c.scenario) // a test makes all
}

// config returns the case's settings, which still have to be pointed at a server.
func (c Case) config() bench.Config {
	cfg := c.defaults()
	cfg.WarmUp, cfg.Wait = true, patience
	if c.tls {
		cfg.URL, cfg.Insecure = strings.Replace(cfg.URL, "http:", "https:", 1), true
	}
	c.tune(&cfg)
	return cfg
}
