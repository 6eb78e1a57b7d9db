package token

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// provider publishes keys, without a network. Its methods may be called from any
// goroutine.
type provider struct {
	mu      sync.Mutex
	text    string
	err     error
	takes   time.Duration // how long a fetch lasts, a moment at least: who looks at the same time has looked before
	fetches int
}

func (p *provider) publish(text string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text, p.err = text, err
}

func (p *provider) get(ctx context.Context) ([]byte, error) {
	p.mu.Lock()
	p.fetches++
	takes := p.takes
	p.mu.Unlock()
	select {
	case <-time.After(max(takes, time.Microsecond)):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return []byte(p.text), p.err
}

func (p *provider) asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches
}

// startSet runs a set of p's keys until the test ends, in the place of those before.
func startSet(t *testing.T, p *provider, before ...*keySet) *keySet {
	s := &keySet{place: "https://id.test", get: p.get, refresh: 10 * time.Minute, cooldown: 10 * time.Second,
		wanted: make(chan struct{}, 1), fetched: make(chan struct{}), coming: true}
	for _, b := range before {
		s.inherit(b)
	}
	var running sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	running.Go(func() { s.run(ctx, func(int, error) {}) })
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
	return s
}

// has tells how looking for a key ends: true, false, or an error.
func has(t *testing.T, s *keySet, id string) (bool, error) {
	t.Helper()
	found, err := s.find(t.Context(), id)
	return len(found) > 0, err
}

func wantKey(t *testing.T, s *keySet, id string, want bool) {
	t.Helper()
	if got, err := has(t, s, id); err != nil || got != want {
		t.Errorf("key %s: %v, %v", id, got, err)
	}
}

func wantUnavailable(t *testing.T, s *keySet, id string) {
	t.Helper()
	var wrong *Error
	if got, err := has(t, s, id); !errors.As(err, &wrong) || wrong.Kind != Unavailable {
		t.Errorf("key %s: %v, %v", id, got, err)
	}
}

func setOf(t *testing.T, ids ...string) string {
	all := map[string]crypto.Signer{}
	for _, id := range ids {
		all[id] = newEd25519(t)
	}
	return setText(t, all)
}

func TestWhoComesBeforeTheFirstFetchWaitsForIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{text: setOf(t, "1"), takes: 3 * time.Second}
		s := startSet(t, p)
		start := time.Now()
		wantKey(t, s, "1", true)
		if time.Since(start) != 3*time.Second || p.asked() != 1 {
			t.Errorf("%d fetches in %v", p.asked(), time.Since(start))
		}
	})
}

func TestWhoTakesTheirPlaceHasTheKeysAndFetchesNoSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{text: setOf(t, "1")}
		first := startSet(t, p)
		wantKey(t, first, "1", true)
		p.publish("", errors.New("down"))
		second := startSet(t, p, first)
		wantKey(t, second, "1", true)
		time.Sleep(9 * time.Minute)
		third := startSet(t, p, second)
		wantKey(t, third, "1", true)
		if p.asked() != 1 {
			t.Errorf("%d fetches in 9 minutes", p.asked())
		}
		time.Sleep(2 * time.Minute)
		wantKey(t, startSet(t, p, third), "1", true)
	})
}

func TestTheCooldownOfAProviderThatIsDownIsInherited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{err: errors.New("down")}
		s := startSet(t, p)
		for range 9 {
			wantUnavailable(t, s, "1")
			time.Sleep(time.Second)
			s = startSet(t, p, s)
		}
		fetches := p.asked()
		if p.publish(setOf(t, "1"), nil); fetches > 5 {
			t.Errorf("%d fetches in 9 s", fetches)
		}
		time.Sleep(5 * time.Second)
		wantKey(t, s, "1", true)
	})
}

func TestTheKeysOfAnotherPlaceAreNotInherited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{text: setOf(t, "1")}
		before := startSet(t, p)
		wantKey(t, before, "1", true)
		before.place = "https://other.test"
		p.publish(setOf(t, "2"), nil)
		wantKey(t, startSet(t, p, before), "1", false)
	})
}

