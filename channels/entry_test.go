package channels

import "testing"

func TestAnEntryTellsWhatItsEncoderNotedAndWhoReadIt(t *testing.T) {
	hub := NewHub(DefaultOptions())
	defer hub.Close()
	noted := Item{Channel: "b", Encode: func(Position) Encoded {
		e := Encoded{Buf: []byte("note7x"), ItemID: Span{Off: 4, Len: 1}}
		e.Forms[0] = Span{Off: 5, Len: 1}
		return e
	}}
	plain := Item{Channel: "a", Encode: func(Position) Encoded {
		e := Encoded{Buf: []byte("y")}
		e.Forms[0] = Span{Len: 1}
		return e
	}}
	c, other := follow(t, hub, "none", "a", "b"), follow(t, hub, "b")
	defer c.Close()
	defer other.Close()
	if _, err := hub.Publish(t.Context(), noted, plain); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		cursor     *Cursor
		note, id   string
		data       string
		subscribed int
	}{{c, "note", "7", "x", 2}, {c, "", "", "y", 1}, {other, "note", "7", "x", 0}} {
		got, err := want.cursor.Next(nil, 1, 0)
		if err != nil || len(got) != 1 {
			t.Fatalf("%d entries, %v", len(got), err)
		}
		e := &got[0]
		if string(e.Note()) != want.note || string(e.ItemID()) != want.id || string(e.Bytes(0)) != want.data || e.Subscription() != want.subscribed {
			t.Errorf("note %q, id %q, data %q, subscription %d", e.Note(), e.ItemID(), e.Bytes(0), e.Subscription())
		}
	}
}
