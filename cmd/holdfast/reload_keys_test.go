package main

import (
	"cmp"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/config"
)

// settingsIn calls f for every setting in a section; a list is one.
func settingsIn(section reflect.Value, key string, f func(key string, v reflect.Value)) {
	for field, v := range section.Fields() {
		name := strings.TrimPrefix(key+"."+field.Tag.Get("mapstructure"), ".")
		if v.Kind() == reflect.Struct {
			settingsIn(v, name, f)
		} else {
			f(name, v)
		}
	}
}

// TestWhatHoldsUntilARestartIsTold goes over every key.
func TestWhatHoldsUntilARestartIsTold(t *testing.T) {
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "| holds until the process ends |")
	if table, _, _ = strings.Cut(table, "\n\n"); !found {
		t.Fatal("operations.md has no table of what holds until the process ends")
	}
	var keys, but []string
	code := regexp.MustCompile("`([a-z0-9_.]+)`")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		for i, into := range []*[]string{&keys, &but} {
			for i < len(cells)-2 && code.MatchString(cells[i+1]) {
				m := code.FindStringSubmatch(cells[i+1])
				*into, cells[i+1] = append(*into, m[1]), strings.Replace(cells[i+1], m[0], "", 1)
			}
		}
	}
	told := func(key string, in []string) bool {
		return slices.ContainsFunc(in, func(k string) bool { return key == k || strings.HasPrefix(key, k+".") })
	}
	settingsIn(reflect.ValueOf(config.Config{}), "", func(key string, _ reflect.Value) {
		if told := told(key, keys) && !told(key, but); told != config.NeedsRestart(key) {
			t.Errorf("%s: that it needs a restart is %v, and operations.md says %v", key, config.NeedsRestart(key), told)
		}
	})
}

// other changes a setting into something else, which need not make sense.
func other(v reflect.Value) {
	known := map[reflect.Type]string{
		reflect.TypeFor[config.LogLevel](): string(config.LogDebug), reflect.TypeFor[config.KeepAliveMode](): string(config.KeepAliveInterval),
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(cmp.Or(known[v.Type()], v.String()+"x"))
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Slice:
		v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	default:
		v.SetInt(v.Int() + int64(time.Second))
	}
}

// appliedOf is what node.take makes of a configuration, errors included.
func appliedOf(n *node, cfg config.Config) any {
	o, err := proxyOptions(cfg)
	checker, accessErr := controlAccess(cfg.Control, nil)
	_, tlsErr := n.tls.prepare(cfg, o.Routes)
	open := checker.Open()
	return []any{
		o, err, wireOptions(cfg), open, accessErr, tlsErr,
		cfg.Control.FastlyServices, cfg.Control.MaxBody, cfg.Control.Pprof, // controlHandler
		maxStreams(cfg.MaxStreams, 1<<40), cfg.Reload.Watch, cfg.Drain, level(cfg.Log.Level),
	}
}

// TestEverySettingThatNeedsNoRestartIsTakenOver goes over every key, those of routes too.
func TestEverySettingThatNeedsNoRestartIsTakenOver(t *testing.T) {
	store, err := newMaterial(config.Config{}, nil, prometheus.NewRegistry(), zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	n := &node{tls: store}
	with := func(edit func(*config.Config)) any {
		cfg, route := config.Default(), config.DefaultRoute()
		route.Name, route.Origins, route.Tokens.Keys = "r", []string{"https://origin.example"}, []string{tokenSecret}
		route.CORS.Origins = []string{"https://app.example"}
		cfg.Routes, cfg.GRIP.SigKey = []config.Route{route}, "secret"
		edit(&cfg)
		return appliedOf(n, cfg)
	}
	unchanged := with(func(*config.Config) {})
	if !reflect.DeepEqual(unchanged, with(func(*config.Config) {})) {
		t.Fatal("the same settings are not the same")
	}
	check := func(key string, edit func(*config.Config)) {
		if reflect.DeepEqual(unchanged, with(edit)) {
			t.Errorf("%s makes no difference", key)
		}
	}
	at := func(in reflect.Value, wanted string) (found reflect.Value) {
		settingsIn(in, "", func(key string, v reflect.Value) {
			if key == wanted {
				found = v
			}
		})
		return found
	}
	settingsIn(reflect.ValueOf(config.Config{}), "", func(key string, _ reflect.Value) {
		if !config.NeedsRestart(key) {
			check(key, func(c *config.Config) { other(at(reflect.ValueOf(c).Elem(), key)) })
		}
	})
	settingsIn(reflect.ValueOf(config.Route{}), "", func(key string, _ reflect.Value) {
		if !slices.Contains([]string{"tokens.jwks_refresh", "tokens.jwks_cooldown"}, key) { // they are for jwks alone
			check("routes[]."+key, func(c *config.Config) { other(at(reflect.ValueOf(&c.Routes[0]).Elem(), key)) })
		}
	})
}
