package access

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/holdfast-proxy/holdfast/channels"
)

// The claims of a JWT that are read.
const (
	claimRights   = "rights"   // a list of rights; without it, all
	claimChannels = "channels" // a list of patterns; without it, every channel
	claimSubject  = "sub"      // what the bearer is called, else
	claimIssuer   = "iss"

	// These say that a token is meant for somebody else.
	claimAudience = "aud"  // RFC 7519 §4.1.3: who is not named must not take it
	claimClients  = "grip" // what a client's token lets it follow
)

const (
	// maxPatterns is how many channels or beginnings a JWT may name. Each item that
	// is published is compared with all of them.
	maxPatterns = 100
	// maxName is how much of a bearer's name is kept, in bytes.
	maxName = 64
)

// ParseClaims returns the terms of a JWT with these claims, a JSON object. The
// error says which claim cannot be understood.
func ParseClaims(object []byte) (Terms, error) {
	// Names of claims are case-sensitive (RFC 7519 §4), which the fields of a
	// struct are not.
	var claims map[string]json.RawMessage
	if err := json.Unmarshal(object, &claims); err != nil || claims == nil {
		return Terms{}, errors.New("the claims are no JSON object")
	}
	if err := forUs(claims); err != nil {
		return Terms{}, err
	}
	t := Terms{Name: bearer(claims), Rights: All}
	rights, bound := claims[claimRights]
	if bound {
		names, err := list(claimRights, rights)
		if err != nil {
			return Terms{}, err
		}
		if t.Rights, err = ParseRights(names); err != nil {
			return Terms{}, fmt.Errorf("the claim %q: %w", claimRights, err)
		}
	}
	patterns, has := claims[claimChannels]
	if !has {
		return t, nil
	}
	var err error
	t.Channels, err = claimedChannels(patterns)
	return t, err
}

// forUs reports why a token is not one for publishers and operators. What means
// everything where it says nothing must not be what was made for something else.
func forUs(claims map[string]json.RawMessage) error {
	for _, claim := range []string{claimAudience, claimClients} {
		if _, has := claims[claim]; has {
			return fmt.Errorf("the claim %q says that it is for somebody else", claim)
		}
	}
	_, bound := claims[claimChannels]
	if _, has := claims[claimRights]; bound && !has {
		return fmt.Errorf("the claim %q stands without %q", claimChannels, claimRights)
	}
	return nil
}

// claimedChannels reads the claim channels.
func claimedChannels(claim json.RawMessage) (channels.Patterns, error) {
	texts, err := list(claimChannels, claim)
	switch {
	case err != nil:
		return nil, err
	case len(texts) == 0: // which would be no bound
		return nil, fmt.Errorf("the claim %q names no channel", claimChannels)
	case len(texts) > maxPatterns:
		return nil, fmt.Errorf("the claim %q names %d channels, and %d are allowed", claimChannels, len(texts), maxPatterns)
	}
	patterns, err := channels.ParsePatterns(texts)
	if err != nil {
		return nil, fmt.Errorf("the claim %q: %w", claimChannels, err)
	}
	return patterns, nil
}

// list reads a claim that is a list of texts.
func list(name string, claim json.RawMessage) ([]string, error) {
	var texts []*string // a null in the list is not an empty text
	if err := json.Unmarshal(claim, &texts); err != nil || texts == nil {
		return nil, fmt.Errorf("the claim %q is no list of texts", name)
	}
	all := make([]string, len(texts))
	for i, text := range texts {
		if text == nil {
			return nil, fmt.Errorf("the claim %q is no list of texts", name)
		}
		all[i] = *text
	}
	return all, nil
}

// bearer is what a JWT calls its bearer: its subject, or who has issued it.
func bearer(claims map[string]json.RawMessage) string {
	for _, claim := range []string{claimSubject, claimIssuer} {
		var name string
		if json.Unmarshal(claims[claim], &name) == nil && name != "" {
			return cut(name, maxName)
		}
	}
	return ""
}

// cut returns at most n bytes of text, in whole characters.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
