package reload

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// watch is how often a rig looks at its files.
const watch = 2 * time.Second

// rig is a reloader in a bubble, whose settings are one file. The reloader's mutex
// guards what Apply, Files and Every use.
type rig struct {
	*Reloader
	t       *testing.T
	file    string
	signals chan os.Signal
	end     context.CancelFunc
	metrics *Metrics
	log     *observer.ObservedLogs

	every time.Duration
	read  []string // what Apply was called for, and what the file said
	last  string   // as of Apply
	err   error    // of the next Apply
	out   Outcome
	took  time.Duration // of each Apply
}

func newRig(t *testing.T) *rig {
	core, log := observer.New(zap.DebugLevel)
	r := &rig{
		t: t, file: filepath.Join(t.TempDir(), "settings"), signals: make(chan os.Signal, 1), every: watch, log: log,
		metrics: NewMetrics(prometheus.NewRegistry()), out: Outcome{Changed: []string{"a"}}, last: "first",
	}
	r.write("first")
	r.Reloader = New(Options{
		Apply: r.apply,
		Files: func() []string { return []string{r.file} },
		Every: func() time.Duration { return r.every },

		Metrics: r.metrics,
		Log:     zap.New(core),
	})
	return r
}

func (r *rig) apply(t Trigger) (Outcome, error) {
	time.Sleep(r.took)
	text, err := os.ReadFile(r.file)
	if err != nil {
		text = []byte("missing")
	}
	if t == File && string(text) == r.last {
		return Outcome{}, ErrSeen
	}
	r.last = string(text)
	r.read = append(r.read, fmt.Sprintf("%s %s", t, text))
	return r.out, r.err
}

func (r *rig) write(text string) {
	if err := os.WriteFile(r.file, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// start runs the reloader until the bubble ends.
func (r *rig) start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.Run(ctx, r.signals)
	}()
	r.end = func() { cancel(); <-done }
}

// want compares what was read.
func (r *rig) want(read ...string) {
	r.t.Helper()
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if got, want := strings.Join(r.read, ", "), strings.Join(read, ", "); got != want {
		r.t.Errorf("read %q, want %q", got, want)
	}
}

// bubble runs f in fake time.
func bubble(t *testing.T, f func(t *testing.T, r *rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.start()
		defer func() { r.end() }()
		f(t, r)
	})
}

func TestAFileThatHasChangedIsRead(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		time.Sleep(10 * watch)
		r.want()
		r.write("second")
		time.Sleep(2 * watch)
		r.want("file second")
		time.Sleep(10 * watch)
		r.want("file second")
	})
}

func TestAChangeBeforeTheFirstLookIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.write("meanwhile")
		r.start()
		defer func() { r.end() }()
		time.Sleep(2 * watch)
		r.want("file meanwhile")
	})
}

func TestABurstOfChangesIsReadOnceWhenItIsOver(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		time.Sleep(watch - 50*time.Millisecond)
		for i := range 10 {
			r.write(strings.Repeat("x", i))
			time.Sleep(settling / 2)
		}
		r.want()
		time.Sleep(watch)
		r.want("file " + strings.Repeat("x", 9))
	})
}

func TestAFileThatNeverStandsStillIsReadAllTheSame(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		for i := range 200 {
			r.write(strings.Repeat("x", i))
			time.Sleep(settling / 2)
		}
		synctest.Wait()
		r.mu.Lock()
		defer r.mu.Unlock()
		if len(r.read) == 0 || len(r.read) > 5 {
			t.Errorf("read %d times", len(r.read))
		}
	})
}

// TestALinkThatIsSwappedIsAChange does what Kubernetes does to update a volume: the
// file is a link through ..data, which is renamed over.
func TestALinkThatIsSwappedIsAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		dir := t.TempDir()
		publish := func(version, text string) {
			if err := errors.Join(
				os.Mkdir(filepath.Join(dir, version), 0o700),
				os.WriteFile(filepath.Join(dir, version, "settings"), []byte(text), 0o600),
				os.Symlink(version, filepath.Join(dir, "..data_tmp")),
				os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")),
			); err != nil {
				t.Fatal(err)
			}
		}
		publish("..one", "first")
		r.file = filepath.Join(dir, "settings")
		if err := os.Symlink(filepath.Join("..data", "settings"), r.file); err != nil {
			t.Fatal(err)
		}
		r.start()
		defer func() { r.end() }()
		time.Sleep(2 * watch)
		r.want()
		publish("..two", "other") // of the same length, in the same second
		time.Sleep(2 * watch)
		r.want("file other")
	})
}

