package config

import (
	"cmp"
	"errors"
	"slices"
	"strings"
)

// KeyError is one thing that is wrong with a configuration.
type KeyError struct {
	// Key is the setting as it is written in the file, as in
	// routes[0].origins[1].
	Key string
	// Place is where it was set, zero if it was not set at all.
	Place Place
	// Problem says what is wrong, Remedy what to do about it.
	Problem, Remedy string

	// others are further keys that the problem comes from.
	others []string
}

// Error is one line: place, key, problem; remedy.
func (e *KeyError) Error() string {
	text := e.Key + ": " + e.Problem
	if place := e.Place.String(); place != "" {
		text = place + ": " + text
	}
	if e.Remedy != "" {
		text += "; " + e.Remedy
	}
	return text
}

// problems collects what is wrong.
type problems []*KeyError

func (p *problems) add(key, problem, remedy string) {
	*p = append(*p, &KeyError{Key: key, Problem: problem, Remedy: remedy})
}

// addAcross adds a problem of key that comes from its combination with others.
func (p *problems) addAcross(key string, others []string, problem, remedy string) {
	*p = append(*p, &KeyError{Key: key, Problem: problem, Remedy: remedy, others: others})
}

// merge adds those of more whose keys have no problem yet: what could not be
// read must not be judged as well.
func (p *problems) merge(more problems) {
	known := slices.Clone(*p)
	for _, e := range more {
		if !slices.ContainsFunc(known, func(k *KeyError) bool { return k.touches(e) }) {
			*p = append(*p, e)
		}
	}
}

// touches reports whether e is about a key that f is about, or about one above
// or below it.
func (e *KeyError) touches(f *KeyError) bool {
	return slices.ContainsFunc(append(f.others, f.Key), func(key string) bool {
		return within(e.Key, key) || within(key, e.Key)
	})
}

// within reports whether key is section or lies in it.
func within(key, section string) bool {
	rest, found := strings.CutPrefix(key, section)
	return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// err joins the problems, those in the file first, in the order of their places; nil
// if there are none.
func (p problems) err() error {
	slices.SortStableFunc(p, func(a, b *KeyError) int {
		return cmp.Or(
			cmp.Compare(min(b.Place.Line, 1), min(a.Place.Line, 1)),
			cmp.Compare(a.Place.Source, b.Place.Source),
			cmp.Compare(a.Place.Line, b.Place.Line),
			cmp.Compare(a.Key, b.Key),
		)
	})
	errs := make([]error, len(p))
	for i, e := range p {
		errs[i] = e
	}
	return errors.Join(errs...)
}
