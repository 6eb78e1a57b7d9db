package arrival

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/pires/go-proxyproto"
)

const (
	// headerStart is how much of a header is read before its version is known: the
	// signature of version 2, and less than any header in text (§2.1, §2.2).
	headerStart = 12
	// maxLine is how long a header in text may be (§2.1).
	maxLine = 107
	// fixedPart is how long a binary header is without what it says the length of
	// (§2.2).
	fixedPart = 16
	// maxRest bounds that, in bytes. Addresses take 216 at most, a client's
	// certificate 1 to 2 KiB.
	maxRest = 4 << 10
)

var (
	errNoHeader = errors.New("the connection does not begin with a PROXY header")
	errTooLong  = errors.New("the PROXY header is too long")
	errLine     = errors.New("the PROXY header is not one line")
)

// readClient reads the PROXY header with which r begins, and nothing after it. It
// returns whose connection it is, nil if it is the proxy's own.
func readClient(r io.Reader) (net.Addr, error) {
	header, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	// The parser wants all of a line in its buffer.
	parsed, err := proxyproto.Read(bufio.NewReaderSize(bytes.NewReader(header), len(header)))
	if err != nil {
		return nil, fmt.Errorf("PROXY header: %w", err)
	}
	client, _, ok := parsed.TCPAddrs()
	if !ok || parsed.Command.IsLocal() {
		return nil, nil
	}
	return client, nil
}

// readHeader reads a header. If that is all right but for what it says, nothing
// after it has been read.
func readHeader(r io.Reader) ([]byte, error) {
	header, err := readMore(r, make([]byte, 0, maxLine), headerStart)
	switch {
	case err != nil:
		return nil, err
	case bytes.Equal(header, proxyproto.SIGV2):
		return readBinary(r, header)
	case bytes.HasPrefix(header, append(slices.Clone(proxyproto.SIGV1), ' ')):
		return readLine(r, header)
	}
	return nil, errNoHeader
}

// readMore appends the next n bytes.
func readMore(r io.Reader, header []byte, n int) ([]byte, error) {
	begin := len(header)
	header = slices.Grow(header, n)[:begin+n]
	got, err := io.ReadFull(r, header[begin:])
	if err == io.EOF && begin+got > 0 {
		err = io.ErrUnexpectedEOF
	}
	return header, err
}

// readBinary reads the rest of a header of version 2.
func readBinary(r io.Reader, header []byte) ([]byte, error) {
	header, err := readMore(r, header, fixedPart-len(header))
	if err != nil {
		return nil, err
	}
	rest := int(binary.BigEndian.Uint16(header[fixedPart-2:]))
	if rest > maxRest {
		return nil, errTooLong
	}
	return readMore(r, header, rest)
}

// readLine reads the rest of a header of version 1.
func readLine(r io.Reader, line []byte) ([]byte, error) {
	for {
		switch end := bytes.IndexByte(line, '\n'); {
		case end == len(line)-1:
			return line, nil
		case end >= 0:
			return nil, errLine
		case len(line) >= maxLine:
			return nil, errTooLong
		}
		var err error
		if line, err = readMore(r, line, min(least(line), maxLine-len(line))); err != nil {
			return nil, err
		}
	}
}

// least is how many bytes must still come of a line that is well-formed: a space and
// a byte for each of the six fields that has not begun, a byte for one that is empty
// so far, and the end. One system call per byte would be most of what it costs to
// accept a connection.
func least(line []byte) int {
	last := line[len(line)-1]
	n := len("\r\n")
	if last == '\r' {
		n = len("\n")
	}
	if bytes.HasPrefix(line, []byte("PROXY U")) { // UNKNOWN, and whatever comes after it
		return n
	}
	if last == ' ' {
		n++
	}
	return n + 2*max(0, 5-bytes.Count(line, []byte{' '}))
}
