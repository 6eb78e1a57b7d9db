package arrival

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pires/go-proxyproto"
)

// binaryHeader is a header of version 2 with this command and family, and what comes
// after its length.
func binaryHeader(command, family byte, rest ...byte) string {
	h := append([]byte("\r\n\r\n\x00\r\nQUIT\n"), command, family)
	h = binary.BigEndian.AppendUint16(h, uint16(len(rest)))
	return string(append(h, rest...))
}

// fourAddresses are those of a client 192.0.2.1:1000 and a server 198.51.100.1:443.
func fourAddresses(tlvs ...byte) []byte {
	return append([]byte{192, 0, 2, 1, 198, 51, 100, 1, 0x03, 0xe8, 0x01, 0xbb}, tlvs...)
}

const (
	proxied  = 0x21 // version 2, command PROXY
	local    = 0x20
	overTCP4 = 0x11
	overTCP6 = 0x21
	overUDP4 = 0x12
	overUnix = 0x31
)

func TestReadingAHeader(t *testing.T) {
	six := append(append(net.ParseIP("2001:db8::1"), net.ParseIP("2001:db8::2")...), 0x03, 0xe8, 0x01, 0xbb)
	tests := []struct {
		name, header string
		client       string // empty: the proxy itself
	}{
		{"IPv4 in text", "PROXY TCP4 192.0.2.1 198.51.100.1 1000 443\r\n", "192.0.2.1:1000"},
		{"the shortest IPv4 in text", "PROXY TCP4 1.1.1.1 1.1.1.1 1 1\r\n", "1.1.1.1:1"},
		{"the longest IPv4 in text", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535"},
		{"IPv6 in text", "PROXY TCP6 2001:db8::1 2001:db8::2 1000 443\r\n", "[2001:db8::1]:1000"},
		{"the shortest IPv6 in text", "PROXY TCP6 :: :: 0 0\r\n", "[::]:0"},
		{"nobody in text", "PROXY UNKNOWN\r\n", ""},
		{"nobody with a space", "PROXY UNKNOWN \r\n", ""},
		{"nobody with addresses", "PROXY UNKNOWN ffff:f:f:f:f:f:f:ffff ffff:f:f:f:f:f:f:ffff 65535 65535\r\n", ""},
		{"nobody with a carriage return inside", "PROXY UNKNOWN a\rb\r\n", ""},
		{"IPv4", binaryHeader(proxied, overTCP4, fourAddresses()...), "192.0.2.1:1000"},
		{"IPv4 with more behind the addresses", binaryHeader(proxied, overTCP4, fourAddresses(4, 0, 1, 0)...), "192.0.2.1:1000"},
		{"IPv6", binaryHeader(proxied, overTCP6, six...), "[2001:db8::1]:1000"},
		{"a connection of the proxy's own", binaryHeader(local, 0), ""},
		{"one that has addresses all the same", binaryHeader(local, overTCP4, fourAddresses()...), ""},
		{"a client over UDP", binaryHeader(proxied, overUDP4, fourAddresses()...), ""},
		{"a client over a Unix socket", binaryHeader(proxied, overUnix, make([]byte, 216)...), ""},
	}
	ways := map[string]func(io.Reader) io.Reader{
		"at once":      func(r io.Reader) io.Reader { return r },
		"byte by byte": iotest.OneByteReader,
		"in halves":    iotest.HalfReader,
	}
	for _, tt := range tests {
		for way, as := range ways {
			t.Run(tt.name+" "+way, func(t *testing.T) {
				const after = "GET / HTTP/1.1\r\n\r\n"
				src := strings.NewReader(tt.header + after)
				client, err := readClient(as(src))
				if err != nil {
					t.Fatal(err)
				}
				got := ""
				if client != nil {
					got = client.String()
				}
				if got != tt.client {
					t.Errorf("the client is %q, want %q", got, tt.client)
				}
				if rest, _ := io.ReadAll(src); string(rest) != after {
					t.Errorf("%q is left to read", rest)
				}
			})
		}
	}
}

// All lengths that fields can have, for where a read ends depends on them.
func TestALineIsReadToItsEndWhateverIsLongInIt(t *testing.T) {
	addresses := []string{"1.1.1.1", "11.1.1.1", "11.11.1.1", "11.11.11.1", "11.11.11.11", "111.11.11.11", "111.111.11.11", "111.111.111.11", "111.111.111.111"}
	ports := []string{"1", "11", "111", "1111", "11111"}
	for _, from := range addresses {
		for _, to := range addresses {
			for _, port := range ports {
				for _, last := range ports {
					src := strings.NewReader("PROXY TCP4 " + from + " " + to + " " + port + " " + last + "\r\nrest")
					client, err := readClient(src)
					if rest, _ := io.ReadAll(src); err != nil || client.String() != from+":"+port || string(rest) != "rest" {
						t.Fatalf("%s %s %s %s: %v, %v, and %q is left", from, to, port, last, client, err, rest)
					}
				}
			}
		}
	}
}

func TestWhatIsNoHeader(t *testing.T) {
	tests := []struct {
		name, text string
		want       error // nil: whatever the parser says
	}{
		{"a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", errNoHeader},
		{"the start of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00", errNoHeader},
		{"a word that begins as it should", "PROXYTCP4 1.1.1.1 1.1.1.1 1 1\r\n", errNoHeader},
		{"the signature in another version", "\r\n\r\n\x00\r\nQUIT\v\x21\x11\x00\x00", errNoHeader},
		{"a line without an end", "PROXY TCP4 1.1.1.1 1.1.1.1 1 " + strings.Repeat("1", 200), errTooLong},
		{"nobody without an end", "PROXY UNKNOWN " + strings.Repeat("x", 200), errTooLong},
		{"a line that ends too early", "PROXY TCP4 1\n.1.1 1.1.1.1 1 1\r\n", errLine},
		{"a line without a carriage return", "PROXY TCP4 1.1.1.1 1.1.1.1 1 11\nGET", nil},
		{"addresses of another family", "PROXY TCP4 ::1 ::1 1 1\r\n", nil},
		{"a port that is none", "PROXY TCP4 1.1.1.1 1.1.1.1 70000 1\r\n", nil},
		{"another protocol", "PROXY SCTP 1.1.1.1 1.1.1.1 1 1\r\n", nil},
		{"another command", binaryHeader(0x22, overTCP4, fourAddresses()...), nil},
		{"a client of an unknown family", binaryHeader(proxied, 0), nil},
		{"another version", binaryHeader(0x31, overTCP4, fourAddresses()...), nil},
		{"addresses that are cut off", binaryHeader(proxied, overTCP4, 192, 0), nil},
		{"more than anybody needs", binaryHeader(proxied, overTCP4, make([]byte, maxRest+1)...), errTooLong},
		{"nothing", "", io.EOF},
		{"half a signature", "PROXY ", io.ErrUnexpectedEOF},
		{"half a line", "PROXY TCP4 1.1.1.1", io.ErrUnexpectedEOF},
		{"half a binary header", binaryHeader(proxied, overTCP4, fourAddresses()...)[:20], io.ErrUnexpectedEOF},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			client, err := readClient(strings.NewReader(tt.text))
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("got %v and %v, want %v", client, err, tt.want)
			}
		})
	}
}

