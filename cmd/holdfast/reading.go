package main

import (
	"crypto/sha256"
	"maps"
	"os"
	"slices"

	"github.com/holdfast-proxy/holdfast/internal/config"
	"github.com/holdfast-proxy/holdfast/internal/reload"
)

// reading is a configuration that was read, and what was in its files then.
type reading struct {
	sources config.Sources
	cfg     config.Config
	sums    map[string][sha256.Size]byte // by path; zero: the file could not be read
}

// files are those that the reading is of.
func (r reading) files() []string {
	var paths []string
	if r.sources.File != "" {
		paths = append(paths, r.sources.File)
	}
	return append(paths, filesOf(r.cfg)...)
}

// filesOf are the paths of the files that cfg names.
func filesOf(cfg config.Config) []string {
	var paths []string
	for _, file := range cfg.Files() {
		paths = append(paths, file.Path)
	}
	return paths
}

// sum returns r with the sums of its files, of those that have none yet.
func (r reading) sum() reading {
	known := r.sums
	r.sums = map[string][sha256.Size]byte{}
	for _, path := range r.files() {
		sum, ok := known[path]
		if text, err := os.ReadFile(path); !ok && err == nil {
			sum = sha256.Sum256(text)
		}
		r.sums[path] = sum
	}
	return r
}

// again reads the sources once more. The files of r are summed before they are read:
// whatever is written meanwhile has another sum the next time. With an error, which
// joins one for every problem, the reading is of what could be understood.
func (r reading) again() (reading, error) {
	before := reading{sources: r.sources, cfg: r.cfg}.sum()
	cfg, _, err := read(r.sources)
	return reading{sources: r.sources, cfg: cfg, sums: before.sums}.sum(), err
}

// same reports whether the files of both say the same.
func (r reading) same(as reading) bool { return maps.Equal(r.sums, as.sums) }

// changes returns the keys that are others in next, or whose files say something else.
func (r reading) changes(next reading) (out reload.Outcome) {
	note := func(key string, restart bool) {
		if restart {
			out.Restart = append(out.Restart, key)
		} else {
			out.Changed = append(out.Changed, key)
		}
	}
	keys := r.cfg.Changes(next.cfg)
	for _, key := range keys {
		note(key, config.NeedsRestart(key))
	}
	for _, file := range next.cfg.Files() {
		if r.sums[file.Path] != next.sums[file.Path] && !slices.Contains(keys, file.Key) {
			keys = append(keys, file.Key)
			note(file.Key, config.FileNeedsRestart(file.Key))
		}
	}
	return out
}

// keeping returns r with what running has for the keys given.
func (r reading) keeping(running reading, keys []string) reading {
	r.cfg = r.cfg.Keeping(running.cfg, keys)
	sums := maps.Clone(r.sums)
	for _, file := range r.cfg.Files() {
		if slices.Contains(keys, file.Key) {
			sums[file.Path] = running.sums[file.Path]
		}
	}
	r.sums = sums
	return r
}
