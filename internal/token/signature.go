package token

import (
	"context"
	"strings"
)

// signed is a token in three parts.
type signed struct {
	header    header
	content   string // what is signed: the first two parts
	claims    []byte
	signature []byte
}

func readSigned(text string, parts []string) (*signed, error) {
	s := new(signed)
	var err error
	if s.header, err = readHeader(parts[0]); err != nil {
		return nil, err
	}
	if s.claims, err = decode(parts[1]); err != nil {
		return nil, refused("has claims that are not base64url")
	}
	if s.signature, err = decode(parts[2]); err != nil {
		return nil, refused("has a signature that is not base64url")
	}
	s.content = text[:strings.LastIndexByte(text, '.')]
	return s, nil
}

// by reports whether one of the keys has signed s, and whether any is for the
// algorithm that s names.
func (s *signed) by(keys []Key) (ok, fits bool) {
	for i := range keys {
		k := &keys[i]
		if k.Algorithm() != s.header.Alg {
			continue
		}
		fits = true
		if k.method.Verify(s.content, s.signature, k.public) == nil {
			return true, true
		}
	}
	return false, fits
}

// checkSignature returns the claims of a token that one of v's keys has signed.
func (v *Verifier) checkSignature(ctx context.Context, text string, parts []string) ([]byte, error) {
	s, err := readSigned(text, parts)
	if err != nil {
		return nil, err
	}
	ok, fits := s.by(v.keys)
	if !ok && v.set != nil {
		published, err := v.set.find(ctx, s.header.Kid)
		if err != nil {
			return nil, err
		}
		var fitsToo bool
		ok, fitsToo = s.by(published)
		fits = fits || fitsToo
	}
	switch {
	case ok:
		return s.claims, nil
	case fits:
		return nil, refused("is not signed with any of the keys")
	}
	return nil, refused("is not signed with an algorithm that one of the keys is for, or names a key that is not among them")
}
