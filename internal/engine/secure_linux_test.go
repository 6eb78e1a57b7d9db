package engine

import (
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/holdfast-proxy/holdfast/channels"
	"github.com/holdfast-proxy/holdfast/internal/hold"
	"github.com/holdfast-proxy/holdfast/internal/wire"
)

// eachVersion runs a test over TLS 1.2 and 1.3.
func eachVersion(t *testing.T, f func(t *testing.T, version uint16)) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) { f(t, version) })
	}
}

// Whatever the buffers and the pace of the client, it gets every byte once,
// also of records that the system took in parts.
func TestPartialRecordsArriveWhole(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		for _, buffer := range []int{1, 4 << 10, 20 << 10} {
			rnd := rand.New(rand.NewPCG(uint64(buffer), 9))
			r := newRig(t)
			c, _ := r.holdSecure(t, version, buffer, hold.Stream{}, "a", "b")
			defer c.leave()
			want, got := r.chatter(t, rnd, 300, 100_000, c.some)
			r.act(t, "a", channels.Close)
			want.WriteString(wire.LastChunk)
			rest, err := c.rest(t)
			if got.WriteString(rest); got.String() != want.String() || err != io.EOF {
				t.Errorf("with a buffer of %d: got %d bytes and then %v, want %d and the end", buffer, got.Len(), err, want.Len())
			}
			c.leave()
			r.wantEnd(t, hold.ReasonAction)
		}
	})
}

func TestAStuckStreamKeepsOneRecord(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		in(t, func(t *testing.T, r *rig) {
			c, held := r.holdSecure(t, version, 4<<10, hold.Stream{}, "a")
			defer c.leave()
			for range 20 {
				r.publish(t, "a", strings.Repeat("x", 50_000))
			}
			fill(t, r, held)
			const overhead = 1 << 10 // of the small records that a connection begins with
			if kept := cap(held.bag.sealed); kept == 0 || kept > maxRecord+overhead {
				t.Errorf("%d encrypted bytes are kept, want some and not more than %d", kept, maxRecord+overhead)
			}
			if size := len(chunk(strings.Repeat("x", 50_000))); cap(held.bag.rest) > size {
				t.Errorf("%d bytes are kept that the log has not got", cap(held.bag.rest))
			}
		})
	})
}

func TestASecureClientThatTakesNothingIsCutOffAtTheWriteDeadline(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		in(t, func(t *testing.T, r *rig) {
			c, held := r.holdSecure(t, version, 4<<10, hold.Stream{WriteTimeout: 7 * time.Second}, "a")
			defer c.leave()
			fill(t, r, held)
			start := time.Now()
			r.wantEnd(t, hold.ReasonWriteTimeout)
			if got := time.Since(start); got < 7*time.Second || got > 7*time.Second+2*tick {
				t.Errorf("ended after %v, want 7s", got)
			}
		})
	})
}

// The end of the body and close_notify come also if the client is slow.
func TestABlockedSecureStreamEndsWell(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		r := newRig(t)
		c, _ := r.holdSecure(t, version, 1, hold.Stream{}, "a")
		defer c.leave()
		content := strings.Repeat("x", 300_000)
		r.publish(t, "a", content)
		r.act(t, "a", channels.Close)
		got, err := c.rest(t)
		if got != chunk(content)+wire.LastChunk || err != io.EOF {
			t.Errorf("got %d bytes and then %v, want all and the end", len(got), err)
		}
		c.wantNotified(t)
		c.leave()
		r.wantEnd(t, hold.ReasonAction)
	})
}

