package main

import (
	"fmt"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/control/access"
	"github.com/holdfast-proxy/holdfast/internal/config"
)

// controlAccess knows who may do what at the control endpoint, and takes the place of
// before, which may be nil. It reads the files that tokens and keys are in.
func controlAccess(c config.Control, before *access.Checker) (*access.Checker, error) {
	o := access.Options{Before: before}
	texts, err := c.ReadTokens()
	if err != nil {
		return nil, err
	}
	o.Tokens = granted(nil, access.Everything("control.tokens"), texts)
	for i, a := range c.Access {
		if texts, err = a.ReadTokens(); err != nil {
			return nil, err
		}
		terms, err := terms(a)
		if err != nil {
			return nil, fmt.Errorf("control.access[%d]: %w", i, err)
		}
		o.Tokens = granted(o.Tokens, access.NewGrant(terms), texts)
	}
	if o.Verifier, err = publishers(c); err != nil {
		return nil, err
	}
	checker, err := access.New(o)
	if err != nil {
		return nil, fmt.Errorf("control.access: %w", err)
	}
	return checker, nil
}

// granted adds tokens that have the same grant.
func granted(all []access.Token, g *access.Grant, texts []string) []access.Token {
	for _, text := range texts {
		all = append(all, access.Token{Text: text, Grant: g})
	}
	return all
}

// terms are what an element of control.access grants.
func terms(a config.Access) (access.Terms, error) {
	t := access.Terms{Name: a.Name, PerSecond: a.Rate, Burst: a.Burst}
	for _, name := range a.Rights {
		right, err := access.ParseRight(string(name))
		if err != nil {
			return t, err
		}
		t.Rights |= right
	}
	var err error
	t.Channels, err = channels.ParsePatterns(a.Channels)
	return t, err
}
