package hold

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestAdmission(t *testing.T) {
	r := NewRegistry(2)
	for range 2 {
		if err := r.Admit(); err != nil {
			t.Fatalf("below the limit: %v", err)
		}
	}
	if err := r.Admit(); !errors.Is(err, ErrFull) {
		t.Errorf("at the limit: %v, want ErrFull", err)
	}
	r.Release()
	if err := r.Admit(); err != nil {
		t.Errorf("after a release: %v", err)
	}
	r.close(ReasonDrain)
	r.Release()
	if err := r.Admit(); !errors.Is(err, ErrDraining) {
		t.Errorf("while draining: %v, want ErrDraining", err)
	}
}

func TestALowerLimitEndsNobodyAndAdmitsNobody(t *testing.T) {
	r := NewRegistry(0)
	for range 3 {
		if err := r.Admit(); err != nil {
			t.Fatal(err)
		}
	}
	r.Limit(2)
	r.Release()
	if err := r.Admit(); !errors.Is(err, ErrFull) {
		t.Errorf("at the new limit: %v, want ErrFull", err)
	}
	r.Limit(3)
	if err := r.Admit(); err != nil {
		t.Errorf("below a higher one: %v", err)
	}
}

func TestNoLimitAdmitsEverybody(t *testing.T) {
	r := NewRegistry(0)
	for range 10_000 {
		if err := r.Admit(); err != nil {
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
	h.registry.Enter(new(Ticket), &c)
	if c.ends != 1 {
		t.Errorf("told to end %d times on entering, want once", c.ends)
	}
	h.registry.CutOff()
	if c.ends != 2 {
		t.Errorf("told to end %d times at the shutdown, want once more", c.ends)
	}
	h.registry.Enter(new(Ticket), &c)
	if c.ends != 3 {
		t.Errorf("told to end %d times on entering after it, want once more", c.ends)
	}
}

func TestTicketsComeAndGoInAnyOrder(t *testing.T) {
	r := NewRegistry(0)
	tickets := make([]Ticket, 5)
	for i := range tickets {
		r.Admit()
		r.Enter(&tickets[i], new(counter))
	}
	for _, i := range []int{2, 0, 4} {
		r.Leave(&tickets[i])
	}
	left := r.close(ReasonDrain)
	if len(left) != 2 || left[0] != &tickets[3] && left[1] != &tickets[3] || left[0] != &tickets[1] && left[1] != &tickets[1] {
		t.Errorf("%d tickets are left, want the second and the fourth", len(left))
	}
	r.Leave(&tickets[1])
	r.Leave(&tickets[3])
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

func (m *moment) End(Reason) { m.at = time.Now() }

func TestDrainSpreadsEndsEvenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		moments := make([]moment, 1000)
		var tickets []*Ticket
		for i := range moments {
			tickets = append(tickets, &Ticket{holder: &moments[i]})
		}
		start := time.Now()
		spread(t.Context(), tickets, 5*time.Second)
		for i, m := range moments {
			if got, want := m.at.Sub(start), time.Duration(i)*5*time.Millisecond; got != want {
				t.Fatalf("end %d after %v, want %v", i, got, want)
			}
		}
	})
}
