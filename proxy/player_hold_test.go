package proxy

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/holdfast-proxy/holdfast/channels"
)

// holdSteps are the steps of scripts in which something is held. A script needs
// no step for "still open" or "gets nothing": what is published next arrives,
// and nothing before it.
func (p *player) holdSteps() map[string]func(*step) error {
	return map[string]func(*step) error{
		"client asks":             func(s *step) error { return p.theClient().ask(s) },
		"client gets chunk":       func(s *step) error { return p.theClient().read(chunk(s.bytes())) },
		"client gets events":      func(s *step) error { s.text = eventStreamHead(); return p.theClient().get(s) },
		"client gets a head":      func(*step) error { readHead(p.theClient().r); return nil },
		"interrupt":               func(*step) error { p.station.hub.Interrupt(); return nil },
		"client gets body":        func(s *step) error { return p.theClient().readBody(s.bytes()) },
		"client sees end of body": func(*step) error { return p.theClient().seeEndOfBody() },
		"client stops sending":    func(*step) error { return p.theClient().Conn.(*net.TCPConn).CloseWrite() },
		"origin is asked":         func(*step) error { readHead(p.theOrigin().r); return nil },
		"origin answers":          p.originAnswers,
		"origin was asked":        p.originWasAsked,
		"publish":                 p.publish,
		"recover":                 func(*step) error { p.station.handler.Recover(); return nil },
		"publish often":           p.publishOften,
		"publish fails":           p.publishFails,
		"held":                    p.held,
		"free":                    p.free,
		"fill":                    p.fill,
		"counted":                 p.counted,
	}
}

// holdSettings are what "with" can set about holding.
func holdSettings() map[string]setting {
	return map[string]setting{
		"channel_prefix":  func(_ *stationOptions, rt *Route, v string) { rt.ChannelPrefix = v },
		"resume":          func(_ *stationOptions, rt *Route, v string) { rt.Resume = Resume(v) },
		"retry":           func(_ *stationOptions, rt *Route, v string) { rt.Retry = duration(v) },
		"keep_alive":      func(_ *stationOptions, rt *Route, v string) { rt.KeepAlive.Interval = duration(v) },
		"format":          func(_ *stationOptions, rt *Route, v string) { rt.KeepAlive.Format = KeepAliveFormat(v) },
		"parameters":      func(o *stationOptions, _ *Route, v string) { o.Holding.ResumeParameters = strings.Split(v, ",") },
		"position_event":  func(o *stationOptions, _ *Route, v string) { o.Holding.PositionEvent = v },
		"gap_event":       func(o *stationOptions, _ *Route, v string) { o.Holding.GapEvent = v },
		"gap_channels":    func(o *stationOptions, _ *Route, v string) { o.Holding.GapChannels = v == "true" },
		"max_channels":    func(o *stationOptions, _ *Route, v string) { o.Holding.MaxChannels = number(v) },
		"max_streams":     func(o *stationOptions, _ *Route, v string) { o.maxStreams = number(v) },
		"epoch":           func(o *stationOptions, _ *Route, v string) { o.channels.Epoch = v },
		"replay_messages": func(o *stationOptions, _ *Route, v string) { o.channels.Limits.Messages = number(v) },
		"idle_channels":   func(o *stationOptions, _ *Route, v string) { o.channels.IdleChannels = number(v) },
		"on_lag":          func(_ *stationOptions, rt *Route, v string) { rt.OnLag = OnLag(v) },
		"park_wait":       func(o *stationOptions, _ *Route, v string) { o.channels.ParkWait = duration(v) },
	}
}

func duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(err)
	}
	return d
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// eventStreamHead is what an event stream begins with if the origin says
// nothing about it but its type.
func eventStreamHead() []string {
	return []string{
		"HTTP/1.1 200 OK",
		"Cache-Control: no-store, no-transform",
		"Connection: close",
		"Content-Type: text/event-stream",
		"Via: 1.1 holdfast",
		"X-Accel-Buffering: no",
		"Transfer-Encoding: chunked",
	}
}

// chunk is data as one chunk of a body.
func chunk(data string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(data), data) }

// ask sends a request without a body: "METHOD TARGET [VERSION]", and its fields
// but Host.
func (p *peer) ask(s *step) error {
	line := s.args
	if strings.Count(line, " ") == 1 {
		line += " HTTP/1.1"
	}
	lines := append([]string{line, "Host: a"}, s.text...)
	_, err := io.WriteString(p, strings.Join(append(lines, "", ""), "\r\n"))
	return err
}

