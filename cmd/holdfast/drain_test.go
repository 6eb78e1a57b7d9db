package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// drained is what one event stream saw up to its end.
type drained struct {
	numbers []int // the data of its events
	retry   int   // what it was asked for last, in milliseconds
	err     error // nil for a body that is complete
}

// watch reads a stream of numbers to its end.
func (s *subscriber) watch() (d drained) {
	for {
		b, err := readBlock(s.body)
		if err != nil {
			if err != io.EOF {
				d.err = err
			}
			return d
		}
		if b.retry != "" {
			d.retry, _ = strconv.Atoi(b.retry)
		}
		if n, err := strconv.Atoi(b.data); err == nil {
			d.numbers = append(d.numbers, n)
		}
	}
}

// counter publishes 1, 2, 3 ... until the endpoint is gone, and remembers when
// each was answered.
type counter struct {
	answered []time.Time // that of number n is at n-1
	done     chan struct{}
}

func (s *server) count(channel string) *counter {
	c := &counter{done: make(chan struct{})}
	go func() {
		defer close(c.done)
		for n := 1; ; n++ {
			if _, err := s.tryPublish(message(channel, "", strconv.Itoa(n))); err != nil {
				return
			}
			c.answered = append(c.answered, time.Now())
		}
	}()
	return c
}

// before tells how many numbers were answered before at.
func (c *counter) before(at time.Time) int {
	n, _ := slices.BinarySearchFunc(c.answered, at, time.Time.Compare)
	return n
}

// TestDrainEndsStreamsOneByOneAndLosesNothing publishes all through a drain.
//
// The k-th of n streams must not end before k/n of the window is over. That is
// seen without a clock at the client: whatever was answered to the publisher by
// then must have reached it.
func TestDrainEndsStreamsOneByOneAndLosesNothing(t *testing.T) {
	t.Parallel()
	const window, perDialect = 2 * time.Second, 8
	cert := newCertificate(t)
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\ndrain: {window: "+window.String()+"}\n"+cert.yaml())
	var streams []*subscriber
	for _, d := range dialects(t, cert.pem) {
		for range perDialect {
			streams = append(streams, follow(t, d.client, d.url(s)+"/stream?channel=numbers", ""))
		}
	}
	s.holds(len(streams)) // the head of an answer comes a moment before
	saw := make([]drained, len(streams))
	var readers sync.WaitGroup
	for i, stream := range streams {
		readers.Go(func() { saw[i] = stream.watch() })
	}
	numbers := s.count("numbers")
	start := time.Now()
	s.signal()
	readers.Wait()
	<-s.ended
	<-numbers.done

	slices.SortFunc(saw, func(a, b drained) int { return len(a.numbers) - len(b.numbers) })
	retries, ends := map[int]bool{}, map[int]bool{}
	for k, d := range saw {
		due := start.Add(window * time.Duration(k) / time.Duration(len(saw)))
		if least := numbers.before(due); len(d.numbers) < least {
			t.Errorf("stream %d of %d got %d numbers, of %d answered before its turn", k, len(saw), len(d.numbers), least)
		}
		d.check(t)
		retries[d.retry], ends[len(d.numbers)] = true, true
	}
	if len(ends) < len(saw)/4 {
		t.Errorf("%d streams ended at only %d different numbers", len(saw), len(ends))
	}
	if len(retries) < len(saw)/2 {
		t.Errorf("%d streams were given only %d different times to return", len(saw), len(retries))
	}
	t.Logf("%d streams ended at %d places, after %d to %d numbers", len(saw), len(ends), len(saw[0].numbers), len(saw[len(saw)-1].numbers))
}

// check holds what a drain promises to each stream.
func (d drained) check(t *testing.T) {
	if d.err != nil {
		t.Errorf("a stream ended with %v", d.err)
	}
	for i, n := range d.numbers {
		if n != i+1 {
			t.Errorf("a stream has a hole: number %d after %d others", n, i)
			return
		}
	}
	if d.retry < 1000 || d.retry > 3000 {
		t.Errorf("a stream was asked to return after %d ms", d.retry)
	}
}

// TestDrainAnswersRequestsUnderWay: the origin takes its time, the listeners
// are closed meanwhile, and the client gets its whole answer.
func TestDrainAnswersRequestsUnderWay(t *testing.T) {
	asked, goOn := make(chan struct{}, 2), make(chan struct{})
	origin := holding()
	origin.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "first half, ")
		http.NewResponseController(w).Flush()
		asked <- struct{}{}
		<-goOn
		io.WriteString(w, "second half")
	})
	origin.HandleFunc("/late", func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-goOn
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Grip-Hold", "stream")
		w.Header().Set("Grip-Channel", "c")
	})
	s := startServer(t, "origin: "+startOrigin(t, origin))
	client := newClient(t)
	slow := asking(t, client, s, "/slow")
	<-asked
	late := asking(t, client, s, "/late")
	<-asked
	s.signal()
	eventually(t, "nobody listens any more", func() bool { return refusesConnections(s.address) })
	close(goOn)
	if got := <-slow; got != "first half, second half" {
		t.Errorf("the request under way got %q", got)
	}
	if got := <-late; !strings.HasPrefix(got, "retry: ") {
		t.Errorf("the stream that came too late got %q", got)
	}
}

