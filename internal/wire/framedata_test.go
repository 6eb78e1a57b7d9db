package wire

import (
	"bytes"
	"testing"

	"github.com/gobwas/ws"
)

func TestFramesAreReadAsTheyAreLaidOut(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 127, 128, 65535, 65536} {
		payload := bytes.Repeat([]byte{0x7f}, size)
		op, got := FrameData(AppendFrame(nil, ws.Header{Fin: true, OpCode: ws.OpBinary}, payload))
		if op != ws.OpBinary || !bytes.Equal(got, payload) {
			t.Errorf("%d bytes are read as %v of %d", size, op, len(got))
		}
	}
}
