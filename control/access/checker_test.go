package access_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/holdfast-proxy/holdfast/control/access"
)

func TestTokensHaveTheirGrants(t *testing.T) {
	c := newChecker(t, access.Options{Verifier: signer{}, Tokens: []access.Token{
		tokenOf(access.Terms{Name: "reader", Rights: access.Read}),
		tokenOf(access.Terms{Name: "publisher", Rights: access.Publish}),
	}})
	tests := []struct {
		name, token string
		reason      access.Reason
		rights      access.Rights
	}{
		{"the first", "reader", "", access.Read},
		{"the second", "publisher", "", access.Publish},
		{"a JWT", "jwt:{}", "", access.All},
		{"a JWT with claims", `jwt:{"rights":["admin"]}`, "", access.Admin},
		{"a JWT with claims that are not understood", `jwt:{"rights":["write"]}`, access.BadClaims, 0},
		{"a JWT that has expired", "jwt:expired", access.ExpiredToken, 0},
		{"none", "", access.NoToken, 0},
		{"another", "other", access.UnknownToken, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, err := c.Check(tt.token, addr("192.0.2.1"))
			if reason(t, err) != tt.reason {
				t.Fatalf("%v", err)
			}
			for _, right := range []access.Rights{access.Publish, access.Read, access.Admin} {
				if err == nil && (g.Allow(right) == nil) != tt.rights.Has(right) {
					t.Errorf("%v: %v", right, g.Allow(right))
				}
			}
		})
	}
}

func TestTokensThatAreNoGoodAreFoundAtTheStart(t *testing.T) {
	one, two := access.Everything("one"), access.Everything("two")
	tests := []struct {
		name   string
		tokens []access.Token
		want   string
	}{
		{"two grants", []access.Token{{"secret", one}, {"other", one}, {"secret", two}}, "a token of two is also one of one"},
		{"an empty token", []access.Token{{"", two}}, "a token of two is empty"},
		{"one grant twice", []access.Token{{"secret", one}, {"secret", one}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := access.New(access.Options{Tokens: tt.tokens})
			if got := fmt.Sprint(err); tt.want != "" && got != tt.want || tt.want == "" && err != nil {
				t.Errorf("%v", err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the token: %v", err)
			}
		})
	}
}

func TestWithoutTokensNobodyCanBeKnown(t *testing.T) {
	var none *access.Checker
	for name, tt := range map[string]struct {
		c    *access.Checker
		open bool
	}{
		"no checker": {none, true},
		"no tokens":  {newChecker(t, access.Options{}), true},
		"a token":    {newChecker(t, access.Options{Tokens: []access.Token{tokenOf(access.Terms{Name: "n"})}}), false},
		"a key":      {newChecker(t, access.Options{Verifier: signer{}}), false},
	} {
		if got := tt.c.Open(); got != tt.open {
			t.Errorf("%s: open %t", name, got)
		}
	}
}

// guesses tries n different tokens, and returns how many were looked at.
func guesses(t *testing.T, c *access.Checker, from netip.Addr, n int) (looked int) {
	t.Helper()
	for i := range n {
		_, err := c.Check(fmt.Sprintf("guess-%d-%d", time.Now().UnixNano(), i), from)
		switch reason(t, err) {
		case access.UnknownToken:
			looked++
		case access.Slowed:
		default:
			t.Fatalf("%v", err)
		}
	}
	return looked
}

func TestGuessingIsSlowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, from := newChecker(t, access.Options{Tokens: []access.Token{tokenOf(access.Terms{Name: "good"})}}), addr("192.0.2.1")
		if got := guesses(t, c, from, 100); got != 10 {
			t.Errorf("%d of the first tokens were looked at", got)
		}
		for i, pause := range []int{1, 2, 4, 8, 16, 32, 60, 60, 60} {
			whole := time.Duration(pause) * time.Second
			if _, err := c.Check("guess", from); reason(t, err) != access.Slowed || wait(err) != whole {
				t.Fatalf("after %d pauses: %v, wait %v", i, err, wait(err))
			}
			time.Sleep(whole - time.Millisecond)
			if got := guesses(t, c, from, 100); got != 0 {
				t.Errorf("%d tokens were looked at in pause %d", got, i)
			}
			time.Sleep(time.Millisecond)
			if got := guesses(t, c, from, 100); got != 1 {
				t.Errorf("%d tokens were looked at after pause %d", got, i)
			}
		}
		time.Sleep(16 * time.Minute)
		if got := guesses(t, c, from, 100); got != 10 {
			t.Errorf("%d tokens were looked at when all was forgotten", got)
		}
	})
}

