package zmq

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/go-zeromq/zmq4/security/null"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

const (
	inJSON = `J{"channel":"ch","formats":{"http-stream":{"content":"z"}}}`
	inTnet = `62:7:channel,2:ch,7:formats,33:11:http-stream,14:7:content,1:z,}}}`
)

// T50, of a PUSH socket.
func TestWhatIsPushedIsPublished(t *testing.T) {
	r := newRig(t)
	to, push := r.follow(t, "ch"), dial(t, zmq4.NewPush, r.pull)
	send(t, push, inJSON)
	send(t, push, inTnet)
	send(t, push, "T"+inTnet)
	to.want(t, "zzz")
	r.counted(t, pull, published, 3)
}

// T50, of a PUB socket.
func TestWhatIsPublishedToSubIsPublished(t *testing.T) {
	r := newRig(t)
	to, other := r.follow(t, "ch"), r.follow(t, "other")
	pub := dial(t, zmq4.NewPub, r.sub)
	eventually(t, "it has heard of our subscription", func() bool {
		return len(pub.(zmq4.Topics).Topics()) == 1
	})
	send(t, pub, "ch", inJSON)
	send(t, pub, "ch", "T"+inTnet)
	send(t, pub, "other", `J{"formats":{"http-stream":{"content":"o"}}}`)
	to.want(t, "zz")
	other.want(t, "o")
	r.counted(t, sub, published, 3)
}

func TestWhatOnePublisherSendsStaysInOrder(t *testing.T) {
	r := newRig(t)
	to, push := r.follow(t, "ch"), dial(t, zmq4.NewPush, r.pull)
	var want strings.Builder
	for i := range 500 {
		fmt.Fprintf(&want, "%d,", i)
		send(t, push, fmt.Sprintf(`J{"channel":"ch","formats":{"http-stream":{"content":"%d,"}}}`, i))
	}
	to.want(t, want.String())
}

func TestMessagesThatAreNotPublished(t *testing.T) {
	tests := []struct {
		name   string
		to     kind
		frames []string
		result result
		logged string
	}{
		{"two frames pushed", pull, []string{"ch", inJSON}, badFrames, "2 frames, a message to this socket has 1"},
		{"one frame published", sub, []string{inJSON}, badFrames, "1 frames, a message to this socket has 2"},
		{"nothing", pull, []string{""}, badPayload, "no length"},
		{"no JSON", pull, []string{"Jx"}, badPayload, "Body is not valid JSON."},
		{"no item", pull, []string{"J1"}, badPayload, "publish item is not an object"},
		{"no item at all", pull, []string{"J"}, badPayload, "Body is not valid JSON."},
		{"two items", pull, []string{inJSON + "," + inJSON[1:]}, badPayload, "Body is not valid JSON."},
		{"an item that closes what is around it", pull, []string{inJSON + `],"junk":[1`}, badPayload, "Body is not valid JSON."},
		{"a list of items", pull, []string{"J[" + inJSON[1:] + "]"}, badPayload, "publish item is not an object"},
		{"a channel that cannot be", pull, []string{`J{"channel":"a\nb","http-stream":{"content":"x"}}`}, badPayload, "channel name"},
		{"an item without a channel", pull, []string{`J{"formats":{"http-stream":{"content":"x"}}}`}, badPayload, "does not contain 'channel'"},
		{"an item for another channel", sub, []string{"a", inJSON}, badPayload, `is sent to channel "a" and names another`},
		{"a channel that is none", sub, []string{"", `J{"formats":{"http-stream":{"content":"x"}}}`}, badPayload, "is empty"},
		{"a tnetstring with something wrong", pull, []string{"14:7:channel,1:c*}"}, badPayload, "channel: unknown type '*'"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			make, endpoint := zmq4.NewPush, r.pull
			if tt.to == sub {
				make, endpoint = zmq4.NewPub, r.sub
			}
			s := dial(t, make, endpoint)
			if p, ok := s.(zmq4.Topics); ok && tt.to == sub {
				eventually(t, "subscribed", func() bool { return len(p.Topics()) == 1 })
			}
			send(t, s, tt.frames...)
			r.counted(t, tt.to, tt.result, 1)
			eventually(t, "it is logged", func() bool { return r.logs.FilterMessage("message not published").Len() == 1 })
			if problem := r.logs.All()[0].ContextMap()["problem"].(string); !strings.Contains(problem, tt.logged) {
				t.Errorf("logged %q, want %q", problem, tt.logged)
			}
			send(t, s, tt.frames...)
			r.counted(t, tt.to, tt.result, 2)
			if n := r.logs.Len(); n != 1 {
				t.Errorf("%d lines logged", n)
			}
			if n := r.hub.Stats().Published; n != 0 {
				t.Errorf("%d items published", n)
			}
		})
	}
}

