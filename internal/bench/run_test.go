package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
	"github.com/holdfast-proxy/holdfast/internal/servetest"
)

// The test binary is also the program of client processes.
const clientArgument = "serve-client"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == clientArgument {
		if err := bench.ServeClient(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	leaktest.Main(m)
}

// scenario returns the settings of a scenario.
func scenario(t *testing.T, name string) bench.Config {
	t.Helper()
	for _, s := range bench.Scenarios() {
		if s.Name == name {
			return s.Config()
		}
	}
	t.Fatalf("no scenario %q", name)
	return bench.Config{}
}

// config is a run against a small proxy with the origin for runs behind it.
func config(t *testing.T) bench.Config {
	origin := httptest.NewServer(bench.Origin())
	t.Cleanup(origin.Close)
	proxy := servetest.Start(t, origin.URL)
	cfg := scenario(t, "broadcast")
	cfg.URL = proxy.URL + "/?channel=bench"
	cfg.ControlURL = proxy.ControlURL
	cfg.Streams = 10
	cfg.Rate = 200
	cfg.Duration = 100 * time.Millisecond
	return cfg
}

func measure(t *testing.T, cfg bench.Config) *bench.Report {
	t.Helper()
	report, err := bench.Measure(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestEveryStreamOfOneChannelGetsEverything(t *testing.T) {
	r := measure(t, config(t))
	if r.Connect.Opened != 10 || r.Connect.Latency.Count != 10 {
		t.Errorf("connect: %+v", r.Connect)
	}
	if r.Publish.Items != 20 || r.Publish.Channels != 1 {
		t.Errorf("publish: %+v", r.Publish)
	}
	d := r.Deliver
	if d.Delivered != 200 || d.Missing != 0 || d.Duplicates != 0 || d.OutOfOrder != 0 || d.Strays != 0 || len(d.Ended) != 0 {
		t.Errorf("deliver: %+v", d)
	}
	if d.Latency.Count != 200 || d.Passes.First.Count != 20 || d.Passes.Median.Count != 20 || d.Passes.Last.Count != 20 {
		t.Errorf("counts: %+v", d)
	}
}

func TestAChannelForEachStream(t *testing.T) {
	cfg := config(t)
	cfg.URL = strings.ReplaceAll(cfg.URL, "bench", "bench-{i}")
	cfg.Channel = "bench-{i}"
	cfg.Batch = 7 // the channels get unequally many
	cfg.Rate = 700
	r := measure(t, cfg)
	if r.Publish.Channels != 10 || r.Publish.Items%7 != 0 || r.Deliver.Delivered != int64(r.Publish.Items) || r.Deliver.Missing != 0 {
		t.Errorf("publish %+v, deliver %+v", r.Publish, r.Deliver)
	}
	if r.Deliver.Passes != nil {
		t.Errorf("streams of different channels have no passes: %+v", r.Deliver.Passes)
	}
}

func TestFlatOutPublishesUntilTheTimeIsUp(t *testing.T) {
	cfg := config(t)
	cfg.Rate, cfg.Batch, cfg.Duration = 0, 5, 20*time.Millisecond
	r := measure(t, cfg)
	if r.Publish.Items == 0 || r.Deliver.Delivered != int64(r.Publish.Items)*10 {
		t.Errorf("publish %+v, deliver %+v", r.Publish, r.Deliver)
	}
}

func TestWithoutAControlURLOnlyConnectingIsMeasured(t *testing.T) {
	cfg := config(t)
	cfg.ControlURL = ""
	r := measure(t, cfg)
	if r.Connect.Opened != 10 || r.Publish != nil || r.Deliver != nil {
		t.Errorf("%+v", r)
	}
}

// wrong is a server of streams that hands on what is published wrongly: the
// second event is left out, the third comes twice, the fifth before the fourth,
// and a gap event and somebody else's are among them.
type wrong struct{ published chan string }

func (s wrong) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		var body struct {
			Items []struct {
				Formats map[string]struct{ Content string }
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, it := range body.Items {
			s.published <- it.Formats["http-stream"].Content
		}
		return
	}
	flush := http.NewResponseController(w).Flush
	flush()
	var e [5]string
	for i := range e {
		select {
		case e[i] = <-s.published:
		case <-r.Context().Done():
			return
		}
	}
	fmt.Fprint(w, e[0], "event: gap\ndata: {}\n\n", e[2], e[2], "data: hello\n\n", e[4], e[3])
	flush()
	<-r.Context().Done()
}

func TestWhatAServerDoesWrongIsCounted(t *testing.T) {
	server := httptest.NewServer(wrong{make(chan string, 5)})
	defer server.Close()
	cfg := scenario(t, "broadcast")
	cfg.URL, cfg.ControlURL = server.URL, server.URL
	cfg.Streams, cfg.Batch = 1, 5
	cfg.Rate, cfg.Duration = 1, time.Second
	cfg.Wait = 100 * time.Millisecond
	d := measure(t, cfg).Deliver
	if d.Delivered != 4 || d.Missing != 1 || d.Duplicates != 1 || d.OutOfOrder != 1 || d.Gaps != 1 || d.Others != 1 {
		t.Errorf("%+v", d)
	}
	if d.Passes != nil {
		t.Errorf("a single stream has passes: %+v", d.Passes)
	}
}

func TestAStreamThatEndsIsCounted(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			http.NewResponseController(w).Flush()
		}
	}))
	defer server.Close()
	cfg := scenario(t, "broadcast")
	cfg.URL, cfg.ControlURL = server.URL, server.URL
	cfg.Streams = 3
	cfg.Rate, cfg.Duration, cfg.Wait = 1, time.Second, 100*time.Millisecond
	d := measure(t, cfg).Deliver
	if d.Ended["ended by the server"] != 3 || d.Missing != 3 || d.Seconds != 0 {
		t.Errorf("%+v", d)
	}
}

