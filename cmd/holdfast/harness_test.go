package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/holdfast-proxy/holdfast/internal/config"
)

// goodTime bounds what must happen, so that a failure is not a hang. Nothing
// is measured against it.
const goodTime = 60 * time.Second

// server is a node that serves in this process, on ports of its own.
type server struct {
	t testing.TB

	URL, secureURL, controlURL string
	address                    string // of URL
	token                      string // for the control endpoint; may be empty

	signal context.CancelFunc // what SIGTERM does
	ended  chan struct{}      // closed when run has returned
}

// startServer serves what the YAML file says until t ends. Unless the file
// speaks of draining, streams that are left then end at once. Whatever is
// logged as an error, or tells of a panic, fails the test.
func startServer(t testing.TB, file string) *server {
	t.Helper()
	return startLogging(t, file, alarm(t.Errorf))
}

// startLogging is startServer with a log of the caller's.
func startLogging(t testing.TB, file string, log *zap.Logger) *server {
	t.Helper()
	return runServer(t, nodeOf(t, file, log))
}

// nodeOf is the node that startLogging runs.
func nodeOf(t testing.TB, file string, log *zap.Logger) *node {
	t.Helper()
	if !strings.Contains(file, "drain:") {
		file += "\ndrain: {window: 0s}\n"
	}
	free := []any{"127.0.0.1:0"}
	sources := config.Sources{File: writeFile(t, "holdfast.yaml", file), Flags: []config.Flag{
		{Key: "listen", Name: "--listen", Value: free},
		{Key: "control.listen", Name: "--control-listen", Value: free},
	}}
	cfg, _, err := config.Load(sources)
	if err != nil {
		t.Fatal(err)
	}
	n, err := newNode(cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// runServer runs n until t ends.
func runServer(t testing.TB, n *node) *server {
	ctx, cancel := context.WithCancel(context.Background())
	at := addresses(n.clients.Addrs())
	s := &server{t: t, URL: "http://" + at[0], address: at[0], controlURL: "http://" + n.controlAddrs()[0],
		signal: cancel, ended: make(chan struct{})}
	if len(at) > 1 {
		s.secureURL = "https://" + at[1]
	}
	go func() {
		defer close(s.ended)
		if err := n.run(ctx); err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-s.ended
	})
	return s
}

// alarm is a log that reports everything bad that is said to it.
func alarm(report func(format string, args ...any)) *zap.Logger {
	heard := zap.Hooks(func(e zapcore.Entry) error {
		if e.Level >= zap.ErrorLevel || strings.Contains(e.Message, "panic") {
			report("logged: %s %s %s", e.LoggerName, e.Level, e.Message)
		}
		return nil
	})
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	return zap.New(zapcore.NewCore(encoder, zapcore.AddSync(io.Discard), zap.DebugLevel), heard)
}

// publish posts items, each as JSON, and returns their positions; empty for
// those that have none.
func (s *server) publish(items ...string) []string {
	s.t.Helper()
	positions, err := s.tryPublish(items...)
	if err != nil {
		s.t.Fatal(err)
	}
	return positions
}

// tryPublish is publish for goroutines and for endpoints that may be gone.
func (s *server) tryPublish(items ...string) ([]string, error) {
	body := `{"items":[` + strings.Join(items, ",") + `]}`
	status, answer, err := s.control(http.MethodPost, "/publish/", body)
	if err != nil {
		return nil, err
	}
	var published struct{ Items []struct{ Position string } }
	if err := json.Unmarshal([]byte(answer), &published); err != nil || status != http.StatusOK {
		return nil, fmt.Errorf("publish: %d %s", status, answer)
	}
	positions := make([]string, len(published.Items))
	for i, item := range published.Items {
		positions[i] = item.Position
	}
	return positions, nil
}

// message is an item with an event for channel. id may be empty.
func message(channel, id, data string) string {
	return fmt.Sprintf(`{"channel":%q,"id":%q,"formats":{"sse":{"id":%[2]q,"data":%q}}}`, channel, id, data)
}

// control asks the control endpoint and returns its answer, JSON if it can.
func (s *server) control(method, path, body string) (int, string, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, s.controlURL+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Accept", "application/json, */*")
	if s.token != "" {
		request.Header.Set("Authorization", "Bearer "+s.token)
	}
	response, err := controlClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	return response.StatusCode, string(bytes.TrimSpace(answer)), err
}

// controlClient keeps no connections, which would look like leaks.
var controlClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: goodTime}

// ask is control where the test cannot go on without an answer.
func (s *server) ask(method, path string) (int, string) {
	s.t.Helper()
	status, answer, err := s.control(method, path, "")
	if err != nil {
		s.t.Fatal(err)
	}
	return status, answer
}

// metrics returns /metrics by name and labels, as they are written there.
func (s *server) metrics() map[string]float64 {
	s.t.Helper()
	_, text := s.ask(http.MethodGet, "/metrics")
	samples := map[string]float64{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "} ")
		if value != "" {
			name += "}"
		} else {
			name, value, _ = strings.Cut(strings.TrimSpace(line), " ")
		}
		if number, err := strconv.ParseFloat(value, 64); err == nil && !strings.HasPrefix(line, "#") {
			samples[name] = number
		}
	}
	return samples
}

// holds returns when so many streams are held.
func (s *server) holds(streams int) {
	s.t.Helper()
	eventually(s.t, fmt.Sprint(streams, " streams are held"), func() bool {
		held := 0.0
		for name, n := range s.metrics() {
			if strings.HasPrefix(name, "holdfast_streams{") {
				held += n
			}
		}
		return int(held) == streams
	})
}

// eventually waits for what happens soon but not at once.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(goodTime); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

// refusesConnections reports whether nobody listens at an address.
func refusesConnections(address string) bool {
	c, err := net.Dial("tcp", address)
	if err == nil {
		c.Close()
	}
	return err != nil
}

// startOrigin runs an origin until t ends.
func startOrigin(t testing.TB, h http.Handler) string {
	origin := httptest.NewServer(h)
	t.Cleanup(origin.Close)
	return origin.URL
}

// holding answers with instructions to hold. The query names the channels.
//
//	/stream  an event stream that begins with a comment
//	/raw     a stream that is no event stream and begins with "open\n"
//	/poll    a long poll; timeout is its Grip-Timeout, its own answer "none"
func holding() *http.ServeMux {
	mux := http.NewServeMux()
	instruct := func(path, hold, contentType, body string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Type", contentType)
			h.Set("Grip-Hold", hold)
			h["Grip-Channel"] = r.URL.Query()["channel"]
			h["Grip-Set-Meta"] = r.URL.Query()["meta"]
			if timeout := r.FormValue("timeout"); timeout != "" {
				h.Set("Grip-Timeout", timeout)
			}
			io.WriteString(w, body)
		})
	}
	instruct("/stream", "stream", "text/event-stream", ": welcome\n\n")
	instruct("/raw", "stream", "text/plain", "open\n")
	instruct("/poll", "response", "text/plain", "none")
	return mux
}