func TestAFileThatGoesAndComesBackIsAChange(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		time.Sleep(2 * watch)
		if err := os.Remove(r.file); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * watch)
		r.write("back")
		time.Sleep(2 * watch)
		r.want("file missing", "file back")
	})
}

func TestNobodyLooksWhereItIsNotWanted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.every = 0
		r.start()
		defer func() { r.end() }()
		r.write("second")
		time.Sleep(time.Hour)
		r.want()
		r.mu.Lock()
		r.every = watch
		r.mu.Unlock()
		if _, err := r.Reload(); err != nil {
			t.Fatal(err)
		}
		r.write("third")
		time.Sleep(2 * watch)
		r.want("request second", "file third")
	})
}

func TestSignalsDuringAReloadAreOne(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.mu.Lock()
		r.took = time.Second
		r.mu.Unlock()
		for range 10 {
			select {
			case r.signals <- os.Interrupt:
			default:
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		r.want("signal first", "signal first")
	})
}

func TestReloadsAreOneAfterTheOther(t *testing.T) {
	var under atomic.Int32
	o := newRig(t).options
	o.Apply = func(Trigger) (Outcome, error) {
		if under.Add(1) > 1 {
			t.Error("two at once")
		}
		runtime.Gosched()
		under.Add(-1)
		return Outcome{}, nil
	}
	r := New(o)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() { r.Reload() })
	}
	all.Wait()
}

func TestAfterTheEndNothingIsRead(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.end()
		r.signals <- os.Interrupt
		r.write("second")
		time.Sleep(time.Hour)
		if _, err := r.Reload(); !errors.Is(err, ErrEnding) {
			t.Errorf("got %v", err)
		}
		r.want()
	})
}

func TestWhatCameOfAReloadIsLoggedAndCounted(t *testing.T) {
	tests := []struct {
		name    string
		out     Outcome
		err     error
		counted result
		logged  []string
	}{
		{"applied", Outcome{Changed: []string{"routes"}}, nil, applied, []string{"configuration reloaded"}},
		{"nothing to apply", Outcome{}, nil, unchanged, []string{"configuration read again, nothing to apply"}},
		{
			"a part needs a restart", Outcome{Changed: []string{"routes"}, Restart: []string{"listen"}}, nil, applied,
			[]string{"configuration reloaded", "changed settings need a restart"},
		},
		{
			"refused", Outcome{}, errors.Join(errors.New("one"), fmt.Errorf("two: %w", os.ErrNotExist)), refused,
			[]string{"configuration refused, the one before stays"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t)
				since := testutil.ToFloat64(r.metrics.success)
				r.out, r.err = tt.out, tt.err
				time.Sleep(time.Minute)
				r.Reload()
				for res, c := range r.metrics.reloads {
					if got := testutil.ToFloat64(c); got != 1 && res == tt.counted || got != 0 && res != tt.counted {
						t.Errorf("%v reloads are %s", got, res)
					}
				}
				if later := testutil.ToFloat64(r.metrics.success) > since; later != (tt.err == nil) {
					t.Errorf("the last success is later: %v", later)
				}
				var logged []string
				for _, line := range r.log.All() {
					logged = append(logged, line.Message)
				}
				if got, want := strings.Join(logged, "; "), strings.Join(tt.logged, "; "); got != want {
					t.Errorf("logged %q, want %q", got, want)
				}
			})
		})
	}
}

func TestProblemsAreListedOneByOne(t *testing.T) {
	err := errors.Join(errors.New("a"), errors.Join(errors.New("b"), fmt.Errorf("c: %w", errors.New("d"))))
	if got := strings.Join(Problems(err), "|"); got != "a|b|c: d" {
		t.Errorf("got %q", got)
	}
}
