package websocket

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gobwas/ws"

	"github.com/holdfast-proxy/holdfast/internal/grip"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

var plain = &grip.Socket{Prefix: "m:"}

// GRIP: T60, in its modes.
func TestKeepAlives(t *testing.T) {
	for name, c := range map[string]struct {
		control string
		publish time.Duration // how often
		want    int           // keep-alives in ten and a half seconds
	}{
		"an idle client":                {`{"type":"keep-alive","content":"k","timeout":2}`, 0, 5},
		"a busy client":                 {`{"type":"keep-alive","content":"k","timeout":2}`, time.Second, 0},
		"a busy client, whatever it is": {`{"type":"keep-alive","content":"k","timeout":2,"mode":"interval"}`, time.Second, 5},
		"switched off":                  {`{"type":"keep-alive"}`, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				client, origin := r.direct(plain)
				tell(t, origin, ws.OpText, `c:{"type":"keep-alive","content":"never","timeout":100}`)
				tell(t, origin, ws.OpText, `c:{"type":"subscribe","channel":"ch"}`)
				tell(t, origin, ws.OpText, "c:"+c.control)
				go func() {
					for range 10 {
						if time.Sleep(time.Second); c.publish > 0 {
							r.publish("ch", "p")
						}
					}
				}()
				got, start := 0, time.Now()
				client.SetReadDeadline(start.Add(10500 * time.Millisecond))
				for {
					f, err := readFrame(client)
					if err != nil {
						break
					}
					if string(f.Payload) != "p" {
						got++
					}
				}
				if got != c.want {
					t.Errorf("%d keep-alives, want %d", got, c.want)
				}
				client.wantEnd(hold.ReasonClientClosed)
			})
		})
	}
}

func TestADelayedMessageComesWhenItIsDue(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		client, origin := r.direct(plain)
		start := time.Now()
		tell(t, origin, ws.OpText, `c:{"type":"send-delayed","content":"d","timeout":7}`)
		client.want(ws.OpText, "d")
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("after %v", took)
		}
		client.wantEnd(hold.ReasonClientClosed)
	})
}

func TestCloseFramesThatNobodyAnswers(t *testing.T) {
	t.Run("the client's", func(t *testing.T) {
		inBubble(t, func(t *testing.T, r *rig) {
			client, origin := r.direct(plain)
			start := time.Now()
			client.send(ws.OpClose, closing(4000, "x"))
			hears(t, origin, ws.OpClose, closing(4000, "x"))
			client.want(ws.OpClose, closing(4000, "x"))
			if took := time.Since(start); took != closeWait {
				t.Errorf("after %v", took)
			}
			client.wantEnd(hold.ReasonClientClosed)
		})
	})
	t.Run("the origin's", func(t *testing.T) {
		inBubble(t, func(t *testing.T, r *rig) {
			client, origin := r.direct(plain)
			start := time.Now()
			go tell(t, origin, ws.OpClose, "")
			client.want(ws.OpClose, "")
			hears(t, origin, ws.OpClose, "")
			if _, err := client.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				t.Errorf("the connection does not end: %v", err)
			}
			if took := time.Since(start); took != closeWait {
				t.Errorf("after %v", took)
			}
			client.wantEnd(ReasonOriginClosed)
		})
	})
}

// Whoever restarts, or is too busy, says so with codes that were registered after
// RFC 6455.
func TestCloseCodesPassFromBothSides(t *testing.T) {
	for _, code := range []int{1000, 1001, 1003, 1008, 1011, 1012, 1013, 1014, 3000, 4999} {
		inBubble(t, func(t *testing.T, r *rig) {
			client, origin := r.direct(plain)
			go tell(t, origin, ws.OpClose, closing(code, "why"))
			client.want(ws.OpClose, closing(code, "why"))
			go io.Copy(io.Discard, origin)
			client.wantEnd(ReasonOriginClosed)
		})
		inBubble(t, func(t *testing.T, r *rig) {
			client, origin := r.direct(plain)
			client.send(ws.OpClose, closing(code, "why"))
			hears(t, origin, ws.OpClose, closing(code, "why"))
			client.want(ws.OpClose, closing(code, "why"))
			client.wantEnd(hold.ReasonClientClosed)
		})
	}
}

