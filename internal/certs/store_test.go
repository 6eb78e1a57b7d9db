package certs

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
)

// rig is a store with one certificate, in a bubble of fake time.
type rig struct {
	*testing.T
	*Store
	authority *certstest.Authority
	dir       string
	pair      Pair
	cert      *Certificate
	log       *observer.ObservedLogs
	metrics   *prometheus.Registry
}

// run has test work with a certificate for one.example while the store looks.
func run(t *testing.T, test func(r *rig)) {
	authority, dir := certstest.NewAuthority(t, "authority"), t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		core, log := observer.New(zap.DebugLevel)
		r := &rig{T: t, authority: authority, dir: dir, log: log, metrics: prometheus.NewRegistry()}
		r.Store = New(Options{Metrics: NewMetrics(r.metrics), Log: zap.New(core)})
		cert, key := r.issue("one.example").Write(t, dir)
		var err error
		r.pair = Pair{cert, key}
		if r.cert, err = r.Certificate(r.pair); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Store.Run(ctx) }()
		test(r)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func (r *rig) issue(names ...string) certstest.Pair { return r.authority.Issue(r.T, names...) }

// looks lets the store look n times.
func (r *rig) looks(n int) {
	time.Sleep(time.Duration(n) * interval)
	synctest.Wait()
}

// want checks whose certificate is current.
func (r *rig) want(name string) {
	r.Helper()
	if got := r.cert.Current().Leaf.DNSNames[0]; got != name {
		r.Errorf("the certificate of %s is current, want that of %s", got, name)
	}
}

// refusals counts the lines about files of no use.
func (r *rig) refusals() int {
	return r.log.FilterMessage("a changed file is of no use, what was read before stays").Len()
}

func TestAChangedCertificateIsTakenUpAfterTwoLooks(t *testing.T) {
	run(t, func(r *rig) {
		r.looks(3)
		r.issue("two.example").Write(r, r.dir)
		r.looks(1)
		r.want("one.example")
		r.looks(1)
		r.want("two.example")
		if n := r.log.FilterMessage("file loaded").Len(); n != 2 {
			r.Errorf("%d loads are logged, want 2", n)
		}
	})
}

func TestReloadDoesNotWait(t *testing.T) {
	run(t, func(r *rig) {
		r.issue("two.example").Write(r, r.dir)
		if err := r.Reload([]string{r.pair.Cert}); err != nil {
			r.Error(err)
		}
		r.want("two.example")
	})
}

func TestABrokenFileLeavesTheOldCertificateAndIsToldOnce(t *testing.T) {
	for name, damage := range map[string]func(r *rig){
		"rubbish":            func(r *rig) { certstest.WriteFile(r, r.dir, "cert.pem", []byte("rubbish")) },
		"a file that is not": func(r *rig) { os.Remove(filepath.Join(r.dir, "key.pem")) },
		"a key of another":   func(r *rig) { certstest.WriteFile(r, r.dir, "key.pem", r.issue("x.example").Key) },
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(r *rig) {
				damage(r)
				r.looks(10)
				r.want("one.example")
				if n := r.refusals(); n != 1 {
					r.Errorf("%d lines, want 1", n)
				}
				if err := r.Reload([]string{r.pair.Cert}); err == nil || !strings.Contains(err.Error(), ".pem: ") {
					r.Errorf("Reload says %v", err)
				}
				r.issue("two.example").Write(r, r.dir)
				r.looks(2)
				r.want("two.example")
			})
		})
	}
}

func TestACertificateWhoseKeyComesLaterIsNoTrouble(t *testing.T) {
	run(t, func(r *rig) {
		next := r.issue("two.example")
		certstest.WriteFile(r, r.dir, "cert.pem", next.Cert)
		r.looks(1)
		certstest.WriteFile(r, r.dir, "key.pem", next.Key)
		r.looks(2)
		r.want("two.example")
		if n := r.refusals(); n != 0 {
			r.Errorf("%d lines about files of no use", n)
		}
	})
}

