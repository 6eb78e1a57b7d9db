package barred

import (
	"errors"
	"fmt"
	"slices"
)

// Bounds of what a rule may say.
const (
	MaxText = 1024 // bytes of each name and value
	MaxMeta = 16   // pairs
)

// Client is what is known of a client.
type Client struct {
	User    string
	TokenID string
	Meta    map[string]string
	Route   string
	// Channels are the names of those that it follows, or wants to.
	Channels []string
}

// Rule says who is meant. Fields that are empty say nothing.
type Rule struct {
	// User is the user's name.
	User string `json:"user,omitempty"`
	// TokenID is that of the token (jti) by which the client was let in.
	TokenID string `json:"token_id,omitempty"`
	// Channel is a channel that it follows.
	Channel string `json:"channel,omitempty"`
	// Route is the name of its route.
	Route string `json:"route,omitempty"`
	// Meta are pairs that are all among its own.
	Meta map[string]string `json:"meta,omitempty"`
}

// Check reports that the rule says nothing, or too much to be kept.
func (r *Rule) Check() error {
	if r.empty() {
		return errors.New("name at least one of user, token_id, channel, route or meta")
	}
	texts := []string{r.User, r.TokenID, r.Channel, r.Route}
	for name, value := range r.Meta {
		texts = append(texts, name, value)
	}
	if slices.ContainsFunc(texts, func(s string) bool { return len(s) > MaxText }) {
		return fmt.Errorf("each name and value may have %d bytes at most", MaxText)
	}
	if len(r.Meta) > MaxMeta {
		return fmt.Errorf("meta may have %d pairs at most", MaxMeta)
	}
	return nil
}

func (r *Rule) empty() bool {
	return r.User == "" && r.TokenID == "" && r.Channel == "" && r.Route == "" && len(r.Meta) == 0
}

// Means reports whether c is meant.
func (r *Rule) Means(c *Client) bool {
	return !r.empty() && r.MeansBut(c) && (r.Channel == "" || slices.Contains(c.Channels, r.Channel))
}

// MeansBut is Means without regard for channels.
func (r *Rule) MeansBut(c *Client) bool {
	if r.User != "" && r.User != c.User || r.TokenID != "" && r.TokenID != c.TokenID || r.Route != "" && r.Route != c.Route {
		return false
	}
	return r.metaIn(c.Meta)
}

// equal reports whether two rules say the same.
func (r *Rule) equal(o *Rule) bool {
	return r.User == o.User && r.TokenID == o.TokenID && r.Channel == o.Channel && r.Route == o.Route &&
		len(r.Meta) == len(o.Meta) && r.metaIn(o.Meta)
}

func (r *Rule) metaIn(meta map[string]string) bool {
	for name, value := range r.Meta {
		if got, ok := meta[name]; !ok || got != value {
			return false
		}
	}
	return true
}
