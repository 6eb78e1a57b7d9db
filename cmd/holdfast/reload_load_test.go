package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// footprint is what a process has open, as it counts itself, and how many routes its
// metrics have.
type footprint struct{ goroutines, descriptors, routes int }

func (r *reloadable) footprint() footprint {
	f := footprint{goroutines: runtime.NumGoroutine()}
	open, _ := os.ReadDir("/proc/self/fd") // nothing but on Linux
	f.descriptors = len(open)
	routes := map[string]bool{}
	for name := range r.metrics() {
		if _, labels, ok := strings.Cut(name, `route="`); ok {
			route, _, _ := strings.Cut(labels, `"`)
			routes[route] = true
		}
	}
	f.routes = len(routes)
	return f
}

// within reports whether f is no more than before; a few goroutines come and go.
func (f footprint) within(before footprint) bool {
	return f.goroutines <= before.goroutines+2 && f.descriptors <= before.descriptors+2 && f.routes == before.routes
}

// TestTwoHundredReloadsLeaveNothingBehind reloads while clients come and go and others
// stay, who get everything.
func TestTwoHundredReloadsLeaveNothingBehind(t *testing.T) {
	const reloads, clients, streams = 200, 4, 10
	origin := startOrigin(t, named("origin"))
	stays := prefixed("stays", origin, "")
	first := "routes:\n" + stays
	s := startReloadable(t, first)
	client := newClient(t)
	var held []*subscriber
	for range streams {
		held = append(held, follow(t, client, s.URL+"/stays/stream?channel=c", ""))
	}
	s.holds(streams)
	before := s.footprint()

	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	for range clients {
		load.Go(func() { s.comeAndGo(ctx) })
	}
	for n := range reloads {
		s.mustReload(first + prefixed(fmt.Sprint("r", n), origin, ", keep_alive: {interval: "+fmt.Sprint(n+1)+"s}") + "limits: {queue: " + fmt.Sprint(n+1) + "}\n")
		s.publish(message("c", "", fmt.Sprint(n)))
	}
	stop()
	load.Wait()
	s.mustReload(first) // with other limits than before, so that nothing of the last is kept
	for i, one := range held {
		for n := range reloads {
			if b := one.next(); b.data != fmt.Sprint(n) {
				t.Fatalf("stream %d got %+v, want %d", i, b, n)
			}
		}
	}
	var after footprint
	defer func() { t.Logf("before %+v, after %+v", before, after) }()
	eventually(t, "nothing is left of what came and went", func() bool {
		after = s.footprint()
		return after.within(before)
	})
}

// comeAndGo asks and opens streams until ctx ends. None may fail.
func (r *reloadable) comeAndGo(ctx context.Context) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for n := 0; ctx.Err() == nil; n++ {
		path := []string{"/stays/", "/stays/stream?channel=d"}[n%2]
		response, err := client.Get(r.URL + path)
		if err != nil {
			r.t.Error(err)
			return
		}
		if response.StatusCode != http.StatusOK {
			r.t.Errorf("%s: %s", path, response.Status)
		}
		if n%2 == 0 {
			io.Copy(io.Discard, response.Body)
		}
		response.Body.Close()
	}
}
