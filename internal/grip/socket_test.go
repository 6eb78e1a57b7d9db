package grip

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func extensions(lines ...string) http.Header {
	return http.Header{"Sec-Websocket-Extensions": lines}
}

func TestTheExtensionIsOfferedBesideTheClients(t *testing.T) {
	for name, c := range map[string]struct {
		from []string
		want string
	}{
		"nothing":                   {nil, "grip"},
		"a compressing client":      {[]string{"permessage-deflate; client_max_window_bits"}, "grip, permessage-deflate; client_max_window_bits"},
		"several lines":             {[]string{"a;x=\"1,2\", b", " c "}, "grip, a;x=\"1,2\", b, c"},
		"a client that speaks GRIP": {[]string{"Grip; message-prefix=\"\", a"}, "grip, a"},
		"what is no list":           {[]string{`a;x="`, "b"}, "grip, b"},
	} {
		h := extensions(c.from...)
		OfferSocket(h)
		if diff := cmp.Diff(extensions(c.want), h); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestWhatOriginsAgreeTo(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  *Socket
		err   string
	}{
		"nothing (T57)":         {nil, nil, ""},
		"another extension":     {[]string{"permessage-deflate"}, nil, ""},
		"the extension (T56)":   {[]string{"grip"}, &Socket{Prefix: "m:"}, ""},
		"in capitals":           {[]string{"GRIP"}, &Socket{Prefix: "m:"}, ""},
		"an empty prefix (T58)": {[]string{`grip; message-prefix=""`}, &Socket{}, ""},
		"a bare prefix":         {[]string{`grip; Message-Prefix=x:`}, &Socket{Prefix: "x:"}, ""},
		"compression":           {[]string{"permessage-deflate", "grip"}, &Socket{Prefix: "m:", Deflated: true}, ""},
		"fresh compression":     {[]string{"permessage-deflate; server_no_context_takeover, grip"}, &Socket{Prefix: "m:", Deflated: true, Fresh: true}, ""},
		"what does not go":      {[]string{"grip, x-other"}, nil, `Sec-Websocket-Extensions has "x-other" beside "grip", which does not go with it`},
		"what is no list":       {[]string{`grip; message-prefix="`}, nil, "Sec-Websocket-Extensions has a quote that does not end"},
	} {
		got, err := ParseSocket(extensions(c.lines...))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%s: error %v, want %s", name, err, c.err)
		}
	}
}

func TestWhatIsHandedToAProxyInFront(t *testing.T) {
	for want, prefix := range map[string]string{
		"grip": "m:", `grip; message-prefix=""`: "", `grip; message-prefix="a;\"\\,"`: `a;"\,`,
	} {
		h := extensions("x")
		AcceptSocket(h, &Socket{Prefix: prefix})
		if diff := cmp.Diff(extensions(want), h); diff != "" {
			t.Error(diff)
		}
		if s, err := ParseSocket(h); err != nil || s.Prefix != prefix {
			t.Errorf("%s is read as %v, %v", want, s, err)
		}
	}
}

func TestWhoOffersToSpeakGRIP(t *testing.T) {
	for line, want := range map[string]bool{"grip": true, "x, Grip; a=b": true, "x": false, "": false, "gripe": false, `grip; a="`: false} {
		if got := OffersSocket(extensions(line)); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

func TestWhichOffersOfCompressionAreTakenUp(t *testing.T) {
	for line, want := range map[string]bool{
		"permessage-deflate":                                                true,
		"x, permessage-deflate; client_max_window_bits":                     true,
		"permessage-deflate; server_no_context_takeover":                    true,
		"permessage-deflate; server_max_window_bits=10":                     false,
		"permessage-deflate; server_max_window_bits=10, permessage-deflate": true,
		"permessage-deflate; window=1":                                      false,
		"":                                                                  false, "x": false, `permessage-deflate; a="`: false,
	} {
		if got := OffersDeflate(extensions(line)); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}

func FuzzParseSocket(f *testing.F) {
	f.Add(`grip; message-prefix="x", permessage-deflate; server_no_context_takeover`)
	f.Fuzz(func(t *testing.T, line string) {
		if s, err := ParseSocket(extensions(line)); s != nil && err != nil {
			t.Errorf("%v, %v", s, err)
		}
		h := extensions(line)
		OfferSocket(h)
		if s, err := ParseSocket(h); err == nil && s == nil {
			t.Errorf("%q is offered as %q", line, h)
		}
	})
}
