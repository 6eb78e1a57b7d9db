package engine

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/holdfast-proxy/holdfast/internal/hold"
)

// forger makes records that a tls.Conn would not send, in the place of a client
// that has sent nothing since the handshake. It knows AES-128-GCM alone.
type forger struct {
	t      testing.TB
	old    bool // TLS 1.2
	secret []byte
	aead   cipher.AEAD
	iv     []byte
	seq    uint64
}

// The types of records and messages that forgers send (RFC 8446 §4, §5.1).
const (
	alertRecord       = 21
	handshakeRecord   = 22
	applicationRecord = 23
	clientHello       = 1
	keyUpdate         = 24
)

func newForger(t testing.TB, c *secureClient) *forger {
	state := c.ConnectionState()
	if state.Version == tls.VersionTLS12 {
		return newOldForger(t, c)
	}
	if state.CipherSuite != tls.TLS_AES_128_GCM_SHA256 {
		t.Skip("without AES in hardware another cipher is agreed on")
	}
	f := &forger{t: t}
	f.use(c.logged(t, "CLIENT_TRAFFIC_SECRET_0"))
	return f
}

// logged returns a secret from the key log.
func (c *secureClient) logged(t testing.TB, label string) []byte {
	for line := range strings.Lines(c.log.String()) {
		if fields := strings.Fields(line); fields[0] == label {
			secret, err := hex.DecodeString(fields[2])
			if err != nil {
				t.Fatal(err)
			}
			return secret
		}
	}
	t.Fatalf("no %s in the key log", label)
	return nil
}

// use takes a traffic secret (RFC 8446 §7.3).
func (f *forger) use(secret []byte) {
	f.secret, f.seq = secret, 0
	f.cipher(f.expand("key", 16))
	f.iv = f.expand("iv", 12)
}

func (f *forger) cipher(key []byte) {
	block, err := aes.NewCipher(key)
	if err == nil {
		f.aead, err = cipher.NewGCM(block)
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

// expand is HKDF-Expand-Label with no context (RFC 8446 §7.1).
func (f *forger) expand(label string, n int) []byte {
	label = "tls13 " + label
	info := append([]byte{0, byte(n), byte(len(label))}, label...)
	info = append(info, 0)
	out, err := hkdf.Expand(sha256.New, f.secret, string(info), n)
	if err != nil {
		f.t.Fatal(err)
	}
	return out
}

// newOldForger takes the keys of TLS 1.2 (RFC 5246 §6.3).
func newOldForger(t testing.TB, c *secureClient) *forger {
	f := &forger{t: t, old: true, seq: 1} // after Finished
	line := strings.Fields(c.log.String())
	clientRandom, err := hex.DecodeString(line[1])
	if err != nil {
		t.Fatal(err)
	}
	serverRandom := c.hello.Bytes()[11:43] // record and message headers, version
	seed := append(append([]byte("key expansion"), serverRandom...), clientRandom...)
	block := prf(c.logged(t, "CLIENT_RANDOM"), seed, 40)
	f.cipher(block[:16])
	f.iv = block[32:36]
	return f
}

// prf is P_SHA256 (RFC 5246 §5).
func prf(secret, seed []byte, n int) (out []byte) {
	mac := func(p ...[]byte) []byte {
		h := hmac.New(sha256.New, secret)
		for _, p := range p {
			h.Write(p)
		}
		return h.Sum(nil)
	}
	for a := mac(seed); len(out) < n; a = mac(a) {
		out = append(out, mac(a, seed)...)
	}
	return out[:n]
}

// record encrypts data as one record.
func (f *forger) record(kind byte, data []byte) []byte {
	var seq [8]byte
	binary.BigEndian.PutUint64(seq[:], f.seq)
	f.seq++
	if f.old {
		header := binary.BigEndian.AppendUint16([]byte{kind, 3, 3}, uint16(8+len(data)+f.aead.Overhead()))
		about := binary.BigEndian.AppendUint16(append(seq[:], kind, 3, 3), uint16(len(data)))
		return f.aead.Seal(append(header, seq[:]...), append(f.iv[:4:4], seq[:]...), data, about)
	}
	nonce := append([]byte(nil), f.iv...)
	for i, b := range seq {
		nonce[4+i] ^= b
	}
	data = append(append([]byte(nil), data...), kind)
	header := binary.BigEndian.AppendUint16([]byte{applicationRecord, 3, 3}, uint16(len(data)+f.aead.Overhead()))
	return f.aead.Seal(header, nonce, data, header)
}

// keyUpdate is a KeyUpdate, after which the next key is used (RFC 8446 §4.6.3).
func (f *forger) keyUpdate(request bool) []byte {
	message := []byte{keyUpdate, 0, 0, 1, 0}
	if request {
		message[4] = 1
	}
	record := f.record(handshakeRecord, message)
	f.use(f.expand("traffic upd", sha256.Size))
	return record
}

// manyUpdates is more than a client may send. crypto/tls itself ends who sends
// a few updates and nothing else, so there is something else.
func (f *forger) manyUpdates() (records []byte) {
	for len(records) <= hold.MaxClientBytes {
		records = append(records, f.keyUpdate(false)...)
		records = append(records, f.record(applicationRecord, []byte("x"))...)
	}
	return records
}
