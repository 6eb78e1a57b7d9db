package proxy

import (
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

func TestResponsesOverTLSTellOfIt(t *testing.T) {
	origin := newOrigin(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Alt-Svc", `h3=":1"`)
		switch r.URL.Path {
		case "/routed/own":
			w.Header().Set("Strict-Transport-Security", "max-age=5; preload")
		case "/routed/held":
			w.Header().Set("Grip-Hold", "stream")
			w.Header().Set("Grip-Channel", "ch")
		}
		io.WriteString(w, "body")
	})
	s := newStation(t, holding(origin.URL, func(rt *Route) { rt.PathPrefix = "/routed" }))
	certificate, trust := testCertificate(t)
	options := ServerOptions{Handler: s.handler, TLSListen: []string{"127.0.0.1:0"}, TLS: certificate, HTTP3: true, HSTS: time.Hour}
	addr := serve(t, options)
	secure := "https://" + addr
	options.TLSListen, options.TLS, options.HTTP3, options.Listen = nil, nil, false, []string{"127.0.0.1:0"}
	plain := "http://" + serve(t, options)
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	told := `h3=":` + port + `"; ma=86400`
	tests := []struct{ name, url, hsts, altSvc string }{
		{"an answer of the origin", secure + "/routed", "max-age=3600", told},
		{"an answer with a policy of its own", secure + "/routed/own", "max-age=5; preload", told},
		{"a held stream", secure + "/routed/held", "max-age=3600", told},
		{"a refusal of ours", secure + "/nowhere", "max-age=3600", told},
		{"an answer in the clear", plain + "/routed", "", `h3=":1"`},
	}
	for name, c := range map[string]*http.Client{
		"HTTP/1.1": protocolClient(t, trust, (*http.Protocols).SetHTTP1), "HTTP/2": protocolClient(t, trust, (*http.Protocols).SetHTTP2), "HTTP/3": quicClient(t, trust),
	} {
		for _, tt := range tests {
			if name != "HTTP/1.1" && tt.url == plain+"/routed" {
				continue
			}
			t.Run(tt.name+", "+name, func(t *testing.T) {
				resp := s.watch(t, c, tt.url)
				if got := resp.Header.Values("Strict-Transport-Security"); len(got) > 1 || resp.Header.Get("Strict-Transport-Security") != tt.hsts {
					t.Errorf("Strict-Transport-Security %q, want %q", got, tt.hsts)
				}
				if got := resp.Header.Values("Alt-Svc"); len(got) != 1 || got[0] != tt.altSvc {
					t.Errorf("Alt-Svc %q, want %q", got, tt.altSvc)
				}
			})
		}
	}
}

func TestTheAlternativeIsAtThePortThatWasAsked(t *testing.T) {
	a := &announcing{http3: true}
	for host, want := range map[string]string{
		"a.example":       `h3=":443"; ma=86400`,
		"a.example:8443":  `h3=":8443"; ma=86400`,
		"[2001:db8::1]:1": `h3=":1"; ma=86400`,
		"[2001:db8::1]":   `h3=":443"; ma=86400`,
		"a.example:0":     "",
		`a.example:1"x`:   "",
		"a.example:99999": "",
	} {
		h := http.Header{}
		a.complete(h, host)
		if got := h.Get("Alt-Svc"); got != want {
			t.Errorf("asked at %s: %q, want %q", host, got, want)
		}
	}
}
