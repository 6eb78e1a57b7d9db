package bench

import (
	"encoding/json"
	"testing"
	"time"
)

func TestPartsAddUpAfterTheirJourney(t *testing.T) {
	sum := newPart()
	for i := range 3 {
		p := newPart()
		p.Opened, p.Due, p.Delivered, p.Until = 1, 10, int64(i), time.Duration(i)
		p.Failed["no"] = 1
		p.Ended["gone"] = i
		p.Stuck = stuckPart{Streams: 1, Silent: 1}
		p.Latency.add(time.Duration(i+1) * time.Millisecond)
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		arrived := new(part)
		if err := json.Unmarshal(text, arrived); err != nil {
			t.Fatal(err)
		}
		sum.add(arrived)
	}
	if sum.Opened != 3 || sum.Due != 30 || sum.Delivered != 3 || sum.Until != 2 || sum.Failed["no"] != 3 || sum.Ended["gone"] != 3 || sum.Stuck.Silent != 3 {
		t.Errorf("%+v", sum)
	}
	if s := sum.Latency.summary(); s.Count != 3 || s.Max != 3000 || s.Mean != 2000 {
		t.Errorf("latency %+v", s)
	}
}
