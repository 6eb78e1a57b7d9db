package channels

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// rest lets as much time pass as it takes until what nobody holds is packed.
func rest(h *Hub) {
	for range 2 {
		for _, s := range h.shards {
			s.sweep(time.Now())
		}
	}
}

// packedChannels are those that are.
func packedChannels(h *Hub) (names []string) {
	for _, s := range h.shards {
		s.eachOrPacked(func(*Log) {}, func(d *digest) { names = append(names, strings.Clone(d.name)) })
	}
	slices.Sort(names)
	return names
}

// setAll gives everything in v another value than it has without it.
func setAll(v reflect.Value, next *uint64) {
	*next++
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*next))
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(*next * 1000003 % 251)
	case reflect.Slice:
		v.SetBytes(fmt.Append(nil, "bytes", *next))
	case reflect.Array:
		for i := range v.Len() {
			setAll(v.Index(i), next)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Field(i)
			setAll(reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem(), next)
		}
	default:
		panic(v.Kind())
	}
}

// TestALogComesOutAsItWasPacked, with all that it has, whatever is added to entries
// one day.
func TestALogComesOutAsItWasPacked(t *testing.T) {
	h := testHub(nil)
	l := h.shards[0].logLocked("a")
	l.last, l.floor, l.floorLate = "last", 1<<40, 77
	l.below = &below{ids: []byte("ids"), item: []byte("item")}
	l.ring.base = 12345
	var number uint64
	for range 3 {
		var e Entry
		setAll(reflect.ValueOf(&e).Elem(), &number)
		e.seq, e.at = 1<<50+number, time.Now().UnixNano()
		e.waiting, e.sub = 0, 0
		l.ring.push(e)
		l.bytes += int64(len(e.buf))
	}
	bytes, ok := l.pack(nil)
	if !ok {
		t.Fatal("it is not packed")
	}
	got := h.shards[1].logLocked("a")
	got.unpack(packed(bytes))
	unexported := cmp.AllowUnexported(Log{}, below{}, ring{}, Entry{}, groups{})
	ignored := cmp.FilterPath(func(p cmp.Path) bool {
		switch p.Last().String() {
		case ".shard", ".mu", ".charged", ".limits":
			return true
		}
		return false
	}, cmp.Ignore())
	if diff := cmp.Diff(l, got, unexported, ignored); diff != "" {
		t.Error(diff)
	}
}

func TestWhatNobodyHoldsIsPackedAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testHub(nil)
		ctx, stop := context.WithCancel(t.Context())
		go h.Run(ctx)
		from := h.Head().String()
		publish(t, h, item("a", "x", "1"), item("b", "", "2"), item("busy", "", "3"))
		follow(t, h, "b")
		say(t, h, "large", strings.Repeat("x", packLimit))
		before := h.Stats()
		for range 3 {
			time.Sleep(sweepInterval * 9 / 10)
			say(t, h, "busy", "4")
		}
		if got := packedChannels(h); !slices.Equal(got, []string{"a"}) {
			t.Errorf("packed are %v", got)
		}
		after := h.Stats()
		if after.Channels != before.Channels || after.IdleChannels != before.IdleChannels || after.Entries != before.Entries+3 {
			t.Errorf("%+v, and before %+v", after, before)
		}
		checkCharge(t, h)
		say(t, h, "a", "5")
		want(t, resume(t, h, from, "a"), "1 5")
		want(t, resume(t, h, "x", "a"), "5")
		if got := packedChannels(h); len(got) != 0 {
			t.Errorf("still packed are %v", got)
		}
		checkCharge(t, h)
		stop()
		synctest.Wait()
	})
}

func TestAPackedChannelIsListed(t *testing.T) {
	h := testHub(nil)
	publish(t, h, item("user-1", "", "one"), item("user-1", "", "two"), item("other", "", "three"))
	wanted, totals := h.Channels(Listing{Prefix: "user-", Limit: 9})
	one, _ := h.Channel("user-1")
	unpacked := h.Stats()
	rest(h)
	if len(packedChannels(h)) != 2 {
		t.Fatal("they are not packed")
	}
	if s := h.Stats(); s.Channels != 2 || s.IdleChannels != 2 || s.Entries != 3 || s.MemoryBytes > unpacked.MemoryBytes/2 {
		t.Errorf("%+v, and before %+v", s, unpacked)
	}
	got, of := h.Channels(Listing{Prefix: "user-", Limit: 9})
	if !slices.Equal(got, wanted) || of != totals || len(got) != 1 || got[0].Entries != 2 {
		t.Errorf("got %+v of %+v, want %+v of %+v", got, of, wanted, totals)
	}
	if info, known := h.Channel("user-1"); !known || info != one {
		t.Errorf("got %+v, want %+v", info, one)
	}
}

func TestWhatIsPackedBecomesTooOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testHub(nil)
		from := h.Head().String()
		say(t, h, "a", "1")
		say(t, h, "b", "1")
		time.Sleep(time.Minute)
		say(t, h, "a", "2")
		rest(h)
		time.Sleep(h.options.Limits.Age - 30*time.Second)
		rest(h)
		if s := h.Stats(); s.Entries != 1 || s.Evicted[EvictAge] != 2 || len(packedChannels(h)) != 2 {
			t.Errorf("%+v", s)
		}
		checkCharge(t, h)
		want(t, resume(t, h, from, "a"), "[evicted] 2")
		want(t, resume(t, h, from, "b"), "[evicted]")
	})
}

// TestAPackedChannelIsForgottenInItsTurn: by the LRU, whichever of them are packed, and
// with all that it was charged.
func TestAPackedChannelIsForgottenInItsTurn(t *testing.T) {
	h := testHub(func(o *Options) { o.IdleChannels = 4 * numShards })
	name := ofShard(h, 0)
	first := name()
	from := h.Head().String()
	say(t, h, first, "x")
	second := name()
	say(t, h, second, "x")
	rest(h)
	third, fourth := name(), name()
	say(t, h, third, "x")
	say(t, h, fourth, "x")
	rest(h)
	say(t, h, first, "y") // now it was used last
	say(t, h, name(), "x")
	if got := packedChannels(h); !slices.Equal(got, sorted(third, fourth)) {
		t.Errorf("packed are %v, want %v, %v", got, third, fourth)
	}
	for channel, words := range map[string]string{first: "x y", second: "[evicted]"} {
		c := resume(t, h, from, channel)
		want(t, c, words)
		c.Close()
	}
	if n := h.Stats().Evicted[EvictIdle]; n != 1 {
		t.Errorf("%d entries are evicted", n)
	}
	checkCharge(t, h)
	rest(h)
	for h.shards[0].evictIdle() {
	}
	if s := h.Stats(); s.MemoryBytes != 0 || s.Evicted[EvictMemory] != 5 {
		t.Errorf("%+v", s)
	}
}

// TestASweepChangesNoTurn: what it touches is not used by that.
func TestASweepChangesNoTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := testHub(func(o *Options) { o.IdleChannels = 2 * numShards })
		name := ofShard(h, 0)
		first, second := name(), name()
		say(t, h, first, "x")
		time.Sleep(time.Minute)
		say(t, h, second, "x")
		rest(h)
		time.Sleep(h.options.Limits.Age - 30*time.Second)
		rest(h) // the first one's entry is too old
		say(t, h, name(), "x")
		if _, known := h.Channel(first); known {
			t.Error("the channel used longest ago is kept")
		}
		if _, known := h.Channel(second); !known {
			t.Error("another one went")
		}
	})
}

// ofShard makes names of channels that are all in one shard.
func ofShard(h *Hub, shard int) func() string {
	i := 0
	return func() string {
		for {
			i++
			if name := fmt.Sprint("c", i); h.shard(name) == h.shards[shard] {
				return name
			}
		}
	}
}

func sorted(names ...string) []string {
	slices.Sort(names)
	return names
}

func TestAShardPacksSoManyAtOnce(t *testing.T) {
	h := testHub(nil)
	s := h.shards[0]
	name := ofShard(h, 0)
	say(t, h, name(), strings.Repeat("x", packLimit)) // used longest ago, and never packed
	for range packAtOnce + 10 {
		say(t, h, name(), "x")
	}
	for i, n := range []int{0, packAtOnce, packAtOnce + 10} {
		s.sweep(time.Now())
		if got := len(packedChannels(h)); got != n {
			t.Errorf("after sweep %d %d are packed, want %d", i, got, n)
		}
	}
}

// TestPackedChannelsOfAFeed go on where they were, and begin anew when the order does.
func TestPackedChannelsOfAFeed(t *testing.T) {
	h, f := fedHub(nil)
	release, err := h.Await(canceled(t), "unfilled")
	if err == nil {
		release()
		t.Fatal("it is filled")
	}
	fill(t, h, 1, "a", "b")
	h.Deliver(word(2, "a", "2"), word(3, "b", "3"))
	rest(h)
	if got := packedChannels(h); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("packed are %v", got)
	}
	h.Deliver(word(2, "a", "again"), word(4, "a", "4"))
	want(t, resume(t, h, at(h, 1), "a"), "2 4")
	rest(h)
	h.Restart(NewEpoch())
	if got := packedChannels(h); len(got) != 0 {
		t.Errorf("packed are %v, not waiting to be filled", got)
	}
	h.Advance(1)
	h.Fill("b", History{Items: []Placed{word(1, "b", "1")}})
	want(t, resume(t, h, at(h, 0), "b"), "1")
	checkCharge(t, h)
	if len(f.problems) > 0 || len(f.told()) != 3 {
		t.Errorf("the feed was told %v, twice %v", f.told(), f.problems)
	}
}

func canceled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func BenchmarkUnpack(b *testing.B) {
	h := testHub(nil)
	publish(b, h, item("a", "some-id", strings.Repeat("x", 200)))
	s := h.shard("a")
	for b.Loop() {
		b.StopTimer()
		rest(h)
		b.StartTimer()
		s.release(s.acquire("a", false))
	}
}
