package main

import (
	"os"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/holdfast-proxy/holdfast/internal/certs/certstest"
	"github.com/holdfast-proxy/holdfast/proxy"
)

// edge is a file that listens over TLS with certificates, which are keys of pairYAML.
func edge(origin string, pairs ...string) string {
	return "origin: " + origin + "\ntls: {listen: ['127.0.0.1:0'], certificates: [{" + strings.Join(pairs, "}, {") + "}]}\n"
}

func TestACertificateThatIsNotNamedAnyMoreCanBeDeleted(t *testing.T) {
	a := certstest.NewAuthority(t, "a")
	old := t.TempDir()
	first, second := pairYAML(t, old, a.Issue(t, "one.example")), pairYAML(t, t.TempDir(), a.Issue(t, "127.0.0.1"))
	s := startReloadable(t, edge(unusedURL, first, second))
	s.mustReload(edge(unusedURL, second))
	if err := os.RemoveAll(old); err != nil {
		t.Fatal(err)
	}
	s.mustReload(edge(unusedURL, second) + "max_streams: 7\n")
	for name := range s.metrics() {
		if strings.HasPrefix(name, "holdfast_certificate_") && strings.Contains(name, old) {
			t.Errorf("there is still %s", name)
		}
	}
}

// The files of a certificate that is taken away may go at once with it.
func TestACertificateCanGoTogetherWithItsFiles(t *testing.T) {
	a, old := certstest.NewAuthority(t, "a"), t.TempDir()
	first, second := pairYAML(t, old, a.Issue(t, "one.example")), pairYAML(t, t.TempDir(), a.Issue(t, "127.0.0.1"))
	s := startReloadable(t, edge(unusedURL, first, second))
	if err := os.RemoveAll(old); err != nil {
		t.Fatal(err)
	}
	s.mustReload(edge(unusedURL, second))
}

// Otherwise every reload would begin with new connections, and forget who waits.
func TestARouteThatIsReadAgainTalksToItsOriginsInTheSameWay(t *testing.T) {
	a := certstest.NewAuthority(t, "a")
	pair := pairYAML(t, t.TempDir(), a.Issue(t, "holdfast.example"))
	n := nodeOf(t, "routes:\n- origins: ['https://origin.example']\n  origin_tls: {"+pair+", ca: "+
		certstest.WriteFile(t, t.TempDir(), "ca.pem", a.PEM)+", server_name: origin.example}\n", zap.NewNop())
	runServer(t, n)
	read := func() proxy.TLSClient {
		o, err := proxyOptions(*n.settings.Load())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := n.tls.prepare(*n.settings.Load(), o.Routes); err != nil {
			t.Fatal(err)
		}
		return o.Routes[0].OriginTLS
	}
	if first := read(); first == nil || first != read() {
		t.Error("it would not be known for the same")
	}
}

func TestANewCertificateOfTheControlEndpointNeedsNoRestart(t *testing.T) {
	a, dir := certstest.NewAuthority(t, "a"), t.TempDir()
	pair := pairYAML(t, dir, a.Issue(t, "127.0.0.1"))
	s := startReloadable(t, "origin: "+unusedURL+"\ncontrol: {listen: ['127.0.0.1:0'], tls: {"+pair+"}}\n")
	a.Issue(t, "127.0.0.1").Write(t, dir)
	if out, err := s.again(); err != nil || len(out.Restart) > 0 || len(out.Changed) == 0 {
		t.Errorf("%+v, %v", out, err)
	}
}
