package grip

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestControlMessagesOfOrigins(t *testing.T) {
	for data, want := range map[string]Control{
		`{"type":"subscribe","channel":"ch"}`:                                                   &Subscribe{Channel: "ch"},
		` {"type": "subscribe", "channel": "ch", "filters": ["skip-self"], "more": 1} `:         &Subscribe{Channel: "ch", Filters: []string{"skip-self"}},
		`{"type":"unsubscribe","channel":"ch"}`:                                                 &Unsubscribe{Channel: "ch"},
		`{"type":"detach"}`:                                                                     &Detach{},
		`{"type":"set-meta","name":"user","value":"al"}`:                                        &SetMeta{Name: "user", Value: "al"},
		`{"type":"set-meta","name":"user"}`:                                                     &SetMeta{Name: "user"},
		`{"type":"keep-alive"}`:                                                                 &SocketKeepAlive{Interval: 55 * time.Second},
		`{"type":"keep-alive","content":"","timeout":0}`:                                        &SocketKeepAlive{Content: []byte{}, Interval: 55 * time.Second},
		`{"type":"keep-alive","message-type":"ping","content":"k","timeout":"2","mode":"idle"}`: &SocketKeepAlive{Message: Ping, Content: []byte("k"), Interval: 2 * time.Second},
		`{"type":"keep-alive","content":"x","content-bin":"AH8=","mode":"interval"}`:            &SocketKeepAlive{Content: []byte{0, 127}, Interval: 55 * time.Second, Always: true},
		`{"type":"send-delayed","message-type":"binary","content-bin":"AP8="}`:                  &SendDelayed{Message: Binary, Content: []byte{0, 255}, Wait: time.Second},
		`{"type":"send-delayed","message-type":"pong","content":"","timeout":3}`:                &SendDelayed{Message: Pong, Content: []byte{}, Wait: 3 * time.Second},
		`{"type":"flush-delayed"}`:                                                              &FlushDelayed{},
	} {
		got, err := ParseControl([]byte(data))
		if err != nil {
			t.Errorf("%s: %v", data, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", data, diff)
		}
	}
}

func TestControlMessagesThatAreRefused(t *testing.T) {
	for data, want := range map[string]string{
		``:                                   "control message is not valid JSON",
		`[]`:                                 "control message is not an object",
		`{"type":1}`:                         "control message contains 'type' with wrong type",
		`{}`:                                 `control message "": has no type`,
		`{"type":"session"}`:                 `control message "session": unknown type`,
		`{"type":"subscribe"}`:               `control message "subscribe": does not contain 'channel'`,
		`{"type":"unsubscribe","channel":1}`: `control message "unsubscribe": message contains 'channel' with wrong type`,
		`{"type":"subscribe","channel":"a","filters":"x"}`:                                           `control message "subscribe": message contains 'filters' with wrong type`,
		`{"type":"subscribe","channel":"a","filters":[1]}`:                                           `control message "subscribe": message contains 'filters' with wrong type`,
		`{"type":"subscribe","channel":"a","filters":["x"]}`:                                         `control message "subscribe": unknown filter "x": it is one of skip-self, skip-users, require-sub, build-id, var-subst`,
		`{"type":"set-meta","value":"x"}`:                                                            `control message "set-meta": does not contain 'name'`,
		`{"type":"keep-alive","content":"x","timeout":-1}`:                                           `control message "keep-alive": message contains 'timeout' with wrong type`,
		`{"type":"keep-alive","content":"x","timeout":31536001}`:                                     `control message "keep-alive": timeout is over 31536000 s`,
		`{"type":"keep-alive","content":"x","mode":"often"}`:                                         `control message "keep-alive": mode must be 'idle' or 'interval', not "often"`,
		`{"type":"keep-alive","content":"x","message-type":"close"}`:                                 `control message "keep-alive": message-type must be 'text', 'binary', 'ping' or 'pong', not "close"`,
		`{"type":"keep-alive","content-bin":"?"}`:                                                    `control message "keep-alive": message contains 'content-bin' that is not valid base64`,
		`{"type":"keep-alive","content-bin":"AP8="}`:                                                 `control message "keep-alive": text is not valid UTF-8; the type is 'binary' for other bytes`,
		`{"type":"send-delayed","content-bin":"AP8="}`:                                               `control message "send-delayed": text is not valid UTF-8; the type is 'binary' for other bytes`,
		`{"type":"send-delayed"}`:                                                                    `control message "send-delayed": does not contain 'content' or 'content-bin'`,
		`{"type":"send-delayed","message-type":"ping","content":"` + strings.Repeat("x", 126) + `"}`: `control message "send-delayed": 126 bytes, at most 125 fit into a ping or pong`,
	} {
		if c, err := ParseControl([]byte(data)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, %v; want %s", data, c, err, want)
		}
	}
}

func FuzzParseControl(f *testing.F) {
	f.Add([]byte(`{"type":"subscribe","channel":"ch","filters":["var-subst"]}`))
	f.Add([]byte(`{"type":"keep-alive","message-type":"ping","content":"k","timeout":"2","mode":"idle"}`))
	f.Add([]byte(`{"type":"send-delayed","content-bin":"AP8="}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseControl(data)
		if (c == nil) == (err == nil) {
			t.Errorf("%v, %v", c, err)
		}
		if k, ok := c.(*SocketKeepAlive); ok && k.Interval < time.Second {
			t.Errorf("interval %v", k.Interval)
		}
	})
}