func TestFramesThatBreakTheRules(t *testing.T) {
	for name, c := range map[string]struct {
		frame ws.Frame
		code  int
		text  string
	}{
		"one that is not masked":      {ws.NewTextFrame([]byte("x")), 1002, "protocol error"},
		"a continuation":              {ws.MaskFrame(ws.NewFrame(ws.OpContinuation, true, nil)), 1002, "protocol error"},
		"a close frame of one byte":   {ws.MaskFrame(ws.NewCloseFrame([]byte{3})), 1002, "protocol error"},
		"a close frame with 1005":     {ws.MaskFrame(ws.NewCloseFrame([]byte("\x03\xed"))), 1002, "protocol error"},
		"a close frame with 1016":     {ws.MaskFrame(ws.NewCloseFrame([]byte("\x03\xf8"))), 1002, "protocol error"},
		"a close frame with 5000":     {ws.MaskFrame(ws.NewCloseFrame([]byte("\x13\x88"))), 1002, "protocol error"},
		"a close frame of other text": {ws.MaskFrame(ws.NewCloseFrame([]byte("\x03\xe8\xff"))), 1002, "protocol error"},
		"compression":                 {ws.MaskFrame(ws.Frame{Header: ws.Header{Fin: true, Rsv: ws.Rsv(true, false, false), OpCode: ws.OpText}}), 1002, "protocol error"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, r *rig) {
				client, origin := r.direct(plain)
				go io.Copy(io.Discard, origin)
				if err := ws.WriteFrame(client, c.frame); err != nil {
					t.Fatal(err)
				}
				client.want(ws.OpClose, closing(c.code, c.text))
				client.wantEnd(ReasonBadClient)
				if !r.halfClosed { // its answer cannot be read
					t.Error("the client does not see the end")
				}
			})
		})
	}
	inBubble(t, func(t *testing.T, r *rig) {
		client, origin := r.direct(plain)
		go ws.WriteFrame(origin, ws.MaskFrame(ws.NewTextFrame(nil)))
		client.want(ws.OpClose, closing(1011, "bad instruction of the origin"))
		hears(t, origin, ws.OpClose, closing(1011, "bad instruction of the origin"))
		client.wantEnd(ReasonBadOrigin)
		if r.halfClosed {
			t.Error("the client cannot answer")
		}
	})
}

func TestAClientThatTakesNothingIsGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		client, origin := r.direct(plain)
		start := time.Now()
		tell(t, origin, ws.OpText, "m:x") // a pipe has no buffers
		if e := <-client.ended; e.Reason != hold.ReasonWriteTimeout {
			t.Errorf("ended by %s", e.Reason)
		}
		if took := time.Since(start); took < 20*time.Second || took > 20*time.Second+2*closeWait {
			t.Errorf("after %v", took)
		}
	})
}

func TestAnOriginThatTakesNothingIsGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		client, _ := r.direct(plain)
		start := time.Now()
		client.send(ws.OpText, "x")
		client.want(ws.OpClose, closing(1011, "origin is gone"))
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("after %v", took)
		}
		client.wantEnd(ReasonOriginLost)
	})
}

// An origin that is stuck keeps a session that is over no longer than one that does not
// answer its close frame.
func TestAnOriginThatTakesNothingKeepsNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		client, _ := r.direct(plain)
		client.send(ws.OpText, "x")
		synctest.Wait()
		start := time.Now()
		go r.holder.Drain(t.Context(), 0)
		client.want(ws.OpClose, closing(1001, "going away"))
		client.wantEnd(hold.ReasonDrain)
		if took := time.Since(start); took > closeWait {
			t.Errorf("after %v", took)
		}
	})
}

