package websocket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"

	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/woh"
)

func eventsOf(events ...woh.Event) string {
	var b []byte
	for _, e := range events {
		b = woh.Append(b, e)
	}
	return string(b)
}

func texts(contents ...string) string {
	var events []woh.Event
	for _, c := range contents {
		events = append(events, woh.Event{Type: woh.Text, Content: []byte(c)})
	}
	return eventsOf(events...)
}

// GRIP: T64.
func TestAnOriginIsAskedWhenItsIntervalHasPassed(t *testing.T) {
	for name, c := range map[string]struct {
		interval string
		want     []time.Duration
	}{
		"less than the least": {"5", []time.Duration{0, 20 * time.Second, 40 * time.Second}},
		"longer":              {"30", []time.Duration{0, 30 * time.Second}},
		"none":                {"", []time.Duration{0}},
		"off":                 {"0", []time.Duration{0}},
		"rubbish":             {"soon", []time.Duration{0}},
		"endless":             {strings.Repeat("9", 18), []time.Duration{0}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				o := new(scripted)
				client := r.opened(o, accepts("", "Keep-Alive-Interval", c.interval))
				time.Sleep(59 * time.Second)
				synctest.Wait()
				if diff := cmp.Diff(c.want, o.at); diff != "" {
					t.Error(diff)
				}
				client.wantEnd(hold.ReasonClientClosed)
				if last := o.asked[len(o.asked)-1]; last != "DISCONNECT\r\n" {
					t.Errorf("the origin is told %q", last)
				}
			})
		})
	}
}

func TestAnIntervalBeginsAfterTheLastAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		o := new(scripted)
		client := r.opened(o, accepts("", "Keep-Alive-Interval", "20"), says(""), says("", "Keep-Alive-Interval", "0"))
		time.Sleep(15 * time.Second)
		client.send(ws.OpText, "hi")
		time.Sleep(time.Hour)
		synctest.Wait()
		if diff := cmp.Diff([]string{"OPEN\r\n", texts("hi"), ""}, o.asked); diff != "" {
			t.Error(diff)
		}
		if at := o.at[2]; at != 35*time.Second {
			t.Errorf("asked at %v", at)
		}
		client.wantEnd(hold.ReasonClientClosed)
	})
}

func TestAnOriginThatIsNotReachedIsAskedAgain(t *testing.T) {
	down := fmt.Errorf("%w: refused", ErrUnreached)
	t.Run("until it is", func(t *testing.T) {
		inBubble(t, func(t *testing.T, r *rig) {
			o := new(scripted)
			client := r.opened(o, accepts(texts(`c:{"type":"subscribe","channel":"ch"}`)), fails(down), fails(down), fails(down), says(texts("m:back")))
			client.send(ws.OpText, "hi")
			time.Sleep(time.Second / 2)
			r.publish("ch", "meanwhile")
			client.want(ws.OpText, "meanwhile")
			client.want(ws.OpText, "back")
			synctest.Wait()
			if diff := cmp.Diff([]string{"OPEN\r\n", texts("hi"), texts("hi"), texts("hi"), texts("hi")}, o.asked); diff != "" {
				t.Error(diff)
			}
			for i, least := range []time.Duration{0, 1, 2, 4} {
				if i == 0 {
					continue
				}
				if wait := o.at[i+1] - o.at[i]; wait < least*time.Second || wait > (least+1)*time.Second {
					t.Errorf("retry %d comes after %v", i, wait)
				}
			}
			client.wantEnd(hold.ReasonClientClosed)
		})
	})
	t.Run("until that is in vain", func(t *testing.T) {
		inBubble(t, func(t *testing.T, r *rig) {
			o := new(scripted)
			answers := []func(context.Context) (*Reply, error){accepts("")}
			for range 10 {
				answers = append(answers, fails(down))
			}
			client := r.opened(o, answers...)
			client.send(ws.OpText, "hi")
			client.want(ws.OpClose, closing(1011, "origin is gone"))
			client.wantEnd(ReasonOriginLost)
			want := slices.Concat([]string{"OPEN\r\n"}, slices.Repeat([]string{texts("hi")}, 1+retries),
				slices.Repeat([]string{"DISCONNECT\r\n"}, 3)) // as often as closeWait allows
			if diff := cmp.Diff(want, o.asked); diff != "" {
				t.Error(diff)
			}
		})
	})
	t.Run("unless the client leaves", func(t *testing.T) {
		inBubble(t, func(t *testing.T, r *rig) {
			o := new(scripted)
			client := r.opened(o, accepts(""), fails(down))
			client.send(ws.OpText, "hi")
			synctest.Wait()
			client.wantEnd(hold.ReasonClientClosed)
			if n := len(o.asked); n != 3 || o.at[2] != 0 {
				t.Errorf("asked %q at %v", o.asked, o.at)
			}
		})
	})
}