func TestWhoIsSlowedIsToldNothingOfATokenThatIsGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecker(t, access.Options{Verifier: signer{}, Tokens: []access.Token{tokenOf(access.Terms{Name: "good"})}})
		from := addr("192.0.2.1")
		guesses(t, c, from, 20)
		_, wrong := c.Check("wrong", from)
		for _, good := range []string{"good", "jwt:{}", "jwt:expired", `jwt:{"rights":1}`} {
			if _, err := c.Check(good, from); err == nil || err.Error() != wrong.Error() || wait(err) != wait(wrong) {
				t.Errorf("%s: %v, a wrong one: %v", good, err, wrong)
			}
		}
		time.Sleep(time.Second)
		if _, err := c.Check("good", from); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
}

// A publisher that shares its address with somebody who guesses goes on, and what
// it has shown is all that passes.
func TestATokenInUsePassesWhileOthersGuess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecker(t, access.Options{Verifier: signer{}, Tokens: []access.Token{
			tokenOf(access.Terms{Name: "publisher"}), tokenOf(access.Terms{Name: "admin"}),
		}})
		proxy := addr("192.0.2.1")
		check := func(token string, want access.Reason) {
			t.Helper()
			if _, err := c.Check(token, proxy); reason(t, err) != want {
				t.Errorf("%s: %v", token, err)
			}
		}
		check("publisher", "")
		guesses(t, c, proxy, 20)
		check("publisher", "")
		check("admin", access.Slowed)
		check("jwt:{}", access.Slowed)
		time.Sleep(time.Second)
		check("jwt:{}", "")
		guesses(t, c, proxy, 20)
		check(`jwt:{"iss":"another"}`, "")
		for range 3 { // an hour since it was shown last, not first
			time.Sleep(50 * time.Minute)
			guesses(t, c, proxy, 20)
			check("publisher", "")
		}
		check("jwt:{}", access.Slowed)
		time.Sleep(2 * time.Hour)
		guesses(t, c, proxy, 20)
		check("publisher", access.Slowed)
		check("jwt:expired", access.Slowed) // no signature is looked at
	})
}

func TestTheSameWrongTokenIsNoGuess(t *testing.T) {
	c, from := newChecker(t, access.Options{Tokens: []access.Token{tokenOf(access.Terms{Name: "good"})}}), addr("192.0.2.1")
	for range 100 {
		if _, err := c.Check("old", from); reason(t, err) != access.UnknownToken {
			t.Fatalf("%v", err)
		}
	}
	if _, err := c.Check("good", from); err != nil {
		t.Error(err)
	}
}

func TestAnAddressIsSlowedForItself(t *testing.T) {
	tests := []struct {
		name, guesser, other string
		slowed               bool
	}{
		{"another IPv4 address", "192.0.2.1", "192.0.2.2", false},
		{"an IPv4 address as IPv6 writes it", "192.0.2.1", "::ffff:192.0.2.1", true},
		{"the same /64", "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true},
		{"another /64", "2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"another zone", "fe80::1%eth0", "fe80::2%eth1", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newChecker(t, access.Options{Tokens: []access.Token{tokenOf(access.Terms{Name: "good"})}})
			guesses(t, c, addr(tt.guesser), 20)
			if got := guesses(t, c, addr(tt.other), 1) == 0; got != tt.slowed {
				t.Errorf("slowed: %t", got)
			}
		})
	}
	c := newChecker(t, access.Options{Tokens: []access.Token{tokenOf(access.Terms{Name: "good"})}})
	guesses(t, c, netip.Addr{}, 20)
	if guesses(t, c, netip.Addr{}, 1) != 0 {
		t.Error("addresses that are not known are not one")
	}
}

// However many addresses come, what is remembered is bounded; who is at work stays.
func TestManyAddressesDoNotPushOutWhoIsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newChecker(t, access.Options{Tokens: []access.Token{tokenOf(access.Terms{Name: "good"})}})
		home := addr("192.0.2.1")
		guesses(t, c, home, 9)
		for i := range 25_000 {
			if i%5000 == 0 {
				if _, err := c.Check("good", home); err != nil {
					t.Fatal(err)
				}
			}
			guesses(t, c, netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}), 1)
		}
		if got := guesses(t, c, home, 5); got != 1 {
			t.Errorf("%d more were looked at, so nine were forgotten", got)
		}
		if _, err := c.Check("good", home); err != nil {
			t.Error(err)
		}
	})
}

