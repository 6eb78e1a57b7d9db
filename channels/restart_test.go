package channels

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
)

func TestFollowersOfAnOrderThatEndedWhileTheyWaitedAreTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := fedHub(nil)
		followed := make(chan error)
		go func() {
			_, err := h.Follow(t.Context(), Follow{Subscriptions: subs("a"), Group: new(quiet)})
			followed <- err
		}()
		synctest.Wait()
		h.Restart(NewEpoch())
		h.Fill("a", History{})
		if err := <-followed; !errors.Is(err, ErrClosed) {
			t.Errorf("error %v", err)
		}
		if n := h.Stats().IdleChannels; n != 1 {
			t.Errorf("%d channels without readers", n)
		}
	})
}

// Or the stream would be silent until the new order has come as far.
func TestAStreamCannotStartAtAPlaceOfAnOrderThatWentFurther(t *testing.T) {
	h, _ := fedHub(nil)
	h.Learn(100)
	live := h.Head().Seq
	h.Restart(NewEpoch())
	fill(t, h, 5, "a")
	_, err := h.Follow(t.Context(), Follow{Subscriptions: subs("a"), Live: live, Group: new(quiet)})
	if !errors.Is(err, ErrClosed) {
		t.Errorf("error %v", err)
	}
}

// Each order of this test comes less far than the one before it.
func TestTheHeadIsOfOneOrder(t *testing.T) {
	const orders = 2000
	h, _ := fedHub(nil)
	epoch := func(i int) string { return fmt.Sprintf("order%07d", i) }
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for i := 0; i < orders-1; {
				p := h.Head()
				if _, err := fmt.Sscanf(p.Epoch, "order%d", &i); err == nil && p.Seq > uint64(orders-i) {
					t.Errorf("%v is of no order", p)
					return
				}
			}
		})
	}
	for i := range orders {
		h.Restart(epoch(i))
		h.Learn(uint64(orders - i))
	}
	wg.Wait()
}
