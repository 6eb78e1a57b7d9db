package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
)

// lifeline is one connection's answer.
type lifeline struct {
	body *bufio.Reader
	conn net.Conn // what carries it
	stop func()   // ends it in an orderly way
}

// reconnect opens the client's next stream. Sometimes that takes another kill.
func (c *soakClient) reconnect() error {
	if c.dial == nil {
		return c.reconnectH2()
	}
	for {
		conn, err := c.dial()
		if err != nil {
			return err
		}
		if err := c.request(conn); err != nil {
			return err
		}
		if c.lastID != "" && c.random.IntN(6) == 0 && c.soak.takeKill() {
			c.kills[early]++
			resetConn(conn)
			continue
		}
		return c.begin(conn)
	}
}

// request asks for the stream.
func (c *soakClient) request(conn net.Conn) error {
	if c.lazy {
		conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	}
	_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nLast-Event-ID: %s\r\n\r\n",
		c.target(), c.lastID)
	return err
}

// begin reads the head of the answer.
func (c *soakClient) begin(conn net.Conn) error {
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		conn.Close()
		return fmt.Errorf("no answer: %w", err)
	}
	c.now = lifeline{bufio.NewReader(response.Body), conn, func() { conn.Close() }}
	return answered(response)
}

func answered(response *http.Response) error {
	if response.StatusCode != http.StatusOK {
		return errors.New("answered with " + response.Status)
	}
	return nil
}

// reconnectH2 opens the stream on an HTTP/2 connection of its own.
func (c *soakClient) reconnectH2() error {
	var conn net.Conn
	transport := &http.Transport{Protocols: onlyH2C(), DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return conn, err
	}}
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.soak.server.URL+c.target(), nil)
	if err != nil {
		cancel()
		return err
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Last-Event-ID", c.lastID)
	response, err := transport.RoundTrip(request)
	if err != nil {
		cancel()
		return fmt.Errorf("no answer: %w", err)
	}
	c.now = lifeline{bufio.NewReader(response.Body), conn, func() {
		cancel() // resets the stream
		response.Body.Close()
		transport.CloseIdleConnections()
		conn.Close()
	}}
	return answered(response)
}

func (l lifeline) closeWrite() bool {
	half, ok := l.conn.(interface{ CloseWrite() error })
	return ok && half.CloseWrite() == nil
}

// resetConn closes a connection so that the other side is told of an error.
func resetConn(conn net.Conn) {
	if t, ok := conn.(*tls.Conn); ok {
		conn = t.NetConn()
	}
	conn.(*net.TCPConn).SetLinger(0)
	conn.Close()
}