// An address with many publishers remembers those that came last.
func TestAnAddressRemembersSoManyTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o access.Options
		for i := range 17 {
			o.Tokens = append(o.Tokens, tokenOf(access.Terms{Name: fmt.Sprint("publisher-", i)}))
		}
		c, from := newChecker(t, o), addr("192.0.2.1")
		for i := range 17 {
			if _, err := c.Check(fmt.Sprint("publisher-", i), from); err != nil {
				t.Fatal(err)
			}
		}
		guesses(t, c, from, 20)
		for i := range 17 {
			want := access.Reason("")
			if i == 0 {
				want = access.Slowed
			}
			if _, err := c.Check(fmt.Sprint("publisher-", i), from); reason(t, err) != want {
				t.Errorf("publisher %d: %v", i, err)
			}
		}
	})
}

func TestACallThatIsLetInAllocatesNothing(t *testing.T) {
	c := newChecker(t, access.Options{Tokens: []access.Token{
		tokenOf(access.Terms{Name: "publisher", Rights: access.Publish, Channels: patterns(t, "a*", "b"), PerSecond: 1 << 30}),
	}})
	from := addr("192.0.2.1")
	allocs := testing.AllocsPerRun(100, func() {
		g, err := c.Check("publisher", from)
		if err != nil || g.Allow(access.Publish) != nil || g.Channel("b") != nil || g.Take(1) != nil {
			t.Fatal("refused")
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestWhoTakesThePlaceRemembersWhoGuesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		from := addr("192.0.2.1")
		tokens := []access.Token{tokenOf(access.Terms{Name: "used"}), tokenOf(access.Terms{Name: "unused"})}
		first := newChecker(t, access.Options{Tokens: tokens, Verifier: signer{}})
		for _, good := range []string{"used", "jwt:{}"} {
			if _, err := first.Check(good, from); err != nil {
				t.Fatal(err)
			}
		}
		guesses(t, first, from, 20)
		replaced := access.Token{Text: "replaced", Grant: tokens[0].Grant}
		c := newChecker(t, access.Options{Tokens: append(tokens, replaced), Verifier: signer{}, Before: first})
		for token, want := range map[string]access.Reason{
			"used": "", `jwt:{"rights":["read"]}`: "", "unused": access.Slowed, "replaced": access.Slowed, "a guess": access.Slowed,
		} {
			if _, err := c.Check(token, from); reason(t, err) != want {
				t.Errorf("%s: %v", token, err)
			}
		}
	})
}

func TestARateGoesOnOnTheSameTerms(t *testing.T) {
	terms := access.Terms{Name: "a", Rights: access.Publish, PerSecond: 1, Burst: 2}
	tests := []struct {
		name string
		edit func(*access.Terms)
		goes bool
	}{
		{"the same", func(*access.Terms) {}, true},
		{"another rate", func(t *access.Terms) { t.PerSecond = 3 }, false},
		{"another burst", func(t *access.Terms) { t.Burst = 3 }, false},
		{"no rate", func(t *access.Terms) { t.PerSecond = 0 }, false},
		{"other rights", func(t *access.Terms) { t.Rights = access.All }, false},
		{"somebody else", func(t *access.Terms) { t.Name = "b" }, false},
		{"other channels", func(terms *access.Terms) { terms.Channels = patterns(t, "c") }, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				take := func(c *access.Checker) error {
					g, err := c.Check("token", addr("192.0.2.1"))
					if err != nil {
						t.Fatal(err)
					}
					return g.Take(2)
				}
				first := newChecker(t, access.Options{Tokens: []access.Token{{Text: "token", Grant: access.NewGrant(terms)}}})
				if err := take(first); err != nil {
					t.Fatal(err)
				}
				others := terms
				tt.edit(&others)
				next := newChecker(t, access.Options{Tokens: []access.Token{{Text: "token", Grant: access.NewGrant(others)}}, Before: first})
				if err := take(next); (err != nil) != tt.goes {
					t.Errorf("two items at once, again: %v", err)
				}
			})
		})
	}
}
