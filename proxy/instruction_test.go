package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// answering returns an origin that answers everything with these bytes. It
// serves its connections at once: the proxy may make one that it does not use.
func answering(t *testing.T, answer string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(patience))
				if readHead(bufio.NewReader(c)) != "" {
					io.WriteString(c, answer)
					c.(*net.TCPConn).CloseWrite()
					io.Copy(io.Discard, c) // closed with something unread, it would be reset
				}
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// instruct is an answer with these fields, each ended by CRLF, and body.
func instruct(fields, body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", fields, len(body), body)
}

// instructJSON is an instruction in JSON.
func instructJSON(body string) string {
	return instruct("Content-Type: application/grip-instruct\r\n", body)
}

const (
	holdStream   = "Grip-Hold: stream\r\n"
	holdResponse = "Grip-Hold: response\r\n"
	onChannel    = "Grip-Channel: ch\r\n"
)

func TestInstructionsThatCannotBeFollowed(t *testing.T) {
	many := channelNames(101)
	for _, c := range []struct {
		name   string
		answer string
		reason Reason
		log    string // of the error that is logged
	}{
		{"an unknown hold", instruct("Grip-Hold: Stream\r\n"+onChannel, ""), BadInstruction, "Grip-Hold must be set to either"},
		{"a hold with no value", instruct("Grip-Hold:\r\n"+onChannel, ""), BadInstruction, "Grip-Hold must be set to either"},
		{"an unknown hold in JSON", instructJSON(`{"hold":{"mode":"banana","channels":[]}}`), BadInstruction, `hold mode must be 'response' or 'stream', not "banana"`},
		{"an open quote", instruct(holdStream+"Grip-Channel: ch; prev-id=\"1\r\n", ""), BadInstruction, "Grip-Channel has a quote that does not end"},
		{"a timeout that is no number", instruct(holdResponse+onChannel+"Grip-Timeout: soon\r\n", ""), BadInstruction, "Grip-Timeout must be a number of seconds"},
		{"a keep-alive without data", instruct(holdStream+onChannel+"Grip-Keep-Alive: ; timeout=5\r\n", ""), BadInstruction, "Grip-Keep-Alive: has no data"},
		{"a replay that is no duration", instruct(holdStream+"Grip-Channel: ch; replay=some\r\n", ""), BadInstruction, "replay must be 'off' or a duration"},
		{"a link that is none", instruct(holdStream+onChannel+"Grip-Link: /next; rel=next\r\n", ""), BadInstruction, "Grip-Link with rel=next must be <URI>"},
		{"JSON that is none", instructJSON(`{"hold":`), BadInstruction, "instruct is not valid JSON"},
		{"JSON that is no object", instructJSON(`[]`), BadInstruction, "instruct is not a JSON object"},
		{"an empty instruction", instructJSON(``), BadInstruction, "instruct is not valid JSON"},
		{"JSON in another encoding", instructJSON("{\"\xff\":1}"), BadInstruction, "not valid UTF-8"},
		{"JSON of a wrong type", instructJSON(`{"hold":{"channels":"ch"}}`), BadInstruction, "hold contains 'channels' with wrong type"},
		{"bad base64", instructJSON(`{"response":{"body-bin":"%"}}`), BadInstruction, "'body-bin' that is not valid base64"},
		{"a filter that is not known", instruct(holdStream+"Grip-Channel: ch; filter=skip\r\n", ""), BadInstruction, `channel "ch": unknown filter "skip": it is one of skip-self, skip-users, require-sub, build-id, var-subst`},
		{"a filter in JSON that is not known", instructJSON(`{"hold":{"channels":[{"name":"ch","filters":["http-check"]}]}}`), BadInstruction, `channel "ch": unknown filter "http-check"`},
		{"six filters", instruct(holdStream+"Grip-Channel: ch"+strings.Repeat("; filter=skip-self", 6)+"\r\n", ""), BadInstruction, `channel "ch": 6 filters, at most 5 are allowed`},
		{"a channel without a name", instruct(holdStream+"Grip-Channel: ; prev-id=1\r\n", ""), BadInstruction, "channel name"},
		{"a channel with an empty name", instructJSON(`{"hold":{"channels":[{"name":""}]}}`), BadInstruction, "channel name"},
		{"a channel with control characters", instructJSON(`{"hold":{"channels":[{"name":"a\nb"}]}}`), BadInstruction, "channel name"},
		{"a channel whose name is too long with the route's prefix", instruct(holdStream+"Grip-Channel: "+strings.Repeat("x", 252)+"\r\n", ""), BadInstruction, "channel name"},
		{"a channel that is not UTF-8", instruct(holdStream+"Grip-Channel: a\xffb\r\n", ""), BadInstruction, "channel name"},
		{"too many channels", instruct(holdStream+"Grip-Channel: "+many+"\r\n", ""), BadInstruction, "101 channels, at most 100 are allowed (max_channels_per_stream)"},
		{"a status that is no number", instruct("Grip-Status: ok\r\n"+holdStream+onChannel, ""), BadInstruction, "Grip-Status must start with a number"},
		{"a status that is interim", instruct("Grip-Status: 100 Continue\r\n", ""), BadInstruction, "status 100 is not from 200 to 599"},
		{"a line break in a reason", instructJSON(`{"response":{"reason":"OK\r\nX-Evil: 1"}}`), BadInstruction, `reason phrase contains '\r'`},
		{"a line break in a value", instructJSON(`{"response":{"headers":{"X-A":"1\r\nX-Evil: 1"}}}`), BadInstruction, `value of header "X-A" contains control characters`},
		{"a line break in a name", instructJSON(`{"response":{"headers":{"X-A: 1\r\nX-Evil":"1"}}}`), BadInstruction, "is not a token"},
		{"a code that is no status", instructJSON(`{"response":{"code":42}}`), BadInstruction, "status 42 is not from 200 to 599"},
		{"a body with a status that has none", instructJSON(`{"response":{"code":304,"body":"x"}}`), BadInstruction, "status 304 cannot have a body"},
		{"a stream that cannot have a body", "HTTP/1.1 204 No Content\r\n" + holdStream + onChannel + "\r\n", BadInstruction, "a response with status 204 cannot be held open"},
		{"a stream that is not modified", "HTTP/1.1 304 Not Modified\r\n" + holdStream + onChannel + "\r\n", BadInstruction, "a response with status 304 cannot be held open"},
		{"a stream that Grip-Status empties", instruct("Grip-Status: 204\r\n"+holdStream+onChannel, ""), BadInstruction, "status 204 cannot be held open"},
		{"an unknown coding", instruct("Content-Encoding: rot13\r\n"+holdStream+onChannel, "x"), BadEncoding, `content coding "rot13": unknown`},
		{"content that is not what it says", instruct("Content-Encoding: gzip\r\n"+holdStream+onChannel, "x"), BadEncoding, "gzip"},
		{"a coding that ends early", instruct("Content-Encoding: gzip\r\n"+holdStream+onChannel, encode(t, "initial", "gzip")[:20]), BadEncoding, "unexpected EOF"},
		{"an encoded body that is cut", strings.Replace(instruct("Content-Encoding: gzip\r\n"+holdStream+onChannel, encode(t, "initial", "gzip")), "Content-Length: ", "Content-Length: 1", 1), OriginCut, "unexpected EOF"},
		{"a response hold's body that is too large", instruct(holdResponse+onChannel, strings.Repeat("x", maxInstruction+1)), BodyTooLarge, "more than 1048576 bytes"},
		{"an instruction that is too large", instructJSON(strings.Repeat(" ", maxInstruction+1)), BodyTooLarge, "more than 1048576 bytes"},
		{"an encoded body that is too large", instruct("Content-Encoding: gzip\r\n"+holdStream+onChannel, encode(t, strings.Repeat("x", maxInstruction+1), "gzip")), BodyTooLarge, "more than 1048576 bytes"},
		{"a response hold's body that is cut", "HTTP/1.1 200 OK\r\n" + holdResponse + onChannel + "Content-Length: 10\r\n\r\ncut", OriginCut, "unexpected EOF"},
		{"an instruction that is cut", "HTTP/1.1 200 OK\r\nContent-Type: application/grip-instruct\r\nContent-Length: 10\r\n\r\n{}", OriginCut, "unexpected EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStation(t, holding(answering(t, c.answer), func(rt *Route) { rt.Name, rt.ChannelPrefix = "route", "app-" }))
			browser := client(t)
			browser.Timeout = patience
			resp, body := get(t, browser, s.url)
			if resp.StatusCode != http.StatusBadGateway || body != "Error while proxying to origin.\n" {
				t.Errorf("got %s %q", resp.Status, body)
			}
			if resp.Header.Get("X-Evil") != "" || resp.Header.Get("Grip-Hold") != "" {
				t.Errorf("fields %v", resp.Header)
			}
			s.waitCount(t, "holdfast_request_failures_total", "route", string(c.reason))
			s.waitCount(t, "holdfast_requests_total", "route", string(refused))
			if got := s.logged(c.reason); !strings.HasPrefix(got, "route: ") || !strings.Contains(got, c.log) {
				t.Errorf("logged %q, want %q", got, c.log)
			}
			if err := s.holder.Admit(); err != nil {
				t.Error(err)
			}
			s.holder.Release()
		})
	}
}

