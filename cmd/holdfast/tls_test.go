package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/quic-go/quic-go/http3"

	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
	"github.com/holdfast-proxy/holdfast/internal/config"
)

// pairYAML writes a pair's files and is the keys that name them.
func pairYAML(t *testing.T, dir string, p certstest.Pair) string {
	t.Helper()
	cert, key := p.Write(t, dir)
	return fmt.Sprintf("cert: %s, key: %s", cert, key)
}

// A held stream has shaken hands long ago, on whatever holds it.
func TestACertificateChangesUnderHeldStreams(t *testing.T) {
	before, after, dir := certstest.NewAuthority(t, "before"), certstest.NewAuthority(t, "after"), t.TempDir()
	pair := pairYAML(t, dir, before.Issue(t, "127.0.0.1"))
	n := nodeOf(t, "origin: "+startOrigin(t, holding())+"\ntls: {listen: ['127.0.0.1:0'], http3: true, certificates: [{"+pair+"}]}\n", alarm(t.Errorf))
	s := runServer(t, n)
	clients := func(a *certstest.Authority) map[string]*http.Client {
		all := map[string]*http.Client{}
		for _, d := range dialects(t, a.PEM) {
			if d.secure {
				all[d.name] = d.client
			}
		}
		quic := &http3.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool()}}
		t.Cleanup(func() { quic.Close() })
		all["HTTP/3"] = &http.Client{Transport: quic}
		return all
	}
	url := s.secureURL + "/stream?channel=a"
	streams := map[string]*subscriber{}
	for name, c := range clients(before) {
		streams[name] = follow(t, c, url, "")
	}
	after.Issue(t, "127.0.0.1").Write(t, dir)
	if err := n.tls.store.Reload(filesOf(*n.settings.Load())); err != nil {
		t.Fatal(err)
	}
	for name, c := range clients(after) {
		streams[name+", later"] = follow(t, c, url, "")
	}
	s.publish(message("a", "", "one"))
	for name, stream := range streams {
		t.Run(name, func(*testing.T) { stream.wantData("one") })
	}
	for _, c := range clients(before) {
		if resp, err := c.Get(url); err == nil {
			resp.Body.Close()
			t.Error("the certificate from before is still shown")
		}
	}
	if got := s.metrics()[`holdfast_streams{protocol="http/3",route="/"}`]; got != 2 {
		t.Errorf("%v streams over http/3", got)
	}
}

func TestTheControlEndpointKnowsItsClientsByTheirCertificates(t *testing.T) {
	servers, publishers, strangers := certstest.NewAuthority(t, "servers"), certstest.NewAuthority(t, "publishers"), certstest.NewAuthority(t, "strangers")
	n := nodeOf(t, fmt.Sprintf("origin: %s\ncontrol: {tls: {%s, client_ca: %s}}\n", unusedURL,
		pairYAML(t, t.TempDir(), servers.Issue(t, "127.0.0.1", "control.example")),
		certstest.WriteFile(t, t.TempDir(), "ca.pem", publishers.PEM)), alarm(t.Errorf))
	runServer(t, n)
	post := func(host string, own ...tls.Certificate) (*http.Response, error) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+n.controlAddrs()[0]+"/channels/a", strings.NewReader("hello"))
		if err != nil {
			t.Fatal(err)
		}
		request.Host = host
		return clientOf(t, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: servers.Pool(), Certificates: own}}).Do(request)
	}
	for _, host := range []string{"", "control.example"} {
		resp, err := post(host, publishers.Issue(t, "me").TLS(t))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusOK {
			t.Errorf("a publisher asking %q gets %s %s", host, resp.Status, body)
		}
	}
	for name, own := range map[string][]tls.Certificate{"nobody": nil, "a stranger": {strangers.Issue(t, "me").TLS(t)}} {
		if resp, err := post("", own...); err == nil {
			resp.Body.Close()
			t.Errorf("%s gets %s", name, resp.Status)
		}
	}
}