// counting counts what is read.
type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// FuzzReadClient: what was taken for a header is one to the parser too, by itself, and
// nothing after it was read, however it came.
func FuzzReadClient(f *testing.F) {
	for _, seed := range []string{
		"PROXY TCP4 192.0.2.1 198.51.100.1 1000 443\r\nGET", "PROXY UNKNOWN\r\n\r\n", "PROXY UNKNOWN a\r\r\n",
		binaryHeader(proxied, overTCP4, fourAddresses(4, 0, 1, 0)...) + "GET", binaryHeader(local, 0),
		"GET / HTTP/1.1\r\n", "PROXY TCP6 :: :: 0 0\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all := counting{Reader: bytes.NewReader(data)}
		client, err := readClient(&all)
		if all.n > fixedPart+maxRest {
			t.Fatalf("%d bytes were read", all.n)
		}
		if err != nil {
			return
		}
		alone := bytes.NewReader(data[:all.n])
		if again, err := readClient(iotest.OneByteReader(alone)); err != nil || !same(again, client) || alone.Len() > 0 {
			t.Fatalf("of the header alone it is %v, %v with %d bytes left; in the stream it is %v", again, err, alone.Len(), client)
		}
	})
}

func same(a, b net.Addr) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.String() == b.String()
}

// FuzzWrittenHeader: what the library writes is read to its last byte.
func FuzzWrittenHeader(f *testing.F) {
	f.Add([]byte{192, 0, 2, 1}, uint16(1), uint16(2), byte(1), "GET")
	f.Add([]byte(net.ParseIP("2001:db8::1")), uint16(65535), uint16(443), byte(2), "")
	f.Fuzz(func(t *testing.T, ip []byte, from, to uint16, version byte, after string) {
		if len(ip) != net.IPv4len && len(ip) != net.IPv6len {
			return
		}
		client, server := &net.TCPAddr{IP: ip, Port: int(from)}, &net.TCPAddr{IP: ip, Port: int(to)}
		header, err := proxyproto.HeaderProxyFromAddrs(1+version%2, client, server).Format()
		if err != nil {
			t.Fatal(err)
		}
		src := strings.NewReader(string(header) + after)
		got, err := readClient(src)
		if err != nil || !same(got, client) {
			t.Fatalf("of %q it is %v, %v, want %v", header, got, err, client)
		}
		if rest, _ := io.ReadAll(src); string(rest) != after {
			t.Fatalf("%q is left after %q, want %q", rest, header, after)
		}
	})
}
