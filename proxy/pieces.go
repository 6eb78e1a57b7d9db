package proxy

import "sync"

// pieceSize is how much of a body is passed on at a time.
const pieceSize = 16 << 10

// pieces are the rooms in which bodies are passed on. Without a pool they would be
// half of the garbage that a new stream leaves. It is a httputil.BufferPool.
type pieces struct{ pool sync.Pool }

func newPieces() *pieces {
	return &pieces{sync.Pool{New: func() any { return new([pieceSize]byte) }}}
}

// Get implements httputil.BufferPool.
func (p *pieces) Get() []byte { return p.pool.Get().(*[pieceSize]byte)[:] }

// Put implements httputil.BufferPool. piece is one that Get returned.
func (p *pieces) Put(piece []byte) { p.pool.Put((*[pieceSize]byte)(piece)) }