func TestClientsOverTLSLeave(t *testing.T) {
	for _, test := range []struct {
		name  string
		leave func(t *testing.T, c *secureClient)
		want  hold.Reason
	}{
		{"with close_notify", func(t *testing.T, c *secureClient) { c.CloseWrite() }, hold.ReasonClientClosed},
		{"without", func(t *testing.T, c *secureClient) { c.leave() }, hold.ReasonClientClosed},
		{"with half a connection", func(t *testing.T, c *secureClient) { unix.Shutdown(c.below.fd, unix.SHUT_WR) }, hold.ReasonClientClosed},
		{"within a record", func(t *testing.T, c *secureClient) {
			c.below.Write([]byte{applicationRecord, 3, 3, 0, 100, 1, 2, 3})
			c.leave()
		}, hold.ReasonClientClosed},
		{"within a record's header", func(t *testing.T, c *secureClient) {
			c.below.Write([]byte{applicationRecord, 3})
			c.leave()
		}, hold.ReasonClientClosed},
		{"with a record of somebody else's", func(t *testing.T, c *secureClient) {
			c.below.Write(append([]byte{applicationRecord, 3, 3, 0, 100}, make([]byte, 100)...))
		}, hold.ReasonWriteError},
		{"with what is no TLS", func(t *testing.T, c *secureClient) {
			c.below.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		}, hold.ReasonWriteError},
	} {
		t.Run(test.name, func(t *testing.T) {
			eachVersion(t, func(t *testing.T, version uint16) {
				r := newRig(t)
				c, _ := r.holdSecure(t, version, 0, hold.Stream{}, "a")
				defer c.leave()
				r.publish(t, "a", "data: 1\n\n")
				c.want(t, chunk("data: 1\n\n"))
				test.leave(t, c)
				r.wantEnd(t, test.want)
			})
		})
	}
}

func TestWhyAConnectionEndsIsSaidInTLS(t *testing.T) {
	r := newRig(t)
	c, _ := r.holdSecure(t, tls.VersionTLS13, 0, hold.Stream{}, "a")
	defer c.leave()
	c.below.Write(append([]byte{applicationRecord, 3, 3, 0, 100}, make([]byte, 100)...))
	if _, err := c.rest(t); err == nil || !strings.Contains(err.Error(), "bad record MAC") {
		t.Errorf("the client is told %v, want bad_record_mac", err)
	}
}

// Of what net/http's last read brought, TLS may still have a part: the poller
// will not tell of it.
func TestWhatTLSHasReadAlreadyIsReceived(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		r := newRig(t)
		c := new(secureClient)
		server, ours, theirs := shake(t, c, version)
		both := &clientSocket{fd: -1} // which takes nothing
		pipe := theirs.Replace(both)
		c.Write([]byte("x"))
		c.CloseWrite()
		go pipe.Write(both.pending)
		if n, _ := server.Read(make([]byte, 100)); n != 1 {
			t.Fatalf("read %d bytes, want 1", n)
		}
		r.holdOver(t, c, server, ours, theirs, 0, hold.Stream{}, "a")
		defer c.leave()
		r.wantEnd(t, hold.ReasonClientClosed)
	})
}

// A client's records may come in any pieces.
func TestAClientsRecordComesByteByByte(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		in(t, func(t *testing.T, r *rig) {
			c, held := r.holdSecure(t, version, 0, hold.Stream{}, "a")
			defer c.leave()
			f := newForger(t, c)
			for range 3 {
				for _, b := range f.record(applicationRecord, []byte("hello")) {
					c.below.Write([]byte{b})
					tell(held, unix.EPOLLIN)
				}
			}
			r.publish(t, "a", "data: 1\n\n")
			c.want(t, chunk("data: 1\n\n"))
		})
	})
}

func TestClientsMayChangeTheirKeys(t *testing.T) {
	for _, request := range []bool{false, true} {
		t.Run(fmt.Sprint("and ask for ours: ", request), func(t *testing.T) {
			in(t, func(t *testing.T, r *rig) {
				c, held := r.holdSecure(t, tls.VersionTLS13, 0, hold.Stream{}, "a")
				defer c.leave()
				f := newForger(t, c)
				for i := range 20 {
					c.below.Write(f.keyUpdate(request))
					if i%2 == 0 {
						c.below.Write(f.record(applicationRecord, []byte("under the new key")))
					}
					tell(held, unix.EPOLLIN)
					content := fmt.Sprintf("data: %d\n\n", i)
					r.publish(t, "a", content)
					c.want(t, chunk(content))
				}
			})
		})
	}
}

