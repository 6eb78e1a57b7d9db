package main

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/holdfast-proxy/holdfast/internal/config"
)

// An origin that answers HEAD with a body has it in no log.
func TestWhatAnOriginSendsUnaskedIsNotLogged(t *testing.T) {
	var logged scroll
	logger, _ := newLogger(config.Log{Level: config.LogDebug, Format: config.LogJSON}, &logged)
	defer redirectLibraries(logger)()
	origin, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer origin.Close()
	closed := make(chan error, 2)
	go func() {
		for range 2 {
			c, err := origin.Accept()
			if err != nil {
				return
			}
			r := bufio.NewReader(c)
			http.ReadRequest(r)
			io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ns3cret")
			_, err = r.ReadByte() // the proxy's side has closed it, and logged before
			c.Close()
			closed <- err
		}
	}()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for range 2 {
		resp, err := (&http.Client{Transport: transport}).Head("http://" + origin.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		select {
		case <-closed:
		case <-time.After(time.Minute):
			t.Fatal("the connection stays")
		}
	}
	log.Print("another line")
	text := logged.String()
	if strings.Contains(text, "s3cret") || strings.Count(text, "an origin sent what it was not asked for") != 1 || !strings.Contains(text, `"msg":"another line"`) {
		t.Errorf("logged:\n%s", text)
	}
}