func TestAKeyThatIsNotThereIsFetchedOnceForAllWhoAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{text: setOf(t, "1"), takes: time.Second}
		s := startSet(t, p)
		wantKey(t, s, "1", true)
		time.Sleep(time.Minute)
		p.publish(setOf(t, "1", "2"), nil)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { wantKey(t, s, "2", true) })
		}
		all.Wait()
		if p.asked() != 2 {
			t.Errorf("%d fetches", p.asked())
		}
	})
}

func TestRubbishIsNotFetchedMoreOftenThanTheCooldownAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{text: setOf(t, "1")}
		s := startSet(t, p)
		for range 100 { // one each second
			wantKey(t, s, "rubbish", false)
			time.Sleep(time.Second)
		}
		if p.asked() < 9 || p.asked() > 11 {
			t.Errorf("%d fetches in 100 s", p.asked())
		}
	})
}

// TestAKeyThatIsNewWithinTheCooldownIsNotRefused: whoever has it must come again, and
// not give up, also while others keep the cooldown going with ids that they invent.
func TestAKeyThatIsNewWithinTheCooldownIsNotRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{text: setOf(t, "1")}
		s := startSet(t, p)
		wantKey(t, s, "1", true)
		for second := range 9 {
			time.Sleep(time.Second)
			if s.find(t.Context(), fmt.Sprint("invented ", second)); second == 3 {
				p.publish(setOf(t, "1", "2"), nil)
			}
			if second >= 3 {
				wantUnavailable(t, s, "2")
			}
		}
		if p.asked() != 1 {
			t.Errorf("%d fetches within the cooldown", p.asked())
		}
		time.Sleep(time.Second)
		s.find(t.Context(), "invented again")
		wantKey(t, s, "2", true)
		if p.asked() != 2 {
			t.Errorf("%d fetches", p.asked())
		}
	})
}

// Who has a key that is gone must not come again for ever.
func TestAKeyThatWasAskedForAndNotFetchedIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{text: setOf(t, "1")}
		s := startSet(t, p)
		wantKey(t, s, "1", true)
		wantUnavailable(t, s, "gone")
		time.Sleep(10 * time.Second)
		wantKey(t, s, "gone", false)
		time.Sleep(time.Second)
		wantKey(t, s, "gone", false)
		p.publish(setOf(t, "1", "gone"), nil)
		time.Sleep(10 * time.Second)
		wantKey(t, s, "gone", true) // back again
	})
}

func TestIDsThatAreInventedAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{text: setOf(t, "1")}
		s := startSet(t, p)
		wantKey(t, s, "1", true)
		for i := range 3 * maxMissing {
			s.find(t.Context(), fmt.Sprint(i))
		}
		s.find(t.Context(), strings.Repeat("x", 8<<10))
		if n := len(s.missing.asked); n != maxMissing {
			t.Errorf("%d are remembered", n)
		}
		for range 2 {
			time.Sleep(10 * time.Second)
			s.find(t.Context(), "one more")
		}
		if n := len(s.missing.asked) + len(s.missing.absent); n != 1 {
			t.Errorf("%d are still remembered", n)
		}
	})
}

func TestKeysAreFetchedAtEveryRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{text: setOf(t, "1")}
		s := startSet(t, p)
		wantKey(t, s, "1", true)
		p.publish(setOf(t, "2"), nil)
		time.Sleep(10*time.Minute + time.Second)
		if p.asked() != 2 {
			t.Errorf("%d fetches", p.asked())
		}
		wantKey(t, s, "2", true)
		if found, err := s.find(t.Context(), "1"); found != nil {
			t.Errorf("a key that was taken back: %v, %v", found, err)
		}
	})
}

func TestWhileFetchesAreInVainTheOldKeysStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{text: setOf(t, "1")}
		s := startSet(t, p)
		wantKey(t, s, "1", true)
		p.publish("", errors.New("down"))
		time.Sleep(10*time.Minute + time.Second)
		wantKey(t, s, "1", true)
		wantUnavailable(t, s, "2") // it may be there: who has it comes again
		p.publish("{}", nil)       // a set without keys is none
		time.Sleep(11 * time.Second)
		wantKey(t, s, "1", true)
		p.publish(setOf(t, "1", "2"), nil)
		time.Sleep(11 * time.Second)
		wantKey(t, s, "2", true)
	})
}

func TestWithoutAnyKeysNobodyIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &provider{err: errors.New("down")}
		s := startSet(t, p)
		wantUnavailable(t, s, "1")
		wantUnavailable(t, s, "")
		if p.asked() != 1 {
			t.Errorf("%d fetches", p.asked())
		}
		p.publish(setOf(t, "1"), nil)
		time.Sleep(11 * time.Second)
		wantKey(t, s, "1", true)
	})
}

func TestWhoWaitsForAFetchLeavesWithItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := startSet(t, &provider{takes: time.Hour})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.find(ctx, "1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestNobodyWaitsForASetThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		p := &provider{takes: time.Hour}
		s := &keySet{get: p.get, wanted: make(chan struct{}, 1), fetched: make(chan struct{}), coming: true}
		var all sync.WaitGroup
		all.Go(func() { wantUnavailable(t, s, "1") })
		all.Go(func() { s.run(ctx, func(int, error) {}) })
		synctest.Wait()
		stop()
		all.Wait()
		wantUnavailable(t, s, "1")
	})
}

func TestASetInAFileIsReadAtOnceAndAgain(t *testing.T) {
	first, second := newECDSA(t, elliptic.P256()), newEd25519(t)
	path := filepath.Join(t.TempDir(), "jwks.json")
	write := func(all map[string]crypto.Signer) {
		if err := os.WriteFile(path, []byte(setText(t, all)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(map[string]crypto.Signer{"1": first})
	synctest.Test(t, func(t *testing.T) {
		v := mustNew(t, Options{KeySet: "file:" + path, Refresh: time.Minute})
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { v.Run(ctx, func(_ int, err error) { noError(t, err) }) })
		k := mustKey(t, marshal(t, first))
		if _, err := v.Verify(t.Context(), issue(t, sample(nil), &k, nil), now); err != nil {
			t.Error(err)
		}
		write(map[string]crypto.Signer{"2": second})
		time.Sleep(61 * time.Second)
		if _, err := v.Verify(t.Context(), issue(t, sample(nil), &k, nil), now); err == nil {
			t.Error("a key that was taken back is good")
		}
		k = mustKey(t, marshal(t, second))
		if _, err := v.Verify(t.Context(), issue(t, sample(nil), &k, nil), now); err != nil {
			t.Error(err)
		}
		stop()
		running.Wait()
	})
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

func TestASetThatIsOfNoUseIsRefused(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.json")
	if err := os.WriteFile(bad, []byte(`{"keys":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{
		"file:" + filepath.Join(t.TempDir(), "none"), "file:" + bad, "http://id.example.com/keys", "https://user:pass@id.example.com/keys",
		"ftp://id.example.com", "id.example.com", "https://", "https://id.example.com/#x",
	} {
		if _, err := New(Options{KeySet: place}); err == nil {
			t.Errorf("%s is taken", place)
		}
	}
}

func TestOnlyKeysThatVerifySignaturesAreTakenFromASet(t *testing.T) {
	long := newRSA(t, 2048)
	set := `{"keys":[` + jwk(t, long, "1", "", "sig") + `,` + jwk(t, long, "2", "PS256", "") + `,` +
		jwk(t, long, "3", "RSA-OAEP", "") + `,` + jwk(t, long, "4", "", "enc") + `,` +
		jwk(t, newECDSA(t, elliptic.P256()), "5", "RS256", "") + `,` +
		`{"kty":"oct","kid":"6","k":"` + encode(t, secretText) + `"},{"kty":"of the future","kid":"7"},{"kid":8},7]}`
	found, err := parseKeySet([]byte(set), Algorithms{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, k := range found {
		got[k.id] = k.Algorithm()
		if k.private != nil {
			t.Errorf("key %s is private", k.id)
		}
	}
	if want := map[string]string{"1": "RS256", "2": "PS256"}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if !slices.ContainsFunc(found, func(k Key) bool { return k.id == "1" }) {
		t.Error("ids are lost")
	}
}

func FuzzKeySet(f *testing.F) {
	f.Add([]byte(setText(f, map[string]crypto.Signer{"1": newEd25519(f), "2": newECDSA(f, elliptic.P384())})))
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`))
	f.Add([]byte(`{"keys":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := parseKeySet(data, Algorithms{})
		if (err == nil) != (len(found) > 0) {
			t.Errorf("%d keys, %v", len(found), err)
		}
		for i := range found {
			_ = found[i].method.Verify("x", []byte("y"), found[i].public)
		}
	})
}
