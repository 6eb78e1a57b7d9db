package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
)

// stateChannels are the channels of a play.
const stateChannels = 3

// play is a server to which much happens, one thing after another, by one goroutine.
// The streams that it holds are read by their own.
type play struct {
	t       *testing.T
	s       *server
	streams []*player
	clients []*http.Client
	numbers [stateChannels]int // of the last message on each channel
	ways    []way
	bad     atomic.Pointer[string] // what has been logged and must not be
}

// acts are what can happen. Each is given a number to choose by.
var acts = [...]struct {
	name string
	do   func(p *play, n int)
}{
	{"a stream opens", (*play).open},
	{"a stream opens", (*play).open},
	{"a stream opens", (*play).open},
	{"a client comes back", (*play).comeBack},
	{"something is published", func(p *play, n int) { p.publish(n%stateChannels, 1) }},
	{"something is published", func(p *play, n int) { p.publish(n%stateChannels, 2) }},
	{"a client comes back", (*play).comeBack},
	{"much is published", func(p *play, n int) { p.publish(n%stateChannels, 30) }},
	{"a client leaves", (*play).leave},
	{"a client closes its sending half", (*play).closeHalf},
	{"a client stops reading", (*play).stall},
	{"a client reads again", (*play).readOn},
	{"bytes of a stranger come", (*play).stranger},
	{"the operator looks", (*play).look},
	{"the operator ends a channel", (*play).endChannel},
	{"the operator ends a stream", (*play).endStream},
	{"a long poll waits", (*play).poll},
	{"origins are to be asked", (*play).recover},
}

// FuzzStates puts a whole server through a sequence of acts, drawn by the input, and
// then drains it. Whatever came before: nobody is given what is not of its channels, out
// of order, twice or with a hole that it was not told of; who is there to the end gets the
// last message; counters add up; logs keep to their limit; nothing panics or leaks.
func FuzzStates(f *testing.F) {
	for seed := range uint64(6) {
		random := rand.New(rand.NewPCG(seed, 1))
		steps := make([]byte, 240)
		for i := range steps {
			steps[i] = byte(random.Uint32())
		}
		f.Add(steps)
	}
	f.Fuzz(func(t *testing.T, steps []byte) {
		goroutines, files := runtime.NumGoroutine(), openFiles()
		p := newPlay(t)
		for i := 0; i+1 < min(len(steps), 400); i += 2 {
			acts[int(steps[i])%len(acts)].do(p, int(steps[i+1]))
		}
		p.end()
		eventually(t, "goroutines and files are given back", func() bool {
			return runtime.NumGoroutine() <= goroutines+16 && openFiles() <= files+16
		})
	})
}

func newPlay(t *testing.T) *play {
	p := &play{t: t, ways: ways()}
	origin := startOrigin(t, holding())
	p.s = startLogging(t, "origin: "+origin+`
drain: {window: 20ms}
channels: {memory_limit: 32KiB, replay: {messages: 20, bytes: 16KiB}, send_window: {messages: 40, bytes: 32KiB}}
limits: {streams_per_address: 40}
`, alarm(func(format string, args ...any) {
		text := fmt.Sprintf(format, args...)
		p.bad.CompareAndSwap(nil, &text)
	}))
	framed := &http.Transport{Protocols: new(http.Protocols)}
	framed.Protocols.SetUnencryptedHTTP2(true)
	p.clients = []*http.Client{newClient(t), clientOf(t, framed)}
	return p
}

// open opens a stream of some channels.
func (p *play) open(n int) {
	var channels []int
	for c := range stateChannels {
		if n>>c&1 == 1 {
			channels = append(channels, c)
		}
	}
	p.join(n/8, channels, nil)
}

func (p *play) comeBack(n int) {
	if len(p.streams) > 0 {
		before := p.streams[n%len(p.streams)]
		p.join(n, before.channels, before)
	}
}

// join has a client follow channels, by one of the protocols, from where another stands
// unless that is nil.
func (p *play) join(n int, channels []int, after *player) {
	if len(channels) == 0 || len(p.streams) > 60 {
		return
	}
	p.streams = append(p.streams, newPlayer(p, n%3, channels, after))
}

