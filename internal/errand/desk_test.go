package errand

import (
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// notes are what the runs of a desk were given, and when.
type notes struct {
	mu   sync.Mutex
	runs []run
	busy int
	peak int
	took time.Duration // of each
}

type run struct {
	at      time.Duration
	members []string
}

func (n *notes) desk(o Options) *Desk[string] {
	start := time.Now()
	return New(o, func(ctx context.Context, members []string) {
		n.mu.Lock()
		n.runs = append(n.runs, run{time.Since(start), members})
		n.busy++
		n.peak = max(n.peak, n.busy)
		n.mu.Unlock()
		select {
		case <-time.After(n.took):
		case <-ctx.Done():
		}
		n.mu.Lock()
		n.busy--
		n.mu.Unlock()
	})
}

func TestErrandsOfOneKeyThatHaveNotBegunAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notes{took: time.Second}
		d := n.desk(Options{Concurrent: 10, PerSecond: 1000})
		defer d.Close()
		d.Add("a", "1", time.Second)
		d.Add("b", "2", time.Second)
		d.Add("a", "3", 0)
		d.Add("", "4", time.Second)
		d.Add("", "5", time.Second)
		time.Sleep(1500 * time.Millisecond) // a has begun
		d.Add("a", "6", 0)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		var got [][]string
		for _, r := range n.runs {
			got = append(got, r.members)
		}
		slices.SortFunc(got, func(a, b []string) int { return slices.Compare(a, b) })
		want := [][]string{{"1", "3"}, {"2"}, {"4"}, {"5"}, {"6"}}
		if !slices.EqualFunc(got, want, slices.Equal) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestFewAreUnderWayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notes{took: time.Second}
		d := n.desk(Options{Concurrent: 7, PerSecond: 1e6})
		defer d.Close()
		for i := range 100 {
			d.Add("", strconv.Itoa(i), 0)
		}
		if err := d.Wait(t.Context()); err != nil || len(n.runs) != 100 || n.peak != 7 {
			t.Errorf("%d ran, %d at once, %v", len(n.runs), n.peak, err)
		}
	})
}

func TestFewBeginInASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notes{}
		d := n.desk(Options{Concurrent: 5, PerSecond: 10})
		defer d.Close()
		for i := range 105 {
			d.Add("", strconv.Itoa(i), 0)
		}
		start := time.Now()
		if err := d.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start).Round(100 * time.Millisecond); took != 10*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestErrandsAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notes{}
		d := n.desk(Options{Concurrent: 100, PerSecond: 1e6, Spread: time.Second})
		defer d.Close()
		for i := range 100 {
			d.Add("", strconv.Itoa(i), time.Second)
		}
		if err := d.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		first, last := n.runs[0].at, n.runs[99].at
		if first < time.Second || last > 2*time.Second || last-first < 500*time.Millisecond {
			t.Errorf("from %v to %v", first, last)
		}
	})
}

func TestADeskThatIsFullTakesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notes{}
		d := n.desk(Options{Concurrent: 1, PerSecond: 1, Waiting: 2})
		defer d.Close()
		if !d.Add("a", "1", 0) || !d.Add("a", "2", 0) || d.Add("a", "3", 0) {
			t.Error("not two are taken")
		}
		time.Sleep(time.Second)
		if !d.Add("a", "4", 0) {
			t.Error("refused although there is room")
		}
	})
}

func TestCloseTellsWhoWasNotServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notes{took: time.Hour}
		d := n.desk(Options{Concurrent: 1, PerSecond: 1e6})
		d.Add("", "under way", 0)
		synctest.Wait()
		d.Add("", "due", 0)
		d.Add("k", "delayed", time.Hour)
		synctest.Wait()
		left := d.Close()
		slices.Sort(left)
		if !slices.Equal(left, []string{"delayed", "due"}) {
			t.Errorf("left %v", left)
		}
		if d.Add("", "late", 0) {
			t.Error("a closed desk takes errands")
		}
	})
}

// Who is served is not left, and who is left is not served, wherever Close hits.
func TestCloseCountsNobodyTwice(t *testing.T) {
	for range 500 {
		var served atomic.Int64
		d := New(Options{Concurrent: 4, PerSecond: 1e9}, func(_ context.Context, members []int) {
			served.Add(int64(len(members)))
		})
		for i := range 20 {
			d.Add("", i, 0)
		}
		runtime.Gosched()
		if left := len(d.Close()); int(served.Load())+left != 20 {
			t.Fatalf("%d served, %d left of 20", served.Load(), left)
		}
	}
}

func TestTheBacklogIsWhatHasNotBegun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := notes{took: time.Hour}
		d := n.desk(Options{Concurrent: 1, PerSecond: 1e6})
		defer d.Close()
		for _, key := range []string{"a", "b", "b", "c"} {
			d.Add(key, "1", 0)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if got := d.Backlog(); got != 2 {
			t.Errorf("got %d, want 2", got)
		}
	})
}

func TestBackoffDoubles(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		0: time.Second, 1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 5: 16 * time.Second, 9: 16 * time.Second,
	} {
		if got := Backoff(time.Second, failures); got < want || got >= want+time.Second {
			t.Errorf("after %d failures %v", failures, got)
		}
	}
}