// A large message may take longer than a write, as long as it moves.
func TestALargeMessageMayTakeItsTime(t *testing.T) {
	const size = 4 * maxPiece
	slowly := func(t *testing.T, r io.Reader) {
		t.Helper()
		for n := range size / maxPiece {
			if _, err := io.CopyN(io.Discard, r, maxPiece); err != nil {
				t.Fatalf("piece %d: %v", n, err)
			}
			time.Sleep(15 * time.Second)
		}
	}
	inBubble(t, func(t *testing.T, r *rig) {
		client, origin := r.direct(plain)
		go io.Copy(io.Discard, origin)
		tell(t, origin, ws.OpText, `c:{"type":"subscribe","channel":"ch"}`)
		synctest.Wait()
		r.publish("ch", strings.Repeat("x", size))
		slowly(t, client)
		client.wantEnd(hold.ReasonClientClosed)
	})
	inBubble(t, func(t *testing.T, r *rig) {
		ours, origin := net.Pipe()
		client := r.session(func(s *Session) Ending {
			s.in.side |= ws.StateExtended // compressed messages come whole
			return s.Direct(ours, plain)
		})
		small, _ := wire.Deflate(ws.OpText, []byte(strings.Repeat("x", size)))
		compressed := ws.Frame{Header: ws.Header{Fin: true, OpCode: ws.OpText, Rsv: ws.Rsv(true, false, false), Length: int64(len(small))}, Payload: small}
		if err := ws.WriteFrame(client, ws.MaskFrame(compressed)); err != nil {
			t.Fatal(err)
		}
		slowly(t, origin)
		go io.Copy(io.Discard, origin)
		client.wantEnd(hold.ReasonClientClosed)
	})
}

// When the session is over, a large message has no more time than the farewell.
func TestALargeMessageDoesNotPutOffTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		client, origin := r.direct(plain)
		tell(t, origin, ws.OpText, `c:{"type":"subscribe","channel":"ch"}`)
		synctest.Wait()
		r.publish("ch", strings.Repeat("x", 8*maxPiece))
		synctest.Wait() // it is under way
		go tell(t, origin, ws.OpClose, "")
		go io.Copy(io.Discard, origin)
		synctest.Wait()
		start := time.Now()
		time.Sleep(closeWait - time.Second)
		if _, err := io.CopyN(io.Discard, client, maxPiece); err != nil {
			t.Fatal(err)
		}
		if e := <-client.ended; e.Reason != ReasonOriginClosed {
			t.Errorf("ended by %s", e.Reason)
		}
		if took := time.Since(start); took > 2*closeWait {
			t.Errorf("after %v", took)
		}
	})
}

func TestAChannelThatCannotBeFollowed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		client, origin := r.direct(plain)
		go io.Copy(io.Discard, origin)
		go tell(t, origin, ws.OpText, `c:{"type":"subscribe","channel":"gone"}`)
		client.want(ws.OpClose, closing(1013, "channel is not available now"))
		client.wantEnd(ReasonHistory)
	})
}

// What is published into a channel that is just being followed is not lost in a drain.
func TestADrainWaitsForAChannelThatIsBeingFollowed(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		client, origin := r.direct(plain)
		tell(t, origin, ws.OpText, `c:{"type":"subscribe","channel":"slow"}`)
		go io.Copy(io.Discard, origin)
		synctest.Wait()
		r.publish("slow", "last")
		go r.holder.Drain(t.Context(), 0)
		client.want(ws.OpText, "last")
		client.want(ws.OpClose, closing(1001, "going away"))
		client.wantEnd(hold.ReasonDrain)
	})
}

