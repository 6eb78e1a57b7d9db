package embedded

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"
)

const (
	probeTimeout = 2 * time.Second
	maxGreeting  = 64 << 10 // bytes
)

// probe asks addresses which server is there. A server that is connected to says
// so before anything else.
type probe struct {
	tls *tls.Config // nil: the routes are not encrypted
}

// name returns the name of the server at address.
func (p probe) name(ctx context.Context, address string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	conn, err := p.dial(ctx, address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Now()) })
	defer stop()
	line, err := bufio.NewReaderSize(conn, maxGreeting).ReadSlice('\n')
	if err != nil {
		return "", fmt.Errorf("%s: greeting: %w", address, err)
	}
	name, err := greeting(line)
	if err != nil {
		return "", fmt.Errorf("%s: %w", address, err)
	}
	return name, nil
}

func (p probe) dial(ctx context.Context, address string) (net.Conn, error) {
	if p.tls == nil {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	}
	return (&tls.Dialer{Config: p.tls}).DialContext(ctx, "tcp", address)
}

// greeting reads the name from a server's first line, as in INFO {...}.
func greeting(line []byte) (string, error) {
	text, found := bytes.CutPrefix(line, []byte("INFO "))
	var info struct {
		Name string `json:"server_name"`
	}
	if !found || json.Unmarshal(text, &info) != nil || info.Name == "" {
		return "", errors.New("no NATS server is there")
	}
	return info.Name, nil
}
