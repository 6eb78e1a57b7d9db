package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/holdfast-proxy/holdfast/internal/config"
)

// items is a request to publish (GRIP: control endpoint).
type items struct {
	Items []item `json:"items"`
}

type item struct {
	Channel string  `json:"channel"`
	ID      string  `json:"id,omitempty"`
	Formats formats `json:"formats"`
}

type formats struct {
	SSE event `json:"sse"`
}

type event struct {
	Event string `json:"event,omitempty"`
	ID    string `json:"id,omitempty"`
	Data  string `json:"data"`
}

// body returns the request's body. It reads stdin only if the command line
// leaves the content to it.
func (p *publication) body(args []string, stdin io.Reader) ([]byte, error) {
	if p.item != "" {
		return p.itemBody(stdin)
	}
	var data string
	if len(args) == 2 {
		data = args[1]
	} else {
		text, err := io.ReadAll(stdin)
		if err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
		data = strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	}
	if !utf8.ValidString(data) {
		return nil, errors.New("the data is not UTF-8, which events cannot carry")
	}
	return json.Marshal(items{[]item{{
		Channel: args[0],
		ID:      p.id,
		Formats: formats{SSE: event{Event: p.event, ID: p.id, Data: data}},
	}}})
}

// itemBody wraps a single item into a list.
func (p *publication) itemBody(stdin io.Reader) ([]byte, error) {
	text := []byte(p.item)
	if p.item == "-" {
		var err error
		if text, err = io.ReadAll(stdin); err != nil {
			return nil, fmt.Errorf("read standard input: %w", err)
		}
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("the item is not a JSON object: %w", err)
	}
	if _, ok := fields["items"]; ok {
		return text, nil
	}
	return json.Marshal(map[string]any{"items": []json.RawMessage{text}})
}

// send posts the body and returns the answer. A refusal is an error with the
// endpoint's own words.
func (p *publication) send(ctx context.Context, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	base := cmp.Or(p.url, os.Getenv("HOLDFAST_URL"), defaultURL())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(base, "/")+"/publish/", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "text/plain")
	if p.json {
		request.Header.Set("Accept", "application/json")
	}
	if token := cmp.Or(p.token, os.Getenv("HOLDFAST_TOKEN")); token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answer, err := exchange(request)
	var failed *net.OpError
	if errors.As(err, &failed) && failed.Op == "dial" {
		err = fmt.Errorf("%w; start 'holdfast serve', or name its control endpoint by --url or HOLDFAST_URL", err)
	}
	return answer, err
}

// defaultURL is where a control endpoint without settings is.
func defaultURL() string { return "http://" + config.Default().Control.Listen[0] }

// exchange sends a request on a connection of its own. It follows no redirect:
// the token is for one endpoint.
func exchange(request *http.Request) ([]byte, error) {
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	client := http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	const most = 1 << 20 // an answer is a line or a small object
	answer, err := io.ReadAll(io.LimitReader(response.Body, most))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("refused with %s: %s", response.Status, bytes.TrimSpace(answer))
	}
	return answer, nil
}
