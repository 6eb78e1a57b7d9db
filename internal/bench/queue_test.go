package bench

import "testing"

func TestTheLongestQueuesAreReported(t *testing.T) {
	all := []queue{{0, 0}, {5, 90}, {9, 50}, {7, 60}, {0, 0}}
	if got, want := *queueReport(all, 3), (QueueReport{9, 7, 90}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got, want := *queueReport(all, 30), (QueueReport{9, 5, 90}); got != want {
		t.Errorf("fewer than asked for: %+v, want %+v", got, want)
	}
}