// channelNames are the names of n channels, with commas.
func channelNames(n int) string {
	var names []string
	for i := range n {
		names = append(names, "c"+strconv.Itoa(i))
	}
	return strings.Join(names, ",")
}

// An EventSource gives up for good on any status but 200. What is wrong with
// the instruction itself does not pass; an origin that died while it answered
// comes back.
func TestAnEventSourceComesBackOnlyForWhatPasses(t *testing.T) {
	for name, c := range map[string]struct {
		answer  string
		outcome outcome
	}{
		"a cut instruction":   {"HTTP/1.1 200 OK\r\nContent-Type: application/grip-instruct\r\nContent-Length: 10\r\n\r\n{}", retry},
		"a wrong instruction": {instructJSON(`{"hold":{}}`), refused},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t, holding(answering(t, c.answer), func(rt *Route) { rt.Name = "route" }))
			resp, body := get(t, client(t), s.url, "Accept", eventStream)
			if retried := resp.StatusCode == http.StatusOK && strings.HasPrefix(body, "retry: "); retried != (c.outcome == retry) {
				t.Errorf("got %s %q", resp.Status, body)
			}
			s.waitCount(t, "holdfast_requests_total", "route", string(c.outcome))
		})
	}
}

func TestAnInstructionNeedsAHubToHold(t *testing.T) {
	f := newFront(t, func(o *Options) {
		to(answering(t, instruct(holdStream+onChannel, "")))(o)
		o.Holding.MaxChannels = 1
	})
	if resp, _ := get(t, client(t), f.url); resp.StatusCode != http.StatusBadGateway {
		t.Errorf("got %s", resp.Status)
	}
}

func TestEncodedInstructionsAreDecoded(t *testing.T) {
	const inJSON = `{"hold":{"mode":"stream","channels":[{"name":"ch"}]},"response":{"body":"initial"}}`
	for _, coding := range []string{"gzip", "deflate", "bare deflate", "br", "zstd", "gzip, br"} {
		field := "Content-Encoding: " + strings.TrimPrefix(coding, "bare ") + "\r\n"
		codings := strings.Split(coding, ", ")
		for name, answer := range map[string]string{
			"a body": instruct(field+holdStream+onChannel, encode(t, "initial", codings...)),
			"JSON":   instruct(field+"Content-Type: application/grip-instruct\r\n", encode(t, inJSON, codings...)),
		} {
			t.Run(name+" in "+coding, func(t *testing.T) {
				s := newStation(t, holding(answering(t, answer)))
				c := s.watch(t, client(t), s.url)
				c.want(t, "initial")
				if got := c.Header.Get("Content-Encoding"); got != "" {
					t.Errorf("Content-Encoding: %s", got)
				}
				s.send("ch", "one")
				c.want(t, "one")
			})
		}
	}
}