// As Kubernetes does with a secret: the files are links through ..data, which is
// a link itself and is replaced by another.
func TestASecretWhoseLinkIsSwappedIsTakenUp(t *testing.T) {
	run(t, func(r *rig) {
		mount := r.TempDir()
		swap := func(version string, p certstest.Pair) {
			dir := filepath.Join(mount, version)
			if err := os.Mkdir(dir, 0o700); err != nil {
				r.Fatal(err)
			}
			p.Write(r, dir)
			next := filepath.Join(mount, "..data_tmp")
			if err := os.Symlink(version, next); err != nil {
				r.Fatal(err)
			}
			if err := os.Rename(next, filepath.Join(mount, "..data")); err != nil {
				r.Fatal(err)
			}
		}
		swap("..1", r.issue("mounted.example"))
		for _, name := range []string{"cert.pem", "key.pem"} {
			if err := os.Symlink(filepath.Join("..data", name), filepath.Join(mount, name)); err != nil {
				r.Fatal(err)
			}
		}
		var err error
		if r.cert, err = r.Certificate(Pair{filepath.Join(mount, "cert.pem"), filepath.Join(mount, "key.pem")}); err != nil {
			r.Fatal(err)
		}
		r.want("mounted.example")
		swap("..2", r.issue("swapped.example"))
		r.looks(2)
		r.want("swapped.example")
	})
}

// A tool that deploys files with their old times changes no time.
func TestAChangeThatKeepsTheTimesIsTakenUp(t *testing.T) {
	run(t, func(r *rig) {
		path := filepath.Join(r.dir, "cert.pem")
		before, err := os.Stat(path)
		if err != nil {
			r.Fatal(err)
		}
		r.issue("two.example").Write(r, r.dir)
		if err := os.Chtimes(path, before.ModTime(), before.ModTime()); err != nil {
			r.Fatal(err)
		}
		r.looks(2)
		r.want("two.example")
	})
}

func TestMetricsTellOfChangesAndExpiry(t *testing.T) {
	run(t, func(r *rig) {
		path := filepath.Join(r.dir, "cert.pem")
		certstest.WriteFile(r, r.dir, "cert.pem", []byte("rubbish"))
		r.looks(3)
		counts := r.Store.metrics.file(path)
		if loaded, refused := testutil.ToFloat64(counts.loaded), testutil.ToFloat64(counts.refused); loaded != 1 || refused != 1 {
			r.Errorf("%v loaded, %v refused", loaded, refused)
		}
		expiry := testutil.ToFloat64(r.Store.metrics.expiry.WithLabelValues(path))
		if want := r.cert.Current().Leaf.NotAfter.Unix(); expiry != float64(want) {
			r.Errorf("expires at %v, want %v", expiry, want)
		}
	})
}

func TestFilesThatAreOfNoUseAtTheStartAreRefused(t *testing.T) {
	dir := t.TempDir()
	s := New(Options{Log: zap.NewNop()})
	if _, err := s.Certificate(Pair{filepath.Join(dir, "absent"), "b"}); err == nil || !strings.Contains(err.Error(), "absent") {
		t.Errorf("got %v", err)
	}
	empty := certstest.WriteFile(t, dir, "empty.pem", nil)
	if _, err := s.Authority(empty); err == nil || !strings.Contains(err.Error(), "empty.pem: it holds no certificate") {
		t.Errorf("got %v", err)
	}
	if err := s.Reload([]string{"b", empty}); err != nil {
		t.Errorf("what was refused is looked at again: %v", err)
	}
}

func TestWhatIsNotRetainedIsNotLookedAtAndIsInNoMetric(t *testing.T) {
	run(t, func(r *rig) {
		other := Pair{certstest.WriteFile(r, r.dir, "b.pem", r.issue("b.example").Cert), certstest.WriteFile(r, r.dir, "b.key", nil)}
		if _, err := r.Certificate(other); err == nil {
			r.Error("a certificate without a key is of use")
		}
		if _, err := r.Certificate(Pair{r.pair.Cert, other.Key}); err == nil {
			r.Error("a certificate without a key is of use")
		}
		labels := func() int {
			return testutil.CollectAndCount(r.Store.metrics.expiry) + testutil.CollectAndCount(r.Store.metrics.reads)
		}
		if n := labels(); n != 3 {
			r.Errorf("%d metrics for one certificate, want 3: what was refused has some", n)
		}
		r.Retain([]string{r.pair.Key})
		r.issue("two.example").Write(r, r.dir)
		r.looks(2)
		r.want("two.example")
		r.Retain(nil)
		if n := labels(); n != 0 {
			r.Errorf("%d metrics for no certificate", n)
		}
		certstest.WriteFile(r, r.dir, "key.pem", nil)
		r.looks(3)
		if err := r.Reload([]string{r.pair.Cert, r.pair.Key}); err != nil || r.refusals() > 0 {
			r.Errorf("what is not retained is looked at: %v", err)
		}
		r.want("two.example")
	})
}