// What the client has said may have been done: an order is not placed twice.
func TestAnOriginThatDoesNotAnswerInTimeIsNotToldAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		o := new(scripted)
		slow := fails(fmt.Errorf("%w: timeout", ErrUnanswered))
		client := r.opened(o, accepts(""), slow, slow, slow, slow, slow)
		client.send(ws.OpText, "pay")
		client.want(ws.OpClose, closing(1011, "origin is gone"))
		client.wantEnd(ReasonOriginLost)
		want := slices.Concat([]string{"OPEN\r\n", texts("pay")}, slices.Repeat([]string{"DISCONNECT\r\n"}, 3)) // as often as closeWait allows
		if diff := cmp.Diff(want, o.asked); diff != "" {
			t.Error(diff)
		}
	})
}

// GRIP: detach ends the origin's connection, which over HTTP is told by CLOSE.
func TestAnOriginThatDetachesIsToldThatItIsOver(t *testing.T) {
	const detach = `c:{"type":"detach"}`
	down := fails(fmt.Errorf("%w: refused", ErrUnreached))
	for name, c := range map[string]struct {
		answers []func(context.Context) (*Reply, error) // to CLOSE
		wait    time.Duration                           // of the client
		want    []string
	}{
		"at once":                     {nil, time.Hour, []string{"CLOSE\r\n"}},
		"and says more":               {[]func(context.Context) (*Reply, error){says("DISCONNECT\r\n" + texts("m:more"))}, time.Hour, []string{"CLOSE\r\n"}},
		"as soon as it is reached":    {[]func(context.Context) (*Reply, error){down, down}, time.Hour, []string{"CLOSE\r\n", "CLOSE\r\n", "CLOSE\r\n"}},
		"by the end if not before":    {[]func(context.Context) (*Reply, error){down}, time.Millisecond, []string{"CLOSE\r\n", "DISCONNECT\r\n"}},
		"even if it answers nonsense": {[]func(context.Context) (*Reply, error){says("nonsense")}, time.Hour, []string{"CLOSE\r\n", "DISCONNECT\r\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				o := new(scripted)
				client := r.opened(o, append([]func(context.Context) (*Reply, error){accepts(texts(detach))}, c.answers...)...)
				synctest.Wait()
				client.send(ws.OpText, "to nobody")
				time.Sleep(c.wait)
				client.wantEnd(hold.ReasonClientClosed)
				if diff := cmp.Diff(append([]string{"OPEN\r\n"}, c.want...), o.asked); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestAnOriginMayTakeItsTimeToOpen(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		o := new(scripted)
		client := r.opened(o, says("", "Keep-Alive-Interval", "20", "Set-Meta-A", "b"), says(""), accepts(texts("m:x")))
		client.want(ws.OpText, "x")
		synctest.Wait()
		if diff := cmp.Diff([]time.Duration{0, 20 * time.Second, 40 * time.Second}, o.at); diff != "" {
			t.Error(diff)
		}
		if o.meta[1].Get("Meta-A") != "b" {
			t.Errorf("asked again with %v", o.meta[1])
		}
		client.wantEnd(hold.ReasonClientClosed)
	})
	inBubble(t, func(t *testing.T, r *rig) {
		o := &scripted{answers: []func(context.Context) (*Reply, error){says("", "Keep-Alive-Interval", "20")}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := Open(ctx, func(ctx context.Context, _ http.Header, _ []byte) (*Reply, error) { return o.ask(ctx, nil, nil) }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a client that has gone: %v", err)
		}
	})
}

func TestAClientWaitsForAnOriginThatDoesNotAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		o := new(scripted)
		slow := func(ctx context.Context) (*Reply, error) {
			time.Sleep(10 * time.Second)
			return &Reply{}, nil
		}
		client := r.opened(o, accepts(""), slow)
		big := strings.Repeat("x", 90_000)
		for range 6 { // the third does not fit beside what waits
			client.send(ws.OpText, big)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		var sizes []int
		for _, body := range o.asked[1:] {
			sizes = append(sizes, strings.Count(body, "TEXT"))
		}
		sum := 0
		for _, n := range sizes {
			if sum += n; n > 2 {
				t.Errorf("%d messages in a request", n)
			}
		}
		if sum != 6 {
			t.Errorf("%d messages have come: %v", sum, sizes)
		}
		client.wantEnd(hold.ReasonClientClosed)
	})
}

func TestAMessageOfTheOriginIsBoundedOverHTTP(t *testing.T) {
	const limit = 1 << 20 // the rig's
	inBubble(t, func(t *testing.T, r *rig) {
		o := new(scripted)
		client := r.opened(o, accepts(texts("m:"+strings.Repeat("x", limit-2), "m:"+strings.Repeat("x", limit-1))))
		client.want(ws.OpText, strings.Repeat("x", limit-2))
		client.want(ws.OpClose, closing(1009, "message of the origin is too big"))
		client.wantEnd(ReasonTooBig)
		if last := o.asked[len(o.asked)-1]; last != "DISCONNECT\r\n" {
			t.Errorf("the origin is told %q", last)
		}
	})
}

// A client that says more than can wait is heard again when the origin takes up what it
// has left over.
func TestAClientThatWaitsForRoomIsNotForgotten(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		o := new(scripted)
		some := func(n string) func(context.Context) (*Reply, error) { return says("", "Content-Bytes-Accepted", n) }
		client := r.opened(o, accepts(""), some("10"), some("10"), some("149980"))
		client.send(ws.OpText, strings.Repeat("a", 150_000))
		synctest.Wait()
		client.send(ws.OpText, strings.Repeat("b", 60_000))
		synctest.Wait()
		if last := o.asked[len(o.asked)-1]; last != texts(strings.Repeat("b", 60_000)) {
			t.Errorf("the origin was asked %d times, at last with %.20q", len(o.asked), last)
		}
		client.wantEnd(hold.ReasonClientClosed)
	})
}

