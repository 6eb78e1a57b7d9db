package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// item is what GRIP publishes: a channel and the content in one or more
// formats. Each held connection takes the format of its own kind.
type item struct {
	Channel string  `json:"channel"`
	ID      string  `json:"id,omitempty"`
	Formats formats `json:"formats"`
}

type formats struct {
	Stream   *streamFormat   `json:"http-stream,omitempty"`
	Response *responseFormat `json:"http-response,omitempty"`
}

// streamFormat is bytes to append to held streams, or an action.
type streamFormat struct {
	Action  string `json:"action,omitempty"`
	Content string `json:"content,omitempty"`
}

// responseFormat is an answer to held long polls. What it leaves out is taken
// from the answer that the origin gave with the hold.
type responseFormat struct {
	Body string `json:"body"`
}

// publisher is a client of the control endpoint: one POST, nothing more.
type publisher struct {
	url    string
	token  string
	client *http.Client
}

func newPublisher(controlURL, token string) publisher {
	return publisher{
		url:    strings.TrimSuffix(controlURL, "/") + "/publish/",
		token:  token,
		client: &http.Client{Timeout: 5 * time.Second},
	}
}

// publish returns when Holdfast has put all items into their channels, or none
// of them with the reason. It does not wait for anybody to receive them.
func (p publisher) publish(ctx context.Context, items ...item) error {
	body, err := json.Marshal(map[string][]item{"items": items})
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	defer resp.Body.Close()
	return published(resp)
}

// published turns the control endpoint's answer into an error, unless it is
// the good one. It reads the body in both cases, so that the connection can be
// used again.
func published(resp *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("publish: %s: %s", resp.Status, bytes.TrimSpace(text))
	}
	return nil
}
