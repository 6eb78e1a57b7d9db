package channels

import "testing"

// TestACarriedChannelGoesOnWhereItStands: a stream that moves has read of one channel
// more than where the other begins, and moves again before it has read anything.
func TestACarriedChannelGoesOnWhereItStands(t *testing.T) {
	h := testHub(nil)
	defer h.Close()
	first := follow(t, h, "a")
	say(t, h, "b", "b1")
	say(t, h, "b", "b2")
	say(t, h, "a", "a3", "a4")
	want(t, first, "a3 a4")

	carried := Subscription{Channel: "a", Held: true, Continues: true}
	second := followFrom(t, h, Follow{
		Subscriptions: []Subscription{carried, {Channel: "b"}}, Live: 1,
		Continued: &Continued{Place: first.Place(), Cursor: first},
	})
	first.Close()
	third := followFrom(t, h, Follow{
		Subscriptions: []Subscription{{Channel: "b", Held: true, Continues: true}, carried}, Live: 4,
		Continued: &Continued{Place: second.Place(), Cursor: second},
	})
	second.Close()
	say(t, h, "a", "a5")
	say(t, h, "b", "b6")
	want(t, third, "b2 a5 b6")
	if info, _ := h.Channel("a"); info.Streams != 1 {
		t.Errorf("%d streams follow a", info.Streams)
	}
}
