package griptest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Proxy is a running proxy with its control endpoint.
type Proxy struct {
	URL        string // for clients
	ControlURL string // for publishers

	origin *httputil.ReverseProxy
	done   chan struct{} // closed when the test ends

	mu      sync.Mutex
	entries []entry       // everything published, in order
	more    chan struct{} // closed and replaced when entries grows
}

// entry is one published item; content is empty for the close action.
type entry struct{ channel, content string }

// Start runs a proxy in front of origin until the test ends.
func Start(t testing.TB, origin string) *Proxy {
	t.Helper()
	target, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{done: make(chan struct{}), more: make(chan struct{})}
	p.origin = &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host
	}}
	public := httptest.NewServer(http.HandlerFunc(p.serve))
	control := httptest.NewServer(http.HandlerFunc(p.publish))
	p.URL, p.ControlURL = public.URL, control.URL
	t.Cleanup(func() {
		close(p.done)
		public.Close()
		control.Close()
	})
	return p
}

// serve passes r on. An answer that instructs a hold is recorded, so that the
// stream can be taken over; everything else goes straight through.
func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	proxy := *p.origin
	proxy.ModifyResponse = func(resp *http.Response) error {
		inst, err := readInstruction(resp)
		if err != nil || inst == nil {
			return err
		}
		body, pipe := io.Pipe()
		resp.Header, resp.Body, resp.ContentLength = inst.header, body, -1
		go p.hold(pipe, r, inst)
		return nil
	}
	proxy.FlushInterval = -1
	proxy.ServeHTTP(w, r)
}

// hold writes the initial body, what came after the client's last id, and then
// what is published, until a close action, the client's end or the test's.
func (p *Proxy) hold(w *io.PipeWriter, r *http.Request, inst *instruction) {
	defer w.Close()
	p.mu.Lock()
	start := len(p.entries)
	next := p.placeAfter(r.Header.Get("Last-Event-ID"))
	p.mu.Unlock()
	io.WriteString(w, inst.body)
	for {
		p.mu.Lock()
		due, more := p.entries[next:], p.more
		p.mu.Unlock()
		for _, e := range due {
			next++
			if !slices.Contains(inst.channels, e.channel) {
				continue
			}
			if e.content == "" && next > start {
				return
			}
			if _, err := io.WriteString(w, e.content); err != nil {
				return
			}
		}
		select {
		case <-more:
		case <-r.Context().Done():
			return
		case <-p.done:
			return
		}
	}
}

// placeAfter returns the index after the entry with that id; the end if there
// is none. p.mu is held.
func (p *Proxy) placeAfter(id string) int {
	for i, e := range p.entries {
		if id != "" && strings.Contains(e.content, "id: "+id+"\n") {
			return i + 1
		}
	}
	return len(p.entries)
}

// publish takes http-stream items with content or a close action.
func (p *Proxy) publish(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Items []struct {
			Channel string
			Formats map[string]struct{ Content string }
		}
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.URL.Path != "/publish/" {
		http.Error(w, "Body is not valid JSON.", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	for _, it := range body.Items {
		p.entries = append(p.entries, entry{it.Channel, it.Formats["http-stream"].Content})
	}
	close(p.more)
	p.more = make(chan struct{})
	p.mu.Unlock()
	io.WriteString(w, "Published\n")
}

// instruction is what a hold needs.
type instruction struct {
	channels []string
	header   http.Header
	body     string
}

// readInstruction returns nil for a response that is not to be held.
func readInstruction(resp *http.Response) (*instruction, error) {
	asJSON := resp.Header.Get("Content-Type") == "application/grip-instruct"
	if !asJSON && resp.Header.Get("Grip-Hold") != "stream" {
		return nil, nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if asJSON {
		return readJSON(body)
	}
	inst := &instruction{header: resp.Header, body: string(body)}
	for name := range strings.SplitSeq(resp.Header.Get("Grip-Channel"), ",") {
		inst.channels = append(inst.channels, strings.TrimSpace(name))
	}
	maps.DeleteFunc(inst.header, func(name string, _ []string) bool {
		return strings.HasPrefix(name, "Grip-") || name == "Content-Length"
	})
	return inst, nil
}

func readJSON(body []byte) (*instruction, error) {
	var in struct {
		Hold     struct{ Channels []struct{ Name string } }
		Response struct {
			Headers map[string]string
			Body    string
		}
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	inst := &instruction{header: http.Header{}, body: in.Response.Body}
	for _, c := range in.Hold.Channels {
		inst.channels = append(inst.channels, c.Name)
	}
	for name, value := range in.Response.Headers {
		inst.header.Set(name, value)
	}
	return inst, nil
}
