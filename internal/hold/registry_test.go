package hold

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAdmission(t *testing.T) {
	r := newRegistry(2)
	for range 2 {
		if err := r.admit(); err != nil {
			t.Fatalf("below the limit: %v", err)
		}
	}
	if err := r.admit(); !errors.Is(err, ErrFull) {
		t.Errorf("at the limit: %v, want ErrFull", err)
	}
	r.release()
	if err := r.admit(); err != nil {
		t.Errorf("after a release: %v", err)
	}
	r.close(ReasonDrain)
	r.release()
	if err := r.admit(); !errors.Is(err, ErrDraining) {
		t.Errorf("while draining: %v, want ErrDraining", err)
	}
}

func TestNoLimitAdmitsEverybody(t *testing.T) {
	r := newRegistry(0)
	for range 10_000 {
		if err := r.admit(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWhoIsSeatedDuringADrainIsToldToEnd(t *testing.T) {
	h := New(Options{})
	for range 2 {
		if err := h.Admit(); err != nil {
			t.Fatal(err)
		}
	}
	h.registry.close(ReasonDrain)
	var c counter
	if reason := h.registry.seat(&Seat{waiter: &c}); reason != ReasonDrain {
		t.Errorf("seated with %q, want %q", reason, ReasonDrain)
	}
	h.cutAll()
	if c.ends != 1 {
		t.Errorf("a waiter was told to end %d times, want once", c.ends)
	}
	if reason := h.registry.seat(&Seat{waiter: &c}); reason != ReasonShutdown {
		t.Errorf("seated with %q, want %q", reason, ReasonShutdown)
	}
}

func TestSeatsComeAndGoInAnyOrder(t *testing.T) {
	r := newRegistry(0)
	seats := make([]Seat, 5)
	for i := range seats {
		r.admit()
		r.seat(&seats[i])
	}
	for _, i := range []int{2, 0, 4} {
		r.unseat(&seats[i])
	}
	left := r.close(ReasonDrain)
	if len(left) != 2 || left[0] != &seats[3] && left[1] != &seats[3] || left[0] != &seats[1] && left[1] != &seats[1] {
		t.Errorf("%d seats are left, want the second and the fourth", len(left))
	}
	r.unseat(&seats[1])
	r.unseat(&seats[3])
	if err := r.wait(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestDrainWaitsForAdmittedPlaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New(Options{})
		if err := h.Admit(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		time.AfterFunc(20*time.Second, h.Release)
		start := time.Now()
		if err := h.Drain(ctx, 5*time.Second); err != nil {
			t.Error(err)
		}
		if got := time.Since(start); got != 20*time.Second {
			t.Errorf("took %v, want 20s", got)
		}
	})
}

// moment notes when it is ended.
type moment struct{ at time.Time }

func (m *moment) Kick()      {}
func (m *moment) End(Reason) { m.at = time.Now() }

func TestDrainSpreadsEndsEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moments := make([]moment, 1000)
		var seats []*Seat
		for i := range moments {
			seats = append(seats, &Seat{waiter: &moments[i]})
		}
		start := time.Now()
		spread(t.Context(), seats, 5*time.Second)
		for i, m := range moments {
			if got, want := m.at.Sub(start), time.Duration(i)*5*time.Millisecond; got != want {
				t.Fatalf("end %d after %v, want %v", i, got, want)
			}
		}
	})
}