func TestAMessageThatIsTooLargeEndsItsConnectionAlone(t *testing.T) {
	r := newRig(t)
	to, push, large := r.follow(t, "ch"), dial(t, zmq4.NewPush, r.pull), dial(t, zmq4.NewPush, r.pull)
	_ = large.Send(zmq4.NewMsgString("J" + strings.Repeat("x", 64<<10)))
	r.brokenOff(t, pull, 1)
	send(t, push, inJSON)
	to.want(t, "z")
	eventually(t, "one is left", func() bool { return testutil.ToFloat64(r.source.opts.Metrics.of[pull].connections) == 1 })
	if problem := r.logs.All()[0].ContextMap()["problem"].(string); !strings.Contains(problem, "message is over 65536 bytes") {
		t.Errorf("logged %q", problem)
	}
}

// Whoever connects and says nothing, or nonsense, or is another kind of socket.
func TestStrangersKeepNobodyOut(t *testing.T) {
	r := newRig(t)
	address := strings.TrimPrefix(r.pull, "tcp://")
	silent, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	web, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer web.Close()
	io.WriteString(web, "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: a-browser-that-says-a-lot\r\n\r\n")
	r.brokenOff(t, pull, 1)
	pub, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer pub.Close()
	if _, err := zmq4.Open(pub, null.Security(), zmq4.Pub, nil, false, nil); err == nil {
		t.Error("PUB is let in to PULL")
	}
	r.brokenOff(t, pull, 2)
	to, push := r.follow(t, "ch"), dial(t, zmq4.NewPush, r.pull)
	send(t, push, inJSON)
	to.want(t, "z")
}

// Whoever introduces itself with what cannot be read is refused.
func TestAnIntroductionThatCannotBeReadHarmsNobody(t *testing.T) {
	for name, introduction := range map[string][]byte{
		"without a type": ready,
		"an odd type":    join(ready, property("Socket-Type", "TELEPHONE")),
		"cut off":        join(ready, []byte{0}),
		"a long value":   join(ready, []byte("\x01a\xff\xff\xff\xff")),
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			stranger, err := net.Dial("tcp", strings.TrimPrefix(r.pull, "tcp://"))
			if err != nil {
				t.Fatal(err)
			}
			defer stranger.Close()
			stranger.Write(join(greeting, frame(4, introduction)))
			r.brokenOff(t, pull, 1)
			to, push := r.follow(t, "ch"), dial(t, zmq4.NewPush, r.pull)
			send(t, push, inJSON)
			to.want(t, "z")
		})
	}
}

func TestASocketInTheFileSystem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pull.sock")
	left, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	left.(*net.UnixListener).SetUnlinkOnClose(false)
	left.Close() // as a process does that is killed
	ipc := func(o *Options) { o.Pull, o.Sub = []string{"ipc://" + path}, nil }
	r := newRig(t, ipc)
	if _, err := New(Options{Pull: []string{"ipc://" + path}, Metrics: r.source.opts.Metrics}); err == nil {
		t.Error("a socket is taken that another has")
	}
	to, push := r.follow(t, "ch"), dial(t, zmq4.NewPush, "ipc://"+path)
	send(t, push, inJSON)
	to.want(t, "z")
	r.stop()
	if _, err := os.Stat(path); err == nil {
		t.Error("the socket is left behind")
	}
}

func TestEndpointsThatCannotBeOpened(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, endpoint := range []string{"tcp://" + taken.Addr().String(), "udp://127.0.0.1:0", "127.0.0.1:5560", "tcp://nowhere", "ipc:///does/not/exist/x"} {
		if _, err := New(Options{Sub: []string{endpoint}, Metrics: newRig(t).source.opts.Metrics}); err == nil || !strings.HasPrefix(err.Error(), "zmq.sub: "+endpoint+": ") {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}

func TestASourceEndsWithItsConnections(t *testing.T) {
	r := newRig(t)
	push := dial(t, zmq4.NewPush, r.pull)
	silent, err := net.Dial("tcp", strings.TrimPrefix(r.sub, "tcp://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	send(t, push, inJSON)
	r.counted(t, pull, published, 1)
	r.stop() // hangs if one is left
	if n := r.logs.Len(); n != 0 {
		t.Errorf("%d lines logged: %v", n, r.logs.All())
	}
}

// A peer that pings and does not read what is answered keeps nobody from ending.
func TestAPeerThatReadsNothingIsInterrupted(t *testing.T) {
	r := newRig(t)
	ours, theirs := net.Pipe() // which has no buffers
	defer theirs.Close()
	if !r.source.enter(ours) {
		t.Fatal("not let in")
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		r.source.serve(r.source.sockets[0], ours)
	}()
	go theirs.Write(join(greeting, frame(4, join(ready, property("Socket-Type", "PUSH"))), frame(4, []byte("\x04PING"))))
	said := make([]byte, greetingBytes+2) // and the head of its introduction
	if _, err := io.ReadFull(theirs, said); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, theirs, int64(said[greetingBytes+1])); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is let in", func() bool { return testutil.ToFloat64(r.source.opts.Metrics.of[pull].connections) == 1 })
	r.stop()
	select {
	case <-served:
	case <-time.After(patience):
		t.Fatal("it still waits for the peer to read")
	}
}
