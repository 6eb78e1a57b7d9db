package proxy

import (
	"fmt"
	"slices"

	"github.com/holdfast-proxy/holdfast/channels"
)

// ChannelPolicy says which channels a route's clients may have, by whole names. The
// zero value allows all. It is for what is said on the way, by origins and in tokens;
// a route's own channels (Route.Subscribe) are not looked at.
type ChannelPolicy struct {
	// Allow are patterns as channels.ParsePattern takes them. Empty: everything is
	// allowed.
	Allow []string
	// Deny are patterns of what is not allowed all the same.
	Deny []string
	// MaxLength bounds names in bytes. 0: no bound but channels.MaxName.
	MaxLength int
}

// Check returns why a channel may not be had, nil if it may. It says nothing about
// whether the name is one (channels.CheckName).
func (p *ChannelPolicy) Check(name string) error {
	switch {
	case p.MaxLength > 0 && len(name) > p.MaxLength:
		return fmt.Errorf("channel %q has %d bytes, at most %d are allowed (channels.max_length)", name, len(name), p.MaxLength)
	case matchesAny(p.Deny, name):
		return fmt.Errorf("channel %q is denied (channels.deny)", name)
	case len(p.Allow) > 0 && !matchesAny(p.Allow, name):
		return fmt.Errorf("channel %q is not allowed (channels.allow)", name)
	}
	return nil
}

// matchesAny reports whether one of the patterns is for name.
func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return channels.Pattern(p).Match(name) })
}
