package clienttest

import (
	"bufio"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// door is a TCP proxy between clients and a node. It can be shut, and it can
// break connections where it hurts.
type door struct {
	URL string

	listener net.Listener
	serving  sync.WaitGroup

	mu    sync.Mutex
	node  string // where it leads; empty: it is shut
	cut   string // close after a line that begins with this; empty: never
	conns map[net.Conn]struct{}
	broke chan struct{} // closed by the cut
}

// newDoor opens a door to the node at url until t ends.
func newDoor(t *testing.T, url string) *door {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &door{URL: "http://" + l.Addr().String(), listener: l, conns: map[net.Conn]struct{}{}}
	d.open(url)
	d.serving.Go(d.accept)
	t.Cleanup(func() {
		l.Close()
		d.shut()
		d.breakAll()
		d.serving.Wait()
	})
	return d
}

// open lets clients in, to the node at url.
func (d *door) open(url string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.node = strings.TrimPrefix(url, "http://")
}

// shut refuses who comes from now on.
func (d *door) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.node = ""
}

// cutAfter shuts the door and breaks the connection as soon as a line that
// begins with prefix has gone through, but nothing of what follows it. The
// channel is closed then.
func (d *door) cutAfter(prefix string) <-chan struct{} {
	d.shut()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cut, d.broke = prefix, make(chan struct{})
	return d.broke
}

// breakAll closes every connection without an end of the HTTP message.
func (d *door) breakAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for conn := range d.conns {
		conn.Close()
	}
}

func (d *door) accept() {
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			return
		}
		d.serving.Go(func() { d.serve(conn) })
	}
}

// serve leads one client to the node.
func (d *door) serve(client net.Conn) {
	defer client.Close()
	d.mu.Lock()
	target := d.node
	if target != "" {
		d.conns[client] = struct{}{}
	}
	d.mu.Unlock()
	if target == "" {
		return
	}
	defer d.forget(client)
	node, err := net.Dial("tcp", target)
	if err != nil {
		return
	}
	defer node.Close()
	d.serving.Go(func() {
		io.Copy(struct{ io.Writer }{node}, client) // no splice: its pipes stay open
		node.Close()
	})
	d.copyLines(client, node)
}

func (d *door) forget(client net.Conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.conns, client)
}

// copyLines copies what the node sends up to its end or the cut.
func (d *door) copyLines(client io.Writer, node io.Reader) {
	for r := bufio.NewReader(node); ; {
		line, err := r.ReadString('\n')
		if _, failed := io.WriteString(client, line); failed != nil || err != nil || d.cuts(line) {
			return
		}
	}
}

// cuts reports whether the connection ends after the line. A cut is made once.
func (d *door) cuts(line string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cut == "" || !strings.HasPrefix(line, d.cut) {
		return false
	}
	d.cut = ""
	close(d.broke)
	return true
}