// Each KeyUpdate may ask for an answer. Who does not read is not answered.
func TestAnswersDoNotPileUp(t *testing.T) {
	in(t, func(t *testing.T, r *rig) {
		c, held := r.holdSecure(t, tls.VersionTLS13, 4<<10, hold.Stream{}, "a")
		defer c.leave()
		f := newForger(t, c)
		fill(t, r, held)
		kept := len(held.bag.sealed)
		for range 10 {
			c.below.Write(f.keyUpdate(true))
		}
		tell(held, unix.EPOLLIN)
		if phaseOf(held) != blocked || len(held.bag.sealed) != kept {
			t.Errorf("%d encrypted bytes are kept, %d before it asked", len(held.bag.sealed), kept)
		}
		r.act(t, "a", channels.Close)
		var got, some string
		var err error
		for err == nil {
			tell(held, unix.EPOLLOUT)
			some, err = c.some(1 << 16)
			got += some
		}
		if !strings.HasSuffix(got, wire.LastChunk) || err != io.EOF {
			t.Errorf("%d bytes and then %v, want the end", len(got), err)
		}
	})
}

func TestWhoChangesKeysOnAndOnIsEnded(t *testing.T) {
	r := newRig(t)
	c, _ := r.holdSecure(t, tls.VersionTLS13, 0, hold.Stream{}, "a")
	defer c.leave()
	c.below.Write(newForger(t, c).manyUpdates())
	if got, err := c.rest(t); got != wire.LastChunk || err != io.EOF {
		t.Errorf("got %q, %v, want the end", got, err)
	}
	c.leave()
	r.wantEnd(t, hold.ReasonClientData)
}

// RFC 5246 §7.2.2: no_renegotiation. We do not go on after it.
func TestRenegotiationIsRefused(t *testing.T) {
	r := newRig(t)
	c, _ := r.holdSecure(t, tls.VersionTLS12, 0, hold.Stream{}, "a")
	defer c.leave()
	c.below.Write(newForger(t, c).record(handshakeRecord, append([]byte{clientHello, 0, 0, 38, 3, 3}, make([]byte, 36)...)))
	r.wantEnd(t, hold.ReasonWriteError)
	if _, err := c.rest(t); err == nil {
		t.Error("the connection is left open")
	}
}

// An idle stream keeps nothing of its handshake's buffers.
func TestTheBuffersOfTheHandshakeAreGivenUp(t *testing.T) {
	eachVersion(t, func(t *testing.T, version uint16) {
		in(t, func(t *testing.T, r *rig) {
			kept := func(c *tls.Conn) (n int) {
				for _, name := range []string{"rawInput", "hand"} {
					n += reflect.ValueOf(c).Elem().FieldByName(name).FieldByName("buf").Cap()
				}
				return n
			}
			if fresh, _, _ := shake(t, new(secureClient), version); kept(fresh) == 0 {
				t.Error("there are none to begin with")
			}
			c, held := r.holdSecure(t, version, 0, hold.Stream{}, "a")
			defer c.leave()
			r.publish(t, "a", "data: 1\n\n")
			c.want(t, chunk("data: 1\n\n"))
			c.Write([]byte("hello"))
			tell(held, unix.EPOLLIN)
			r.publish(t, "a", "data: 2\n\n")
			c.want(t, chunk("data: 2\n\n"))
			phaseOf(held)
			if n := kept(held.tls); n > 0 {
				t.Errorf("%d bytes are kept", n)
			}
		})
	})
}

func TestAChangedGoIsNoticed(t *testing.T) {
	for name, conn := range map[string]any{
		"a field is missing":       struct{ other int }{},
		"a field has another type": struct{ rawInput, hand []byte }{},
	} {
		if _, err := findTLSBuffers(reflect.TypeOf(conn)); err == nil {
			t.Errorf("%s: not noticed", name)
		}
	}
	if _, err := tryTLS(); err != nil {
		t.Errorf("this Go is not as expected: %v", err)
	}
}

func TestWithoutAWayIntoTLSLoopsHoldTheRest(t *testing.T) {
	secured := httptest.NewRequest("GET", "https://test/", nil)
	secured = secured.WithContext(hold.ConnContext(t.Context(), &hold.Conn{Conn: new(net.TCPConn)}))
	clear := secured.Clone(secured.Context())
	clear.TLS = nil
	for _, test := range []struct {
		name    string
		engine  Engine
		request *http.Request
		want    bool
	}{
		{"TLS", Engine{secure: new(tlsBuffers)}, secured, true},
		{"TLS without a way", Engine{}, secured, false},
		{"in the clear without a way", Engine{}, clear, true},
	} {
		if got := test.engine.ownable(test.request) != nil; got != test.want {
			t.Errorf("%s: a loop holds it: %v, want %v", test.name, got, test.want)
		}
	}
}
