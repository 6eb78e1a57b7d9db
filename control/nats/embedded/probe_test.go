package embedded_test

import (
	"testing"

	"github.com/holdfast-proxy/holdfast/control/nats/embedded"
)

func TestGreetings(t *testing.T) {
	tests := []struct{ name, line, want string }{
		{"a server's", `INFO {"server_id":"X","server_name":"hf-1","port":6222}` + " \r\n", "hf-1"},
		{"one without a name", `INFO {"server_id":"X"}` + "\r\n", ""},
		{"one that is cut off", `INFO {"server_name":"hf-1"` + "\r\n", ""},
		{"another protocol's", "220 mail.example.com ESMTP\r\n", ""},
		{"none", "\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := embedded.Greeting([]byte(tt.line))
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func FuzzGreeting(f *testing.F) {
	f.Add([]byte(`INFO {"server_name":"hf-1"}` + "\r\n"))
	f.Add([]byte("INFO "))
	f.Fuzz(func(t *testing.T, line []byte) {
		if name, err := embedded.Greeting(line); (name == "") != (err != nil) {
			t.Errorf("%q with error %v", name, err)
		}
	})
}
