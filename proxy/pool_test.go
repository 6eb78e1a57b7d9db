package proxy

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// poolOf makes a pool of origins with one-letter names.
func poolOf(names string, edit func(*Route)) *pool {
	r := Route{Name: "r", Balance: BalanceFirst, ConnectTimeout: 5 * time.Second}
	for _, name := range names {
		r.Origins = append(r.Origins, &url.URL{Scheme: "http", Host: string(name)})
	}
	if edit != nil {
		edit(&r)
	}
	return newPool(&r, 10, NewMetrics(prometheus.NewRegistry()).route(r.Name, r.originNames()).origins)
}

// taking is a taken place.
func (p *pool) taking(t *testing.T, tried ...*backend) *backend {
	t.Helper()
	b, err := p.take(t.Context(), tried)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// asks takes and frees n places, and returns the origins' names.
func (p *pool) asks(t *testing.T, n int) string {
	t.Helper()
	var names strings.Builder
	for range n {
		b := p.taking(t)
		names.WriteString(b.url.Host)
		p.free(b)
	}
	return names.String()
}

func TestBalance(t *testing.T) {
	tests := []struct {
		name    string
		balance Balance
		busy    string // a request is under way there, once per letter
		want    string
	}{
		{"the first one is asked while it is well", BalanceFirst, "aaa", "aaaa"},
		{"each has its turn", BalanceRoundRobin, "", "abcabc"},
		{"turns do not look at what is under way", BalanceRoundRobin, "aa", "abcabc"},
		{"the least busy one is asked", BalanceLeastRequests, "aab", "cccc"},
		{"equally busy ones have their turns", BalanceLeastRequests, "a", "bbcbbc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := poolOf("abc", func(r *Route) { r.Balance = tt.balance })
			for _, name := range tt.busy {
				p.occupy(p.all[strings.IndexRune("abc", name)])
			}
			if got := p.asks(t, len(tt.want)); got != tt.want {
				t.Errorf("asked %s, want %s", got, tt.want)
			}
		})
	}
}

func TestATriedOriginIsNotAskedAgain(t *testing.T) {
	p := poolOf("abc", nil)
	a := p.taking(t)
	b := p.taking(t, a)
	c := p.taking(t, b, a)
	if got := a.url.Host + b.url.Host + c.url.Host; got != "abc" {
		t.Errorf("asked %s", got)
	}
	if _, err := p.take(t.Context(), []*backend{a, b, c}); !errors.Is(err, errAllTried) {
		t.Errorf("got %v", err)
	}
}

func TestAnOriginThatFailedIsTriedLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("ab", nil)
		a := p.taking(t)
		p.failed(a)
		if got := p.asks(t, 2); got != "bb" {
			t.Errorf("while the first rests, %s were asked", got)
		}
		p.failed(p.all[1])
		if got := p.asks(t, 1); got == "" {
			t.Error("where all rest nobody was asked")
		}
	})
}

func TestOfOriginsThatAllRestTheOneIsAskedThatRestedLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("ab", nil)
		p.failed(p.all[1])
		time.Sleep(firstRest / 2)
		p.failed(p.all[0])
		if got := p.asks(t, 2); got != "bb" {
			t.Errorf("%s were asked", got)
		}
	})
}

func TestAfterItsRestOneRequestFindsOutHowAnOriginIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("ab", nil)
		p.failed(p.all[0])
		time.Sleep(firstRest)
		if got := p.asks(t, 3); got != "abb" {
			t.Errorf("after the rest %s were asked", got)
		}
		p.answered(p.all[0])
		if got := p.asks(t, 3); got != "aaa" {
			t.Errorf("after an answer %s were asked", got)
		}
	})
}

func TestEveryFailureOnTrialDoublesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("ab", nil)
		p.failed(p.all[0])
		for _, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
			p.failed(p.all[0]) // of a request from before; says nothing new
			time.Sleep(want*time.Second - time.Nanosecond)
			if got := p.asks(t, 1); got != "b" {
				t.Fatalf("it rested less than %ds", want)
			}
			time.Sleep(time.Nanosecond)
			if got := p.asks(t, 1); got != "a" {
				t.Fatalf("it rested longer than %ds", want)
			}
			p.failed(p.all[0])
		}
	})
}

func TestFullOriginsArePassedBy(t *testing.T) {
	p := poolOf("ab", func(r *Route) { r.MaxConnections = 2 })
	var got string
	for range 4 {
		got += p.taking(t).url.Host
	}
	if got != "aabb" {
		t.Errorf("asked %s", got)
	}
}

func TestRequestsWaitForAPlaceInTheirOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("ab", func(r *Route) { r.MaxConnections = 1 })
		a, b := p.taking(t), p.taking(t)
		got := make(chan string, 2)
		wait := func(name string, tried ...*backend) {
			go func() {
				at, err := p.take(t.Context(), tried)
				if err == nil {
					got <- name + at.url.Host
				}
			}()
			synctest.Wait()
		}
		wait("first ", a) // does not want a place at a
		wait("second ")
		p.free(a)
		if who := <-got; who != "second a" {
			t.Errorf("%s was let in", who)
		}
		p.free(b)
		if who := <-got; who != "first b" {
			t.Errorf("%s was let in", who)
		}
	})
}

func TestOriginsOfOneHostHaveNamesOfTheirOwn(t *testing.T) {
	var r Route
	for _, origin := range []string{"http://a", "https://a", "http://b"} {
		u, err := url.Parse(origin)
		if err != nil {
			t.Fatal(err)
		}
		r.Origins = append(r.Origins, u)
	}
	if got := r.originNames(); !slices.Equal(got, []string{"http://a", "https://a", "b"}) {
		t.Errorf("%q", got)
	}
}

func TestNoMoreWaitForAPlaceThanMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", func(r *Route) { r.MaxConnections = 1 })
		a := p.taking(t)
		for range p.queue {
			go p.take(t.Context(), nil)
		}
		synctest.Wait()
		if _, err := p.take(t.Context(), nil); !errors.Is(err, errQueueFull) {
			t.Errorf("one more: %v", err)
		}
		p.free(a) // who gets it frees nothing
		synctest.Wait()
		if n := p.waiting.Len(); n != p.queue-1 {
			t.Errorf("%d wait", n)
		}
	})
}

func TestWaitingForAPlaceHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := poolOf("a", func(r *Route) { r.MaxConnections = 1 })
		a := p.taking(t)
		began := time.Now()
		var busy *busyError
		if _, err := p.take(t.Context(), nil); !errors.As(err, &busy) || time.Since(began) != 5*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		if _, err := p.take(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a client that leaves: %v", err)
		}
		p.free(a)
		if got := p.asks(t, 1); got != "a" {
			t.Error("who no longer waits has a place")
		}
	})
}
