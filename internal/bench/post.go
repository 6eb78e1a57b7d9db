package bench

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

// publishTimeout bounds a publish request.
const publishTimeout = 30 * time.Second

// poster makes publish requests one after the other, over one connection while
// the server keeps it. A request is written by the goroutine that makes it, at
// once: http.Client hands it to others, and waking those up would count as the
// server's. One goroutine uses it.
type poster struct {
	base     *url.URL
	token    string // empty for none
	insecure bool   // any certificate will do

	conn net.Conn // nil: there is none
	in   *bufio.Reader
	out  []byte
}

func newPoster(cfg Config) *poster {
	base, err := url.Parse(strings.TrimSuffix(cfg.ControlURL, "/"))
	if err != nil {
		panic(err) // the configuration is valid
	}
	return &poster{base: base, token: cfg.Token, insecure: cfg.Insecure}
}

// post makes one request and returns when it is answered. The error is that of
// ctx, of the connection, or what the server says against it.
func (p *poster) post(ctx context.Context, path string, body []byte) error {
	p.layOut(path, body)
	kept := p.conn != nil
	resp, err := p.try(ctx)
	if err != nil && kept && ctx.Err() == nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		resp, err = p.try(ctx) // the server had closed it meanwhile
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.Close {
		p.close()
	}
	if err == nil && !accepted(resp.StatusCode) {
		return fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(answer[:min(len(answer), 1<<10)]))
	}
	return err
}

// layOut writes the request into p.out.
func (p *poster) layOut(path string, body []byte) {
	p.out = fmt.Appendf(p.out[:0], "POST %s%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: holdfast-bench\r\nContent-Type: application/json\r\nContent-Length: %d\r\n",
		p.base.EscapedPath(), path, p.base.Host, len(body))
	if p.token != "" {
		p.out = fmt.Appendf(p.out, "Authorization: Bearer %s\r\n", p.token)
	}
	p.out = append(append(p.out, "\r\n"...), body...)
}

// try writes p.out and reads the head of the response. The connection is gone
// after an error.
func (p *poster) try(ctx context.Context) (*http.Response, error) {
	if err := p.connect(ctx); err != nil {
		return nil, err
	}
	p.conn.SetDeadline(time.Now().Add(publishTimeout))
	conn := p.conn
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_, err := p.conn.Write(p.out)
	if err == nil {
		var resp *http.Response
		if resp, err = http.ReadResponse(p.in, nil); err == nil {
			return resp, nil
		}
	}
	p.close()
	return nil, cmp.Or(context.Cause(ctx), err)
}

// connect makes a connection if there is none.
func (p *poster) connect(ctx context.Context) error {
	if p.conn != nil {
		return nil
	}
	conn, err := dialer{insecure: p.insecure}.dial(ctx, p.base)
	if err != nil {
		return err
	}
	p.conn, p.in = conn, bufio.NewReader(conn)
	return nil
}

// close ends the connection.
func (p *poster) close() {
	if p.conn != nil {
		p.conn.Close()
		p.conn = nil
	}
}
