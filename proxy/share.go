package proxy

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/quota"
)

// share is what one held response has of the quotas, until giveBack. Its methods may
// be called from any goroutine, and also on nil, which has no share because there are
// no quotas.
type share struct {
	of *quotas // fixed

	mu       sync.Mutex // only counting is done while it is held
	located  bool
	address  netip.Addr // counted if located
	user     string     // counted unless empty
	channels []string   // counted, each once
	over     bool       // nothing is counted any more
}

var errUserFull = errors.New("the user has as many as it may have (limits.streams_per_user)")

// locate counts the response for its client's address.
func (s *share) locate(a netip.Addr) *failure {
	s.mu.Lock()
	defer s.mu.Unlock()
	a = quota.Client(a)
	if !s.of.addresses.Take(a) {
		return tooManyOfAddress(a)
	}
	s.located, s.address = true, a
	return nil
}

// become counts the response for a user, and no more for who it was of before. If
// there is no place for it, nothing changes. Empty: nobody in particular.
func (s *share) become(user string) *failure {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over || user == s.user {
		return nil
	}
	if user != "" && !s.of.users.Take(user) {
		return &failure{TooManyOfUser, errUserFull}
	}
	s.leaveUserLocked()
	s.user = user
	return nil
}

// note counts the response for a user, if that is what a meta tells.
func (s *share) note(meta, value string) *failure {
	if meta != hold.MetaUser {
		return nil
	}
	return s.become(value)
}

func (s *share) leaveUserLocked() {
	if s.user != "" {
		s.of.users.Give(s.user)
	}
}

// join counts the response for more channels, for all of them or for none.
func (s *share) join(names ...string) *failure {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return nil
	}
	before := len(s.channels)
	for _, name := range names {
		switch {
		case slices.Contains(s.channels, name):
		case s.of.channels.Take(name):
			s.channels = append(s.channels, name)
		default:
			for _, taken := range s.channels[before:] {
				s.of.channels.Give(taken)
			}
			s.channels = s.channels[:before]
			return &failure{TooManyOfChannel, fmt.Errorf("channel %q has as many as it may have (limits.streams_per_channel)", name)}
		}
	}
	return nil
}

// leave counts the response no more for a channel. It is no mistake if it was not.
func (s *share) leave(name string) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.channels, name); i >= 0 {
		s.of.channels.Give(name)
		s.channels = slices.Delete(s.channels, i, i+1)
	}
}

// follow counts the response for the channels of another instruction, in the place of
// those before. What is held already is not ended for a limit, so this goes beyond it
// where it must.
func (s *share) follow(rt *route, in *grip.Instruction) {
	if s == nil {
		return
	}
	names := (&exchange{route: rt}).followed(in)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	for _, name := range names {
		s.of.channels.Add(name)
	}
	s.leaveChannelsLocked()
	s.channels = names
}

func (s *share) leaveChannelsLocked() {
	for _, name := range s.channels {
		s.of.channels.Give(name)
	}
}

// giveBack counts the response no more. All calls but the first do nothing.
func (s *share) giveBack() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return
	}
	s.over = true
	if s.located {
		s.of.addresses.Give(s.address)
	}
	s.leaveUserLocked()
	s.leaveChannelsLocked()
	s.user, s.channels = "", nil
}
