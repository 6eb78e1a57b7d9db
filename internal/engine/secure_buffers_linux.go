package engine

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"reflect"
	"unsafe"
)

// tlsBuffers are where a tls.Conn keeps two buffers that the handshake has
// grown: 3.5 KB, which are half of what an idle stream over TLS would cost.
// crypto/tls has no way to give them up, so this reaches into it; see tryTLS.
type tlsBuffers [2]uintptr

// findTLSBuffers finds them in a struct, which is tls.Conn. The error is that
// Go has changed.
func findTLSBuffers(conn reflect.Type) (b tlsBuffers, err error) {
	for i, name := range [...]string{"rawInput", "hand"} {
		f, ok := conn.FieldByName(name)
		if !ok || len(f.Index) != 1 || f.Type != reflect.TypeFor[bytes.Buffer]() {
			return b, fmt.Errorf("%v has no bytes.Buffer %q", conn, name)
		}
		b[i] = f.Offset
	}
	return b, nil
}

// drop gives up those that are empty. Nobody else may be using c.
func (b *tlsBuffers) drop(c *tls.Conn) {
	for _, at := range b {
		if buffer := (*bytes.Buffer)(unsafe.Add(unsafe.Pointer(c), at)); buffer.Len() == 0 {
			*buffer = bytes.Buffer{}
		}
	}
}
