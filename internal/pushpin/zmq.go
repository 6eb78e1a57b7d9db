package pushpin

import (
	"fmt"
	"net"
	"strconv"
	"strings"
)

// endpoints is the rule of a list of ZeroMQ endpoints. They are looked at when the
// offset of ports is known: see zeroMQ.
func (t *translation) endpoints(to *[]Setting) rule {
	return func(s Setting) string {
		for spec := range strings.SplitSeq(s.Value, ",") {
			if spec = strings.TrimSpace(spec); spec != "" {
				one := s
				one.Value = spec
				*to = append(*to, one)
			}
		}
		return ""
	}
}

// zeroMQ sets zmq.pull and zmq.sub.
func (t *translation) zeroMQ(file string) {
	for _, s := range t.pull {
		t.endpoint(file, s, &t.doc.ZMQ.Pull)
	}
	for _, s := range t.sub {
		t.endpoint(file, s, &t.doc.ZMQ.Sub)
	}
}

// endpoint carries an endpoint over, if nobody else can reach it: ZeroMQ asks
// nobody who they are.
func (t *translation) endpoint(file string, s Setting, to *[]string) {
	lost := func(why string) {
		t.notes = append(t.notes, Note{file, s.Line, fmt.Sprintf("%s %s %s", s.name(), strconv.Quote(s.Value), why)})
	}
	scheme, address, _ := strings.Cut(s.Value, "://")
	if scheme == "ipc" {
		lost("is not carried over: set zmq.pull or zmq.sub to ipc:// and the whole path of the socket")
		return
	}
	host, text, err := net.SplitHostPort(address)
	port, notNumber := strconv.ParseUint(text, 10, 16)
	port += uint64(t.portOffset)
	ip := net.ParseIP(host)
	switch {
	case scheme != "tcp" || err != nil || notNumber != nil || port > 1<<16-1:
		lost("is no endpoint")
	case t.subConnects && to == &t.doc.ZMQ.Sub:
		lost("is not carried over: Holdfast connects to no publisher, publishers connect to zmq.sub")
	case host != "localhost" && (ip == nil || !ip.IsLoopback()):
		lost("is one that others can reach: set zmq.pull or zmq.sub, and zmq.remote")
	default:
		*to = append(*to, "tcp://"+net.JoinHostPort(host, strconv.FormatUint(port, 10)))
	}
}
