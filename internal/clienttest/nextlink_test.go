package clienttest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// write has the origin write texts, each padded to a size, and publish them.
func (o *gripOrigin) write(channel string, pad int, lost bool, texts ...string) {
	o.t.Helper()
	body, err := json.Marshal(texts)
	if err == nil {
		err = try(http.MethodPost, fmt.Sprintf("%s/write?channel=%s&pad=%d&lost=%v", o.proxy.URL, channel, pad, lost), string(body))
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// tellsWhatWasLost: what does not arrive is noticed by the item after it, or by
// whoever sends POST /recover/.
func tellsWhatWasLost(t *testing.T, o *gripOrigin) {
	stream := bufio.NewReader(o.request(t, "/feed?channel=feed", nil).Body)
	wantBlock(t, stream, ": open")
	o.write("feed", 0, false, "one")
	wantBlock(t, stream, "data: one\nid: 1")
	o.write("feed", 0, true, "two", "three")
	o.write("feed", 0, false, "four", "five")
	wantBlock(t, stream, "data: two\nid: 2")
	wantBlock(t, stream, "data: three\nid: 3")
	wantBlock(t, stream, "data: four\nid: 4")
	wantBlock(t, stream, "data: five\nid: 5")
	o.write("feed", 0, true, "six")
	if err := try(http.MethodPost, o.proxy.ControlURL+"/recover/", ""); err != nil {
		t.Fatal(err)
	}
	wantBlock(t, stream, "data: six\nid: 6")
	o.write("feed", 0, false, "seven")
	wantBlock(t, stream, "data: seven\nid: 7")
}

// helpsASlowClient: a client that does not read falls off the log, and gets from the
// origin what the log does not have any more.
func helpsASlowClient(t *testing.T, o *gripOrigin) {
	const events, size = 200, 64 << 10
	conn, err := net.Dial("tcp", strings.TrimPrefix(o.proxy.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /feed?channel=narrow HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	stream := bufio.NewReader(response.Body)
	wantBlock(t, stream, ": open")
	texts := make([]string, events)
	for i := range texts {
		texts[i] = fmt.Sprintf("%d ", i+1)
	}
	o.write("narrow", size, false, texts...)
	for i, text := range texts {
		wantBlock(t, stream, fmt.Sprintf("data: %s%s\nid: %d", text, strings.Repeat("x", size-len(text)), i+1))
	}
	if !regexp.MustCompile(`holdfast_recoveries_total\{outcome="recovered",[^}]*trigger="lag"\} [1-9]`).Match(metrics(t, o)) {
		t.Error("the client was not too slow")
	}
}

func metrics(t *testing.T, o *gripOrigin) []byte {
	t.Helper()
	text, err := io.ReadAll(ask(t, o.proxy.ControlURL+"/metrics", nil).Body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