// readBody reads as many bytes of a chunked body as are expected, whatever
// its chunks. The last of them must end there.
func (p *peer) readBody(want string) error {
	var got strings.Builder
	for got.Len() < len(want) {
		line, err := p.r.ReadString('\n')
		if err != nil {
			return fmt.Errorf("body ended after %q: %w", got.String(), err)
		}
		size, err := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(&got, p.r, size); err != nil {
			return err
		}
		if err := p.read("\r\n"); err != nil {
			return err
		}
	}
	if got.String() != want {
		return fmt.Errorf("body is %.200q, want %.200q", got.String(), want)
	}
	return nil
}

// seeEndOfBody wants the last chunk and the end of the connection.
func (p *peer) seeEndOfBody() error {
	if err := p.read("0\r\n\r\n"); err != nil {
		return err
	}
	return p.seeEnd()
}

// originAnswers reads a request and answers it with the fields and the body of
// the text. The status is the argument's, else 200. Every answer has a
// connection of its own, so that it does not matter which one the proxy takes.
func (p *player) originAnswers(s *step) error {
	origin := p.theOrigin()
	defer p.originCloses(s)
	req, err := http.ReadRequest(origin.r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return err
	}
	p.asked = req
	head, body, ok := s.message()
	if !ok {
		return errors.New("the head has no end")
	}
	status := "HTTP/1.1 200 OK"
	if s.args != "" {
		status = "HTTP/1.1 " + s.args
	}
	head = append([]string{status}, head...)
	if req.Method != http.MethodHead && !strings.HasPrefix(s.args, "204") {
		head = append(head, "Content-Length: "+strconv.Itoa(len(body)))
	}
	_, err = io.WriteString(origin, strings.Join(append(head, "Connection: close", "", ""), "\r\n")+body)
	return err
}

// originWasAsked looks at the request that the origin answered last: "METHOD
// TARGET", and lines "Name: value" for all fields of those names. "Name:" is none.
func (p *player) originWasAsked(s *step) error {
	if got := p.asked.Method + " " + p.asked.URL.RequestURI(); got != s.args {
		return fmt.Errorf("it was asked %s", got)
	}
	want := http.Header{}
	for _, line := range s.text {
		name, value, _ := strings.Cut(line, ":")
		if want[name] = append(want[name], strings.TrimSpace(value)); value == "" {
			want[name] = nil
		}
	}
	p.asked.Header["Host"] = []string{p.asked.Host}
	for name, values := range want {
		if got := p.asked.Header[name]; !slices.Equal(got, values) {
			return fmt.Errorf("%s is %q", name, got)
		}
	}
	return nil
}

// publish publishes items: JSON objects, separated by commas.
func (p *player) publish(s *step) error {
	results, err := p.station.publish(strings.Join(s.text, "\n"))
	if err != nil || s.args == "" {
		return err
	}
	statuses := map[string]channels.Status{"parked": channels.Parked, "duplicate": channels.Duplicate}
	if want, ok := statuses[s.args]; !ok || results[0].Status != want {
		return fmt.Errorf("status %d, want %s", results[0].Status, s.args)
	}
	return nil
}

// publishOften publishes items as often as the argument says, all at once.
func (p *player) publishOften(s *step) error {
	_, err := p.station.publish(strings.Join(slices.Repeat([]string{s.bytes()}, number(s.args)), ","))
	return err
}

// publishFails wants the items refused with this error.
func (p *player) publishFails(s *step) error {
	_, err := p.station.publish(strings.Join(s.text, "\n"))
	if err == nil || err.Error() != s.args {
		return fmt.Errorf("got %v", err)
	}
	return nil
}

// held waits until a channel has as many streams: "CHANNEL N".
func (p *player) held(s *step) error {
	channel, n, _ := strings.Cut(s.args, " ")
	p.station.waitStreams(p.t, channel, number(n))
	return nil
}

// free waits until the holder has so many places.
func (p *player) free(s *step) error {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		taken := 0
		for taken < number(s.args) && p.station.holder.Admit() == nil {
			taken++
		}
		for range taken {
			p.station.holder.Release()
		}
		if taken == number(s.args) {
			return nil
		}
	}
	return errors.New("no place is given back")
}

// counted waits until a metric has a value: "METRIC LABEL ... N". The labels may
// be some of the metric's, by their values.
func (p *player) counted(s *step) error {
	fields := strings.Fields(s.args)
	metric, labels, want := fields[0], fields[1:len(fields)-1], float64(number(fields[len(fields)-1]))
	got := -1.0
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if got = p.station.count(p.t, metric, labels...); got == want {
			return nil
		}
	}
	return fmt.Errorf("%s is %v", metric, got)
}

// fill publishes to as many channels, which pushes idle ones out.
func (p *player) fill(s *step) error {
	for i := range number(s.args) {
		p.station.send("filler "+strconv.Itoa(i), "x")
	}
	return nil
}
