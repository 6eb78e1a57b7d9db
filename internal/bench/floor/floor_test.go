package floor

import (
	"context"
	"net"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/internal/bench"
	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// serve runs the server until t ends and returns a run against it.
func serve(t *testing.T, o Options) bench.Config {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("skipped: the floor is for Linux alone")
	}
	var listeners [2]net.Listener
	for i := range listeners {
		var err error
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, listeners[0], listeners[1], o) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	cfg := bench.Scenarios()[0].Config()
	cfg.URL = "http://" + listeners[0].Addr().String() + "/?channel=a"
	cfg.ControlURL = "http://" + listeners[1].Addr().String()
	cfg.Dialect, cfg.Channel = bench.Plain, "a"
	cfg.Streams, cfg.Rate, cfg.Duration = 10, 200, 100*time.Millisecond
	return cfg
}

func TestTheFloorDeliversEverything(t *testing.T) {
	tests := map[string]func(*bench.Config){
		"to all streams":         func(*bench.Config) {},
		"many events at once":    func(c *bench.Config) { c.Batch = 10 },
		"to a channel of theirs": func(c *bench.Config) { c.URL, c.Channel = strings.Replace(c.URL, "=a", "={i}", 1), "{i}" },
		"large events":           func(c *bench.Config) { c.Payload, c.Streams = 1<<20, 2 },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := serve(t, Options{})
			change(&cfg)
			r, err := bench.Measure(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			if d := r.Deliver; r.Connect.Opened != cfg.Streams || d.Missing != 0 || d.Delivered == 0 || d.Others != 0 || len(d.Ended) != 0 {
				t.Errorf("connect %+v, deliver %+v", r.Connect, d)
			}
		})
	}
}

func TestTheFloorAsksAnOriginIfItHasOne(t *testing.T) {
	origin := httptest.NewServer(bench.Origin())
	defer origin.Close()
	cfg := serve(t, Options{Origin: origin.URL})
	cfg.URL += "&channel=b"
	cfg.Common = "b"
	r, err := bench.Measure(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if r.Deliver.Missing != 0 || r.Deliver.Delivered != 200 {
		t.Errorf("%+v", r.Deliver)
	}
	cfg.URL = strings.TrimSuffix(cfg.URL, "?channel=a&channel=b") + "?none"
	if _, err := bench.Measure(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "status 502") {
		t.Errorf("error %v", err)
	}
}

func TestTheFloorHandsOnWhatTheOriginSays(t *testing.T) {
	origin := httptest.NewServer(bench.Origin())
	defer origin.Close()
	cfg := serve(t, Options{Origin: origin.URL, Proxy: true})
	cfg.ControlURL = ""
	if _, err := bench.Measure(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "not a stream: Content-Length 8") {
		t.Errorf("error %v", err)
	}
	cfg.Answers = true
	if r, err := bench.Measure(t.Context(), cfg); err != nil || r.Connect.Opened != 10 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestABatchIsReadByItsLengths(t *testing.T) {
	tests := map[string]struct {
		body string
		want []message
		err  string
	}{
		"nothing":                             {"", nil, ""},
		"events of one channel are one chunk": {"a 3\nabca 2\nde", []message{{"a", []byte("5\r\nabcde\r\n")}}, ""},
		"channels have chunks of their own":   {"a 1\nxb 1\ny", []message{{"a", []byte("1\r\nx\r\n")}, {"b", []byte("1\r\ny\r\n")}}, ""},
		"line ends within data":               {"a 2\n\n\n", []message{{"a", []byte("2\r\n\n\n\r\n")}}, ""},
		"an escaped name":                     {"a%20b 1\nx", []message{{"a b", []byte("1\r\nx\r\n")}}, ""},
		"a length that is none":               {"a x\n", nil, `length "x"`},
		"a length beyond all measure":         {"a 99999999\n", nil, "length"},
		"less than the length":                {"a 5\nabc", nil, "unexpected EOF"},
		"a line that does not end":            {"a 5", nil, "EOF"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readBatch(strings.NewReader(tt.body))
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("error %v, want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, []message(got), cmp.AllowUnexported(message{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}
