package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Reload is the section reload.
type Reload struct {
	// How often to look whether this file has changed, or one that it names
	// (file:PATH, certificates), to take the change over. 0s: never; a
	// SIGHUP or POST /reload at the control endpoint does it as well.
	Watch time.Duration `mapstructure:"watch"`
}

// minWatch is how often files can be looked at without being in anybody's way.
const minWatch = 100 * time.Millisecond

func (p *problems) checkReload(r Reload) {
	if 0 < r.Watch && r.Watch < minWatch {
		p.add("reload.watch", r.Watch.String()+" is too often", fmt.Sprintf("write %v or more, or 0s for never", minWatch))
	}
}

// taken are the keys, and the sections, that a process takes over when they change. All
// others hold until it ends.
func taken() []string {
	return []string{
		"origin", "routes", "max_streams", "max_channels_per_stream", "trusted_proxies",
		"server.max_body", "server.body_timeout", "server.body_rate",
		"limits.origin_requests", "limits.new_streams", "limits.new_streams_burst", "limits.queue", "limits.queue_wait",
		"limits.streams_per_address", "limits.streams_per_user", "limits.streams_per_channel",
		"tls.certificates", "control.tokens", "control.access", "control.keys", "control.fastly_services", "control.max_body", "control.pprof",
		"grip", "resume", "gap", "recovery", "reload", "drain", "log.level",
	}
}

// NeedsRestart reports whether a change of key, as Changes gives it, holds only when
// the process is started again.
func NeedsRestart(key string) bool {
	return !slices.ContainsFunc(taken(), func(section string) bool { return within(key, section) })
}

// FileNeedsRestart is NeedsRestart for a change of the file that key names. What is
// shown at the control endpoint is kept current, though its name holds.
func FileNeedsRestart(key string) bool { return NeedsRestart(key) && !within(key, "control.tls") }

// Changes returns the keys whose values are others in next. A list is one key.
func (c Config) Changes(next Config) []string {
	was, is := reflect.ValueOf(c), reflect.ValueOf(next)
	var keys []string
	leaves(was.Type(), "", func(key string, _ reflect.Type) {
		if !reflect.DeepEqual(at(was, key).Interface(), at(is, key).Interface()) {
			keys = append(keys, key)
		}
	})
	return keys
}

// Keeping returns c with the values of running for the keys given.
func (c Config) Keeping(running Config, keys []string) Config {
	kept, from := reflect.ValueOf(&c).Elem(), reflect.ValueOf(running)
	for _, key := range keys {
		at(kept, key).Set(at(from, key))
	}
	return c
}

// at returns what a section has for a key of its own or of a section in it.
func at(section reflect.Value, key string) reflect.Value {
	for part := range strings.SplitSeq(key, ".") {
		section = section.FieldByIndex(fieldNamed(section.Type(), part).Index)
	}
	return section
}

func fieldNamed(section reflect.Type, key string) reflect.StructField {
	for f := range section.Fields() {
		if name(f) == key {
			return f
		}
	}
	panic("config: no key " + key) // keys come from leaves
}