func TestOriginsOverTLSAreHeldAsTheirRoutesSay(t *testing.T) {
	servers, clients := certstest.NewAuthority(t, "servers"), certstest.NewAuthority(t, "clients")
	origin := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Grip-Hold", "stream")
		w.Header().Set("Grip-Channel", "a")
		fmt.Fprintf(w, "data: %s %s %s\n\n", r.Proto, r.TLS.ServerName, r.TLS.PeerCertificates[0].DNSNames[0])
	}))
	origin.EnableHTTP2 = true
	origin.Config.ErrorLog = log.New(io.Discard, "", 0)
	origin.TLS = &tls.Config{Certificates: []tls.Certificate{servers.Issue(t, "origin.example").TLS(t)}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients.Pool()}
	origin.StartTLS()
	t.Cleanup(origin.Close)
	file := fmt.Sprintf("routes: [{origins: [%q], origin_protocol: auto, origin_tls: {%s, ca: %s, server_name: origin.example}}]\n", origin.URL,
		pairYAML(t, t.TempDir(), clients.Issue(t, "holdfast.example")), certstest.WriteFile(t, t.TempDir(), "ca.pem", servers.PEM))
	s := startServer(t, file)
	stream := subscribe(t, newClient(t), s.URL+"/", "")
	stream.wantData("HTTP/2.0 origin.example holdfast.example")
	s.publish(message("a", "", "one"))
	stream.wantData("one")
	told := command(t.Context(), "", "explain", "--config", writeConfig(t, file), "http://a.example/")
	if !strings.Contains(told.stdout, "data: HTTP/2.0 origin.example holdfast.example\n") {
		t.Errorf("explain says %+v", told)
	}
}

func TestANodeWithTLSFilesThatAreOfNoUseDoesNotStart(t *testing.T) {
	own := pairYAML(t, t.TempDir(), certstest.NewAuthority(t, "authority").Issue(t, "control.example"))
	for want, file := range map[string]string{
		"tls.certificates: stat absent":          "origin: http://a\ntls: {listen: ['127.0.0.1:0'], certificates: [{cert: absent, key: k}]}",
		"tls.acme: open absent":                  "origin: http://a\ntls: {listen: ['127.0.0.1:1'], acme: {domains: [a.example], store_dir: d, directory: 'https://a', ca: absent}}",
		"control.tls: stat absent":               "origin: http://a\ncontrol: {tls: {cert: absent, key: k}}",
		"control.tls: stat nobody":               "origin: http://a\ncontrol: {tls: {" + own + ", client_ca: nobody}}",
		"origin_tls of route /: stat absent":     "routes: [{origins: ['https://a'], origin_tls: {ca: absent}}]",
		"origin_tls of route /own: stat missing": "routes: [{path_prefix: /own, origins: ['https://a'], origin_tls: {cert: missing, key: k}}]",
	} {
		t.Run(want, func(t *testing.T) {
			// What was understood of settings that Load refuses, as if the files had
			// gone since then.
			cfg, _, _ := config.Load(config.Sources{File: writeFile(t, "holdfast.yaml", file)})
			cfg.Listen, cfg.Control.Listen = []string{"127.0.0.1:0"}, []string{"127.0.0.1:0"}
			if _, err := newNode(cfg, alarm(t.Errorf)); err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("got %v, want %s...", err, want)
			}
		})
	}
}

// With client_ca and tokens both are needed; health needs the certificate alone.
func TestTheControlEndpointWantsACertificateAndAToken(t *testing.T) {
	servers, publishers := certstest.NewAuthority(t, "servers"), certstest.NewAuthority(t, "publishers")
	n := nodeOf(t, fmt.Sprintf("origin: %s\ncontrol: {tokens: [secret], tls: {%s, client_ca: %s}}\n", unusedURL,
		pairYAML(t, t.TempDir(), servers.Issue(t, "127.0.0.1")), certstest.WriteFile(t, t.TempDir(), "ca.pem", publishers.PEM)), alarm(t.Errorf))
	runServer(t, n)
	own := []tls.Certificate{publishers.Issue(t, "me").TLS(t)}
	for _, tt := range []struct {
		name, path, token string
		own               []tls.Certificate
		want              int // 0: no answer
	}{
		{"both", "/channels", "secret", own, 200},
		{"no token", "/channels", "", own, 401},
		{"another token", "/channels", "guess", own, 401},
		{"no certificate", "/channels", "secret", nil, 0},
		{"health without a token", "/readyz", "", own, 200},
		{"health without a certificate", "/readyz", "", nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+n.controlAddrs()[0]+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if tt.token != "" {
				request.Header.Set("Authorization", "Bearer "+tt.token)
			}
			status := 0
			if resp, err := clientOf(t, &http.Transport{TLSClientConfig: &tls.Config{RootCAs: servers.Pool(), Certificates: tt.own}}).Do(request); err == nil {
				status = resp.StatusCode
				resp.Body.Close()
			}
			if status != tt.want {
				t.Errorf("%d, want %d", status, tt.want)
			}
		})
	}
}