// publish publishes messages, which are numbered by their channels. Some are long.
func (p *play) publish(channel, messages int) {
	var items []string
	for range messages {
		p.numbers[channel]++
		text := fmt.Sprintf("%d %d %s", channel, p.numbers[channel], strings.Repeat("x", p.numbers[channel]%5*300))
		items = append(items, message(fmt.Sprint("c", channel), fmt.Sprintf("%d-of-%d", p.numbers[channel], channel), text))
	}
	p.s.publish(items...)
}

// some returns one of the players that are there, nil if there is none.
func (p *play) some(n int) *player {
	if len(p.streams) == 0 {
		return nil
	}
	return p.streams[n%len(p.streams)]
}

func (p *play) leave(n int) {
	if one := p.some(n); one != nil {
		one.leave()
	}
}

func (p *play) closeHalf(n int) {
	if one := p.some(n); one != nil {
		one.closeHalf()
	}
}

func (p *play) stall(n int) {
	if one := p.some(n); one != nil {
		one.stall()
	}
}

func (p *play) readOn(n int) {
	if one := p.some(n); one != nil {
		one.readOn()
	}
}

// stranger throws bytes at the server, in one of FuzzServer's ways.
func (p *play) stranger(n int) {
	w := p.ways[n%len(p.ways)]
	seeds := fuzzSeeds()
	if w.lingers || strings.Contains(w.name, "item") || strings.Contains(w.name, "publication") || strings.Contains(w.name, "event") {
		return // what it published would be nobody's number
	}
	if err := p.s.throw(w, []byte(seeds[n*7%len(seeds)])); err != nil {
		p.t.Errorf("%s: %v", w.name, err)
	}
}

func (p *play) look(n int) {
	paths := []string{"/channels", "/streams", "/metrics", "/channels/c0", "/streams?limit=1", "/readyz"}
	if status, answer := p.s.ask(http.MethodGet, paths[n%len(paths)]); status != http.StatusOK && status != http.StatusNotFound {
		p.t.Errorf("%s: %d %s", paths[n%len(paths)], status, answer)
	}
}

func (p *play) endChannel(n int) {
	for _, one := range p.streams {
		if slices.Contains(one.channels, n%stateChannels) {
			one.mayEnd.Store(true)
		}
	}
	p.s.ask(http.MethodDelete, fmt.Sprint("/channels/c", n%stateChannels))
}

func (p *play) endStream(n int) {
	if n%4 != 0 {
		return // whose it is cannot be seen, so all may end
	}
	_, list := p.s.ask(http.MethodGet, "/streams?limit=1")
	_, rest, found := strings.Cut(list, `"id":"`)
	if id, _, ok := strings.Cut(rest, `"`); found && ok {
		for _, one := range p.streams {
			one.mayEnd.Store(true)
		}
		p.s.ask(http.MethodDelete, "/streams/"+id)
	}
}

func (p *play) poll(n int) {
	if err := p.s.throw(way{before: fmt.Sprintf("GET /poll?channel=c%d&timeout=1 HTTP/1.1\r\nHost: h\r\n\r\n", n%stateChannels)}, nil); err != nil {
		p.t.Error(err)
	}
}

func (p *play) recover(int) { p.s.ask(http.MethodPost, "/recover/") }

// end publishes once more on every channel, looks whether all is well, and drains.
func (p *play) end() {
	for c := range stateChannels {
		p.publish(c, 1)
	}
	for _, one := range p.streams {
		one.readOn()
		one.wantLast()
	}
	m := p.s.metrics()
	if used, ok := m["holdfast_log_memory_bytes"]; !ok || used > 32<<10 {
		p.t.Errorf("logs have %v bytes", used)
	}
	eventually(p.t, "whoever was held has ended, or is held", func() bool {
		m := p.s.metrics()
		return sum(m, "holdfast_streams_opened_total{") == sum(m, "holdfast_streams_ended_total{")+sum(m, "holdfast_streams{")
	})
	p.s.signal()
	<-p.s.ended
	for _, one := range p.streams {
		one.check(p.t)
	}
	if text := p.bad.Load(); text != nil {
		p.t.Error(*text)
	}
}

// sum adds up the samples whose names begin so.
func sum(samples map[string]float64, begin string) (all float64) {
	for name, value := range samples {
		if strings.HasPrefix(name, begin) {
			all += value
		}
	}
	return all
}
