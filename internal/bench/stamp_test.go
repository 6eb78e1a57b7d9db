package bench

import "testing"

func TestAStampIsReadAsItWasWritten(t *testing.T) {
	want := stamp{"RUN", 17, 123456, 987654321}
	for _, size := range []int{0, 40, 500} {
		data := want.appendTo(nil, size)
		if len(data) < size || len(data) > max(size, stampMax) {
			t.Errorf("size %d: %d bytes", size, len(data))
		}
		if got, ok := parseStamp(data[:min(len(data), stampMax)], "RUN"); !ok || got != want {
			t.Errorf("size %d: read %+v, %v", size, got, ok)
		}
	}
}

func TestOtherDataIsNoStamp(t *testing.T) {
	tests := map[string]string{
		"nothing":               "",
		"another run's":         "hf1 OTHER 1 2 3 ",
		"too few numbers":       "hf1 RUN 1 2 ",
		"a number cut off":      "hf1 RUN 1 2 3",
		"what is not a number":  "hf1 RUN 1 x 3 ",
		"a number below zero":   "hf1 RUN 1 -2 3 ",
		"somebody else's event": `{"text": "hello"}`,
	}
	for name, data := range tests {
		t.Run(name, func(t *testing.T) {
			if s, ok := parseStamp([]byte(data), "RUN"); ok {
				t.Errorf("%q was read as %+v", data, s)
			}
		})
	}
}