// TestDrainAnswersLongPolls with what their timeout would.
func TestDrainAnswersLongPolls(t *testing.T) {
	s := startServer(t, "origin: "+startOrigin(t, holding()))
	answer := asking(t, newClient(t), s, "/poll?channel=c")
	eventually(t, "the poll waits", func() bool {
		_, info := s.ask(http.MethodGet, "/channels/c")
		return strings.Contains(info, `"subscribers":1`)
	})
	s.signal()
	if body := <-answer; body != "none" {
		t.Errorf("got %q", body)
	}
}

// TestDrainDelay: the balancer is told at once, and clients that it still sends
// are served as ever.
func TestDrainDelay(t *testing.T) {
	t.Parallel()
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\ndrain: {delay: 3s, window: 100ms}\n")
	if status, _ := s.ask(http.MethodGet, "/readyz"); status != http.StatusOK {
		t.Fatalf("/readyz: %d before the drain", status)
	}
	before := follow(t, newClient(t), s.URL+"/stream?channel=c", "")
	s.signal()
	eventually(t, "/readyz says no", func() bool {
		status, answer := s.ask(http.MethodGet, "/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(answer, "draining")
	})
	if status, _ := s.ask(http.MethodGet, "/healthz"); status != http.StatusOK {
		t.Errorf("/healthz: %d", status)
	}
	during := follow(t, newClient(t), s.URL+"/stream?channel=c", "")
	s.publish(message("c", "", "one"))
	before.wantData("one")
	during.wantData("one")
	before.wantEnd()
	during.wantEnd()
	<-s.ended
	for _, address := range []string{s.address, strings.TrimPrefix(s.controlURL, "http://")} {
		if !refusesConnections(address) {
			t.Errorf("somebody listens on %s", address)
		}
	}
}

// TestDrainHandsOutWhatIsParked: nobody will bring what it waits for, before
// the drain or during it.
func TestDrainHandsOutWhatIsParked(t *testing.T) {
	t.Parallel()
	s := startServer(t, "origin: "+startOrigin(t, holding())+"\ndrain: {window: 4s}\nchannels: {park: {wait: 1h}}\n")
	// Two streams, so that the last to end is open for half of the window.
	streams := []*subscriber{
		follow(t, newClient(t), s.URL+"/stream?channel=c", ""), follow(t, newClient(t), s.URL+"/stream?channel=c", ""),
	}
	parked := func(id string) string {
		return fmt.Sprintf(`{"channel":"c","id":%q,"prev-id":"missing","formats":{"sse":{"data":%[1]q}}}`, id)
	}
	s.publish(message("c", "first", "first"))
	s.publish(parked("before the drain"))
	s.signal()
	eventually(t, "nobody listens any more", func() bool { return refusesConnections(s.address) })
	s.publish(parked("during the drain"))
	longest := 0
	for _, stream := range streams {
		var got []string
		for b, err := readBlock(stream.body); err == nil; b, err = readBlock(stream.body) {
			if b.data != "" && b.event != "gap" {
				got = append(got, b.data)
			}
		}
		longest = max(longest, len(got))
		if len(got) < 2 || got[1] != "before the drain" {
			t.Errorf("a stream got %q", got)
		}
	}
	if longest != 3 {
		t.Errorf("the stream that was open the longest got %d events of 3", longest)
	}
}

// TestDrainIsNoReset: a client that has sent more than its request, and that
// reads only after the end, still gets everything.
func TestDrainIsNoReset(t *testing.T) {
	s := startServer(t, "origin: "+startOrigin(t, holding()))
	conn, err := net.Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(goodTime))
	const request = "GET /stream?channel=c HTTP/1.1\r\nHost: h\r\n\r\n"
	io.WriteString(conn, request+request)
	eventually(t, "the stream is held", func() bool {
		_, info := s.ask(http.MethodGet, "/channels/c")
		return strings.Contains(info, `"subscribers":1`)
	})
	data := strings.Repeat("x", 10<<10)
	s.publish(message("c", "", data))
	s.signal()
	<-s.ended
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil || !strings.Contains(string(body), data) {
		t.Errorf("got %d bytes and %v", len(body), err)
	}
}
