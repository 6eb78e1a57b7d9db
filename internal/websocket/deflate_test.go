package websocket

import (
	"bytes"
	"compress/flate"
	"errors"
	"strings"
	"testing"
)

// deflated compresses messages one after the other, each with what those before
// have said if takes is set.
func deflated(t *testing.T, takes bool, messages ...string) [][]byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, m := range messages {
		if !takes {
			w.Reset(&b)
		}
		if _, err := w.Write([]byte(m)); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		out = append(out, bytes.TrimSuffix(bytes.Clone(b.Bytes()), []byte("\x00\x00\xff\xff")))
		b.Reset()
	}
	return out
}

func TestCompressedMessagesAreReadAgain(t *testing.T) {
	messages := []string{"hello hello", "", strings.Repeat("hello ", 20_000), "hello hello", strings.Repeat("x", 1000)}
	for _, takes := range []bool{false, true} {
		d := inflater{limit: 1 << 20, takes: takes}
		for i, data := range deflated(t, takes, messages...) {
			half := len(data) / 2
			if _, ok, err := d.add(part{first: true, payload: data[:half]}); ok || err != nil {
				t.Fatalf("half a message: %v, %v", ok, err)
			}
			got, ok, err := d.add(part{last: true, payload: data[half:]})
			if err != nil || !ok || string(got) != messages[i] {
				t.Fatalf("takes %v, message %d: %.20q, %v, %v", takes, i, got, ok, err)
			}
		}
	}
}

func TestACompressedMessageIsBounded(t *testing.T) {
	bomb := deflated(t, false, strings.Repeat("x", 1<<20))[0]
	for limit, want := range map[int64]error{1 << 20: nil, 1<<20 - 1: errTooBig} {
		d := inflater{limit: limit}
		if _, _, err := d.add(part{first: true, last: true, payload: bomb}); !errors.Is(err, want) {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
	d := inflater{limit: 100}
	if _, _, err := d.add(part{first: true, last: true, payload: []byte("rubbish")}); err == nil || errors.Is(err, errTooBig) {
		t.Errorf("rubbish: %v", err)
	}
}

func FuzzInflater(f *testing.F) {
	f.Add([]byte("\xf2H\xcd\xc9\xc9\x07\x00"), []byte("\xf2\x00\x11\x00\x00"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		d := inflater{limit: 1 << 16, takes: true}
		for _, data := range [][]byte{a, b} {
			if got, ok, err := d.add(part{first: true, last: true, payload: data}); ok != (err == nil) || len(got) > 1<<16 {
				t.Errorf("%d bytes, %v, %v", len(got), ok, err)
			}
		}
	})
}