// npm's @fanoutio/grip says CLOSE with the code 0 where it means none.
func TestACloseOfTheOriginWithoutACode(t *testing.T) {
	for name, c := range map[string]struct{ answer, byItself, toTheClient string }{
		"none":         {"CLOSE\r\n", "", closing(4000, "x")},
		"0":            {"CLOSE 2\r\n\x00\x00\r\n", "", closing(4000, "x")},
		"another code": {"CLOSE 2\r\n\x0f\xa1\r\n", closing(4001, ""), closing(4001, "")},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				client := r.opened(new(scripted), accepts(""), says(c.answer))
				client.send(ws.OpText, "hi")
				client.want(ws.OpClose, c.byItself)
				client.wantEnd(ReasonOriginClosed)
				client = r.opened(new(scripted), accepts(""), says(c.answer))
				client.send(ws.OpClose, closing(4000, "x"))
				client.want(ws.OpClose, c.toTheClient)
				client.wantEnd(hold.ReasonClientClosed)
			})
		})
	}
}

func TestACloseFrameThatTheOriginDoesNotTakeInTime(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		o := new(scripted)
		client := r.opened(o, accepts(""), func(ctx context.Context) (*Reply, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
		start := time.Now()
		client.send(ws.OpClose, closing(4000, "x"))
		client.want(ws.OpClose, closing(4000, "x"))
		if took := time.Since(start); took != closeWait {
			t.Errorf("answered after %v", took)
		}
		client.wantEnd(hold.ReasonClientClosed)
		if last := o.asked[len(o.asked)-1]; last != "DISCONNECT\r\n" {
			t.Errorf("the origin is told %q", last)
		}
	})
}
