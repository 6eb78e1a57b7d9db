package channels

import (
	"fmt"
	"slices"
	"strings"
)

// Pattern names channels: a name stands for its channel, what ends in * for all
// channels whose names begin with what is before it, and * alone for all.
//
// There is no more to it on purpose. Patterns say what somebody may, so they must
// be read at a glance: nobody has to know whether * ends at a dot, or what a
// channel could be called to slip through. And a page of the channels that a
// prefix names can be made without trying an expression on each.
type Pattern string

// wild stands at the end of a pattern for whatever follows.
const wild = "*"

// ParsePattern makes a pattern of text. The error is a *NameError. A channel that
// has a * in its name can only be named by what is before it.
func ParsePattern(text string) (Pattern, error) {
	name, open := strings.CutSuffix(text, wild)
	switch {
	case strings.Contains(name, wild):
		return "", &NameError{text, fmt.Sprintf("has a %s that is not at its end", wild)}
	case open && name == "":
		return Pattern(text), nil
	}
	return Pattern(text), CheckName(name)
}

// Match reports whether p names the channel.
func (p Pattern) Match(name string) bool {
	if start, open := strings.CutSuffix(string(p), wild); open {
		return strings.HasPrefix(name, start)
	}
	return string(p) == name
}

// Patterns name the channels that at least one of them names. Without any, they
// are no bound: every channel is meant.
type Patterns []Pattern

// Match reports whether ps name the channel.
func (ps Patterns) Match(name string) bool {
	return len(ps) == 0 || slices.ContainsFunc(ps, func(p Pattern) bool { return p.Match(name) })
}

// All reports whether ps name every channel.
func (ps Patterns) All() bool { return len(ps) == 0 || slices.Contains(ps, wild) }

// ParsePatterns makes a pattern of each text. The error is a *NameError.
func ParsePatterns(texts []string) (Patterns, error) {
	ps := make(Patterns, len(texts))
	for i, text := range texts {
		var err error
		if ps[i], err = ParsePattern(text); err != nil {
			return nil, err
		}
	}
	return ps, nil
}
