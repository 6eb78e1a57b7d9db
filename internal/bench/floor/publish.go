package floor

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// head is what a stream begins with.
const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n: held\n\n\r\n"

// A message is what goes to the streams of a channel with one write.
type message struct {
	channel string
	chunk   []byte
}

// A batch is what one request publishes.
type batch []message

// publish takes items as bench.Plain writes them. It answers when the loop has
// them, not when they are written.
func (l *loop) publish(w http.ResponseWriter, r *http.Request) {
	b, err := readBatch(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	select {
	case l.wake <- b:
	case <-l.done:
		http.Error(w, "closing", http.StatusServiceUnavailable)
	}
}

// readBatch reads lines of a channel and a length, each followed by so many
// bytes. What follows for the same channel is put into the same message.
func readBatch(body io.Reader) (batch, error) {
	var b batch
	var last string
	var events []byte
	flush := func() {
		if len(events) > 0 {
			b = append(b, message{last, chunk(events)})
			events = events[:0]
		}
	}
	in := bufio.NewReader(body)
	for {
		line, err := in.ReadString('\n')
		if err == io.EOF && line == "" {
			flush()
			return b, nil
		}
		if err != nil {
			return nil, err
		}
		name, size, err := readLine(line)
		if err != nil {
			return nil, err
		}
		if name != last {
			flush()
			last = name
		}
		if events, err = appendN(events, in, size); err != nil {
			return nil, err
		}
	}
}

// maxItem bounds what is taken on trust.
const maxItem = 1 << 21

func readLine(line string) (channel string, size int, err error) {
	name, length, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	if size, err = strconv.Atoi(length); err != nil || size < 0 || size > maxItem {
		return "", 0, fmt.Errorf("length %q", length)
	}
	channel, err = url.QueryUnescape(name)
	return channel, size, err
}

func appendN(dst []byte, in io.Reader, n int) ([]byte, error) {
	start := len(dst)
	dst = append(dst, make([]byte, n)...)
	_, err := io.ReadFull(in, dst[start:])
	return dst, err
}

func chunk(data []byte) []byte {
	return fmt.Appendf(nil, "%x\r\n%s\r\n", len(data), data)
}
