package bench

import (
	"strings"
	"testing"
)

func TestEachDialectSaysTheSameInItsWay(t *testing.T) {
	tests := map[string]struct {
		id                bool
		path, first, body string
	}{
		GRIP:  {true, "/publish/", `"a b"`, `{"items":[{"channel":"a b","formats":{"http-stream":{"content":"id: 7\ndata: hf1 run 0 7 5 \n\n"}}},{"channel":"a b","formats":{"http-stream":{"content":"data: hf1 run 0 8 5 \n\n"}}}]}`},
		Nchan: {false, "/pub?channel=a+b", "a+b", "hf1 run 0 7 5 "},
		Plain: {false, "/publish/", "a+b", "a+b 22\ndata: hf1 run 0 7 5 \n\na+b 22\ndata: hf1 run 0 8 5 \n\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			d := speak(name)
			channel := d.escape("a b")
			if channel != tt.first {
				t.Errorf("channel %q, want %q", channel, tt.first)
			}
			items := []item{{channel, stamp{"run", 0, 7, 5}, 0, tt.id}, {channel, stamp{"run", 0, 8, 5}, 0, false}}
			path, single := d.target(items)
			if path != tt.path || single != (name == Nchan) {
				t.Errorf("path %q, single %v", path, single)
			}
			if got := string(d.append(nil, items)); got != tt.body {
				t.Errorf("body\n%s\nwant\n%s", got, tt.body)
			}
		})
	}
	if speak("latin") != nil || !strings.Contains((Config{Dialect: "latin", ControlURL: "x"}).Validate().Error(), `dialect "latin": needs grip, nchan or plain`) {
		t.Error("an unknown dialect is no mistake")
	}
}

func TestEveryTenthItemIsForAll(t *testing.T) {
	p := newPublisher(Config{Dialect: Nchan, Channel: "c-{i}", Streams: 3, Common: "all"}, "run")
	var order strings.Builder
	for range 21 {
		order.WriteString(p.nextItem(0).channel[2:])
	}
	if got, want := order.String(), "l012012012l012012012l"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
