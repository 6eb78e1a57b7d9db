package proxy

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// bodyOrigin reads bodies. On /early it answers before that.
func bodyOrigin(t *testing.T, got chan<- string) string {
	return newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/early" {
			rc := http.NewResponseController(w)
			rc.EnableFullDuplex()
			rc.Flush()
		}
		body, err := io.ReadAll(r.Body)
		if err == nil {
			got <- string(body)
		}
	}).URL
}

func TestABodyIsAsLongAsItMayBe(t *testing.T) {
	const most = 10
	tests := []struct {
		name, path, body string
		known            bool // its length is told before
		status           int
	}{
		{"as long as it may be", "/", "0123456789", true, http.StatusOK},
		{"as long as it may be, which is not told", "/", "0123456789", false, http.StatusOK},
		{"longer", "/", "0123456789a", true, http.StatusRequestEntityTooLarge},
		{"longer, which is not told", "/", strings.Repeat("x", 100_000), false, http.StatusRequestEntityTooLarge},
		{"longer on a route that lets it", "/long", "0123456789a", true, http.StatusOK},
		{"longer on a route that lets it, which is not told", "/long", "0123456789a", false, http.StatusOK},
		{"none", "/", "", true, http.StatusOK},
	}
	got := make(chan string, 1)
	origin := bodyOrigin(t, got)
	f := newFront(t, func(o *Options) {
		o.Bodies.Max = most
		long := routeTo(origin)
		long.PathPrefix, long.MaxBody = "/long", 2*most
		o.Routes = []Route{routeTo(origin), long}
	})
	for name, c := range map[string]*http.Client{
		"HTTP/1.1": client(t), "HTTP/2": protocolClient(t, nil, (*http.Protocols).SetUnencryptedHTTP2),
	} {
		for _, tt := range tests {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				var body io.Reader = strings.NewReader(tt.body)
				if !tt.known {
					body = io.MultiReader(body)
				}
				resp, err := c.Post(f.url+tt.path, "text/plain", body)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				if resp.StatusCode != tt.status {
					t.Errorf("got %s", resp.Status)
				}
				if resp.StatusCode == http.StatusOK {
					if b := within(t, got, "the body"); b != tt.body {
						t.Errorf("the origin got %q", b)
					}
				}
			})
		}
	}
	if n := f.count(t, "holdfast_request_failures_total", string(RequestTooLarge)); n != 4 {
		t.Errorf("%v failures are counted", n)
	}
}

func TestAnAnswerIsCutWhoseRequestIsTooLong(t *testing.T) {
	f := newFront(t, func(o *Options) {
		to(bodyOrigin(t, make(chan string, 1)))(o)
		o.Bodies.Max = 10
	})
	c := dialWire(t, f.addr)
	c.send("POST /early HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
	if head := c.head(); !strings.Contains(head, " 200 ") {
		t.Fatalf("got %s", head)
	}
	c.send("7\r\n, world\r\n0\r\n\r\n")
	if rest, _ := c.rest(); strings.Contains(rest, "0\r\n\r\n") {
		t.Errorf("the answer looks complete: %q", rest)
	}
	f.waitCount(t, "holdfast_request_failures_total", string(RequestTooLarge))
}

func TestABodyThatDoesNotComeIsNotWaitedFor(t *testing.T) {
	f := newFront(t, func(o *Options) {
		to(bodyOrigin(t, make(chan string, 1)))(o)
		o.Bodies.Patience = 20 * time.Millisecond
	})
	c := dialWire(t, f.addr)
	c.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello")
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 408 ") || !strings.Contains(head, "Connection: close\r\n") {
		t.Errorf("got %s", head)
	}
	body, send := io.Pipe()
	go io.WriteString(send, "hello")
	resp, err := protocolClient(t, nil, (*http.Protocols).SetUnencryptedHTTP2).Post(f.url, "text/plain", body)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	send.Close()
	if resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("on HTTP/2 got %s", resp.Status)
	}
	if n := f.count(t, "holdfast_request_failures_total", string(SlowRequest)); n != 2 {
		t.Errorf("%v failures are counted", n)
	}
}

func TestHowSlowlyABodyMayCome(t *testing.T) {
	tests := []struct {
		name   string
		bounds Bodies
		pause  time.Duration // before each of
		pieces int
		piece  int  // bytes
		answer bool // the origin has answered
		slow   bool
	}{
		{"any time", Bodies{}, time.Hour, 3, 1, false, false},
		{"a pause that is short enough, often", Bodies{Patience: time.Minute}, 59 * time.Second, 100, 1, false, false},
		{"a pause that is too long", Bodies{Patience: time.Minute}, 61 * time.Second, 1, 1, false, true},
		{"a pause that is too long after the answer", Bodies{Patience: time.Minute}, 61 * time.Second, 3, 1, true, false},
		{"as fast as it must be", Bodies{Patience: time.Minute, Rate: 10}, 10 * time.Second, 100, 100, false, false},
		{"slower", Bodies{Patience: time.Minute, Rate: 10}, 11 * time.Second, 100, 100, false, true},
		{"slower, but short", Bodies{Patience: time.Minute, Rate: 10}, 10 * time.Second, 5, 1, false, false},
		{"a byte now and then", Bodies{Patience: time.Minute, Rate: 10}, 50 * time.Second, 3, 1, false, true},
		{"a long pause of who was fast", Bodies{Patience: time.Minute, Rate: 1}, 61 * time.Second, 2, 10_000, false, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, w, _ := pipeBody(t)
				b.bound(tt.bounds)
				if tt.answer {
					b.answered()
				}
				var client sync.WaitGroup
				defer client.Wait()
				client.Go(func() {
					defer w.Close()
					for range tt.pieces {
						time.Sleep(tt.pause)
						if _, err := w.Write(make([]byte, tt.piece)); err != nil {
							return
						}
					}
				})
				read, err := io.ReadAll(b)
				if f := b.exceeded(); tt.slow != (f != nil) || tt.slow != (err != nil) {
					t.Errorf("read %d bytes, then %v and %v", len(read), err, f)
				}
				if f := (*failure)(nil); tt.slow && (!errors.As(err, &f) || f.reason != SlowRequest) {
					t.Errorf("the error is %v", err)
				}
			})
		})
	}
}

// What the origin does not take is no fault of the client's.
func TestOnlyWaitingForTheClientCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w, _ := pipeBody(t)
		b.bound(Bodies{Patience: time.Minute, Rate: 1000})
		go func() {
			defer w.Close()
			for range 10 {
				w.Write([]byte("x"))
			}
		}()
		for p := make([]byte, 1); ; time.Sleep(time.Hour) {
			if _, err := b.Read(p); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	})
}
