package barred

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func alice() *Client {
	return &Client{
		User: "alice", TokenID: "t1", Route: "api", Channels: []string{"a", "b"},
		Meta: map[string]string{"user": "alice", "tier": "free"},
	}
}

func TestARuleMeansWhomAllOfItIsTrueOf(t *testing.T) {
	tests := map[string]struct {
		rule Rule
		want bool
	}{
		"a rule that says nothing":   {Rule{}, false},
		"the user":                   {Rule{User: "alice"}, true},
		"another user":               {Rule{User: "bob"}, false},
		"the token":                  {Rule{TokenID: "t1"}, true},
		"another token":              {Rule{TokenID: "t2"}, false},
		"a channel":                  {Rule{Channel: "b"}, true},
		"another channel":            {Rule{Channel: "c"}, false},
		"the route":                  {Rule{Route: "api"}, true},
		"another route":              {Rule{Route: "web"}, false},
		"meta":                       {Rule{Meta: map[string]string{"tier": "free"}}, true},
		"meta with another value":    {Rule{Meta: map[string]string{"tier": "paid"}}, false},
		"meta that is not there":     {Rule{Meta: map[string]string{"plan": ""}}, false},
		"user and channel":           {Rule{User: "alice", Channel: "a"}, true},
		"user, not channel":          {Rule{User: "alice", Channel: "c"}, false},
		"channel, not user":          {Rule{User: "bob", Channel: "a"}, false},
		"token and meta, not route":  {Rule{TokenID: "t1", Route: "web", Meta: map[string]string{"tier": "free"}}, false},
		"all that can be said of it": {Rule{"alice", "t1", "a", "api", map[string]string{"user": "alice", "tier": "free"}}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := test.rule.Means(alice()); got != test.want {
				t.Errorf("%v", got)
			}
			l := NewList()
			if err := l.Add(test.rule, time.Now().Add(time.Hour)); (err != nil) != (name == "a rule that says nothing") {
				t.Fatal(err)
			}
			if got := l.Bars(alice()); got != test.want {
				t.Errorf("in a list: %v", got)
			}
		})
	}
}

func TestARuleEndsInItsTimeAndNotBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewList()
		l.Add(Rule{User: "alice"}, time.Now().Add(time.Hour))
		l.Add(Rule{User: "alice"}, time.Now().Add(time.Minute)) // does not shorten it
		if l.Len() != 1 {
			t.Errorf("%d rules that say the same", l.Len())
		}
		time.Sleep(time.Hour - 1)
		if !l.Bars(alice()) {
			t.Error("ended too soon")
		}
		time.Sleep(time.Nanosecond)
		if l.Bars(alice()) {
			t.Error("goes on")
		}
		l.Add(Rule{Channel: "x"}, time.Now().Add(time.Hour))
		if l.Len() != 1 || !l.NamesChannels() {
			t.Errorf("%d rules after one is over and another has come", l.Len())
		}
		time.Sleep(2 * time.Hour)
		l.Add(Rule{User: "bob"}, time.Now().Add(time.Hour))
		if l.NamesChannels() {
			t.Error("a rule that is over still names its channel")
		}
	})
}

func TestAFullListTakesNoMoreAndForgetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewList()
		for i := range MaxNamed {
			if err := l.Add(Rule{User: fmt.Sprint(i)}, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Add(Rule{TokenID: "one more"}, time.Now().Add(time.Hour)); !errors.Is(err, ErrFull) {
			t.Errorf("%v", err)
		}
		if err := l.Add(Rule{User: "0"}, time.Now().Add(2*time.Hour)); err != nil {
			t.Errorf("what it has cannot be extended: %v", err)
		}
		for i := range MaxOther {
			if err := l.Add(Rule{Channel: fmt.Sprint(i)}, time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Add(Rule{Route: "one more"}, time.Now().Add(time.Hour)); !errors.Is(err, ErrFull) {
			t.Errorf("%v", err)
		}
		if !l.Bars(&Client{User: "0"}) || !l.Bars(&Client{Channels: []string{"7"}}) {
			t.Error("something was forgotten")
		}
		time.Sleep(time.Hour)
		if err := l.Add(Rule{TokenID: "one more"}, time.Now().Add(time.Hour)); err != nil {
			t.Errorf("what is over takes places: %v", err)
		}
		if l.Len() != 2 || !l.Bars(&Client{User: "0"}) {
			t.Errorf("%d rules left, want the one that was extended, and the new one", l.Len())
		}
	})
}

func TestAskingAnEmptyListAllocatesNothing(t *testing.T) {
	l, c := NewList(), alice()
	if n := testing.AllocsPerRun(100, func() { l.Bars(c) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// Invariant: nobody slips in while rules that are over are removed.
func TestWhoIsBarredStaysSoWhileOthersAreSwept(t *testing.T) {
	l := NewList()
	l.Add(Rule{Channel: "kept"}, time.Now().Add(time.Hour))
	for i := range 1000 {
		l.Add(Rule{User: fmt.Sprint(i)}, time.Now().Add(time.Hour))
	}
	swept := make(chan struct{})
	go func() {
		defer close(swept)
		for i := range 200 {
			l.Add(Rule{Channel: fmt.Sprint(i)}, time.Now())
			l.Len()
		}
	}()
	for slipped := 0; ; {
		select {
		case <-swept:
			if slipped > 0 {
				t.Errorf("%d times there seemed to be no rule", slipped)
			}
			return
		default:
			if l.Empty() || !l.NamesChannels() { // then nobody looks further
				slipped++
			}
		}
	}
}