func TestWhatCannotBeMeasuredIsAnError(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/stream":
			http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case r.URL.Path == "/page":
			io.WriteString(w, "hello")
		default:
			http.Error(w, "no", http.StatusForbidden)
		}
	}))
	defer server.Close()
	tests := map[string]struct {
		change func(*bench.Config)
		want   string
	}{
		"every setting that is wrong":     {func(c *bench.Config) { c.URL, c.Streams, c.Wait = "x", 0, 0 }, "needs http://host/path or https://host/path\nstreams 0: needs at least 1\nwait 0s: needs more than 0"},
		"a server that refuses":           {func(c *bench.Config) { c.URL = server.URL + "/no" }, "no stream could be opened: status 403 Forbidden (2)"},
		"a page that is no stream":        {func(c *bench.Config) { c.URL = server.URL + "/page" }, "not a stream: Content-Length 5 (2)"},
		"nobody there":                    {func(c *bench.Config) { c.URL = "http://127.0.0.1:1/" }, "dial 127.0.0.1:1: connect: connection refused (2)"},
		"a control endpoint that says no": {func(c *bench.Config) { c.URL = server.URL + "/stream" }, "bench: publish: 403 Forbidden: no"},
		"more streams than descriptors":   {func(c *bench.Config) { c.Streams, c.Clients = 1<<40, 1 }, "raise the hard limit"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := scenario(t, "broadcast")
			cfg.Streams, cfg.ControlURL, cfg.Duration = 2, server.URL, time.Millisecond
			tt.change(&cfg)
			_, err := bench.Measure(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestARunEndsWithItsContext(t *testing.T) {
	cfg := config(t)
	cfg.Duration = time.Hour
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := bench.Measure(ctx, cfg); err == nil {
		t.Error("no error")
	}
}

func TestTheServerProcessIsWatched(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: a process can be watched on Linux alone")
	}
	cfg := config(t)
	cfg.PIDs = []int{os.Getpid()}
	s := measure(t, cfg).Server
	if s.ConnectCPU <= 0 || s.DeliverCPU <= 0 || s.MemoryBefore < 1<<20 || s.MemoryAfter < 1<<20 {
		t.Errorf("%+v", s)
	}
}

func TestTheReportIsATableOrJSON(t *testing.T) {
	cfg := config(t)
	var out bytes.Buffer
	if err := bench.Run(t.Context(), cfg, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"10 of 10 opened", "20 items in 0.", "200 events", "0 missing", "last of a pass"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, &out)
		}
	}
	out.Reset()
	cfg.JSON = true
	if err := bench.Run(t.Context(), cfg, &out); err != nil {
		t.Fatal(err)
	}
	var r bench.Result
	if err := json.Unmarshal(out.Bytes(), &r); err != nil || len(r.Runs) != 1 || r.Runs[0].Deliver.Delivered != 200 {
		t.Errorf("%v in\n%s", err, &out)
	}
}

func TestTheOriginHoldsTheChannelItIsAskedFor(t *testing.T) {
	for target, want := range map[string]int{"/?channel=a": 200, "/": 400, "/?channel=a,b": 400, "/?channel=a%0d%0ab": 400} {
		w := httptest.NewRecorder()
		bench.Origin().ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		if w.Code != want || want == 200 && w.Header().Get("Grip-Channel") != "a" {
			t.Errorf("%s: status %d, headers %v", target, w.Code, w.Header())
		}
	}
}
