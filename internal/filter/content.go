package filter

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

var (
	errOtherFilters = errors.New("the item is for streams with other content filters")
	errNoIDs        = errors.New("%I has no id before the first message; write %(ID)I")
)

// RewriteStream returns the content that a stream gets of e, and reports false if
// it gets none. Takes has been asked about e before. The content is not changed.
func (s *Set) RewriteStream(e *channels.Entry, content []byte) ([]byte, bool) {
	meta := wire.MetaOf(e)
	return s.suited(s.of(e), meta.Stream, content)
}

// SuitsResponse reports whether a published response is for the content filters that
// the client's channel has. Takes has been asked about e before. A Set that is nil
// has none.
func (s *Set) SuitsResponse(e *channels.Entry) bool {
	meta := wire.MetaOf(e)
	if s == nil {
		return len(meta.Response) == 0 || string(meta.Response) == wire.Needs([]string{})
	}
	return s.suits(s.of(e), meta.Response)
}

// RewriteResponse is RewriteStream for the body of a published response. SuitsResponse
// has been asked about e before.
func (s *Set) RewriteResponse(e *channels.Entry, body []byte) ([]byte, bool) {
	if s == nil {
		return body, true
	}
	return s.rewrite(s.of(e), body)
}

// suited is rewrite for what may be for other content filters than the channel has.
func (s *Set) suited(c *channel, needs, content []byte) ([]byte, bool) {
	if !s.suits(c, needs) {
		return nil, false
	}
	return s.rewrite(c, content)
}

// suits compares the content filters that an item is for with those of a channel.
func (s *Set) suits(c *channel, needs []byte) bool {
	if len(needs) > 0 && string(needs) != c.needs {
		s.route.failed(contentFilters, c.name, errOtherFilters)
		return false
	}
	return true
}

// rewrite applies the content filters of a channel, in order.
func (s *Set) rewrite(c *channel, content []byte) ([]byte, bool) {
	for _, filter := range c.content {
		out, err := expand(nil, content, s.values(filter, s.latest))
		if err != nil {
			s.route.failed(filter, c.name, err)
			return nil, false
		}
		content = out
	}
	return content, true
}

// Initial returns the body that the origin's response itself has for the client:
// GRIP has build-id applied to it if any channel names it. The error is for the
// origin.
func (s *Set) Initial(body []byte) ([]byte, error) {
	out, err := expand(nil, body, s.values(grip.BuildID, func() (string, error) { return "", errNoIDs }))
	if err != nil {
		return nil, fmt.Errorf("filter %s: initial body: %w", grip.BuildID, err)
	}
	return out, nil
}

// BuildsIDs reports whether the response's own body must pass Initial.
func (s *Set) BuildsIDs() bool {
	if !s.Rewrites() {
		return false
	}
	for i := range s.channels {
		for _, filter := range s.channels[i].content {
			if filter == grip.BuildID {
				return true
			}
		}
	}
	return false
}

// values is what a filter puts in the place of directives. id makes the id that
// stands for the place of the response.
func (s *Set) values(filter string, id func() (string, error)) func(directive) (string, error) {
	if filter == grip.VarSubst {
		return s.variable
	}
	return func(d directive) (text string, err error) {
		switch {
		case d.verb != 'I':
			return "", d.unknown()
		case d.hasArg:
			text = string(d.arg)
		default:
			if text, err = id(); err != nil {
				return "", err
			}
		}
		return s.encodeID(text)
	}
}

// variable is var-subst's: what the client's meta has.
func (s *Set) variable(d directive) (string, error) {
	if d.verb != 's' || !d.hasArg {
		return "", d.unknown()
	}
	value, ok := s.meta[string(d.arg)]
	if !ok {
		return "", fmt.Errorf("unknown variable %q", d.arg)
	}
	return value, nil
}

// latest is the id that stands for what the response has been given: id_format,
// with the id of each channel's last item.
func (s *Set) latest() (string, error) {
	format, ok := s.meta["id_format"]
	if !ok {
		return "", errors.New("the client's meta has no id_format")
	}
	id, err := expand(nil, []byte(format), s.lastID)
	if err != nil {
		return "", fmt.Errorf("id_format: %w", err)
	}
	return string(id), nil
}

func (s *Set) lastID(d directive) (string, error) {
	if d.verb != 's' || !d.hasArg {
		return "", d.unknown()
	}
	for i := range s.channels {
		if s.channels[i].name == string(d.arg) {
			return s.channels[i].last, nil
		}
	}
	return "", fmt.Errorf("no channel %q", d.arg)
}

// encodeID writes an id as the meta id_encoding says.
func (s *Set) encodeID(id string) (string, error) {
	switch encoding := s.meta["id_encoding"]; encoding {
	case "":
		return id, nil
	case "hex":
		return hex.EncodeToString([]byte(id)), nil
	default:
		return "", fmt.Errorf("unknown id_encoding %q", encoding)
	}
}