func TestADrainIsSpreadOverItsWindow(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		const n = 5
		var clients []*client
		for range n {
			c, origin := r.direct(plain)
			go io.Copy(io.Discard, origin)
			clients = append(clients, c)
		}
		synctest.Wait()
		start := time.Now()
		ended := make(chan time.Duration, n)
		for _, c := range clients {
			go func() {
				c.want(ws.OpClose, closing(1001, "going away"))
				ended <- time.Since(start)
				c.send(ws.OpClose, closing(1001, ""))
			}()
		}
		if err := r.holder.Drain(t.Context(), 50*time.Second); err != nil {
			t.Error(err)
		}
		for i := range n {
			if at := <-ended; at != time.Duration(i)*10*time.Second {
				t.Errorf("client %d is closed after %v", i, at)
			}
		}
		for _, c := range clients {
			c.wantEnd(hold.ReasonDrain)
		}
	})
}

func TestWhenTimeIsUpNobodyIsWaitedFor(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		client, origin := r.direct(plain)
		go io.Copy(io.Discard, origin)
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		if err := r.holder.Drain(ctx, time.Minute); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if e := <-client.ended; e.Reason != hold.ReasonShutdown {
			t.Errorf("ended by %s", e.Reason)
		}
		if took := time.Since(start); took > closeWait {
			t.Errorf("after %v", took)
		}
	})
}

func TestAMessageIsRelayedWhileItComes(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		client, origin := r.direct(plain)
		go func() {
			for i, fragment := range []string{"m:a", "b", "c"} {
				op := ws.OpContinuation
				if i == 0 {
					op = ws.OpText
				}
				io.WriteString(origin, frame(op, i == 2, 0, fragment))
				time.Sleep(time.Second)
			}
		}()
		start := time.Now()
		for i, want := range []string{"a", "b", "c"} {
			f, err := readFrame(client)
			if err != nil || string(f.Payload) != want || f.Header.Fin != (i == 2) || (f.Header.OpCode == ws.OpText) != (i == 0) {
				t.Errorf("fragment %d: %v %q (%v)", i, f.Header, f.Payload, err)
			}
			if took := time.Since(start); took != time.Duration(i)*time.Second {
				t.Errorf("fragment %d comes after %v", i, took)
			}
		}
		go client.send(ws.OpText, strings.Repeat("x", partSize+1))
		for i, size := range []int{partSize, 1} {
			f, err := readFrame(origin)
			if err != nil || len(f.Payload) != size || f.Header.Fin != (i == 1) {
				t.Errorf("part %d for the origin: %v (%v)", i, f.Header, err)
			}
		}
		go io.Copy(io.Discard, origin)
		client.wantEnd(hold.ReasonClientClosed)
	})
}

func TestNothingFollowsACloseFrame(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		client, origin := r.direct(plain)
		go tell(t, origin, ws.OpText, `c:{"type":"subscribe","channel":"ch"}`)
		synctest.Wait()
		go func() {
			if err := r.holder.Drain(t.Context(), 0); err != nil {
				t.Error(err)
			}
		}()
		client.want(ws.OpClose, closing(1001, "going away"))
		hears(t, origin, ws.OpClose, closing(1001, "going away"))
		tell(t, origin, ws.OpText, "m:late")
		tell(t, origin, ws.OpPing, "late")
		r.publish("ch", "late")
		if n, err := client.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("something follows: %v", err)
		}
		client.wantEnd(hold.ReasonDrain)
	})
}

func TestAGapThatMayBeNothingEndsNoWebSocket(t *testing.T) {
	inBubble(t, func(t *testing.T, r *rig) {
		client, origin := r.direct(plain)
		go io.Copy(io.Discard, origin)
		tell(t, origin, ws.OpText, `c:{"type":"subscribe","channel":"ch"}`)
		synctest.Wait()
		r.hub.Interrupt()
		r.publish("ch", "after")
		client.want(ws.OpText, "after")
		client.wantEnd(hold.ReasonClientClosed)
	})
}
