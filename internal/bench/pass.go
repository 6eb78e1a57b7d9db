package bench

import (
	"sync/atomic"
	"time"
)

// passes finds how late the first, the median and the last stream get each
// event of the channel that they all follow. It counts the arrivals of a pass;
// the count at an arrival is its rank, so nothing else has to be kept. All
// methods may be called at the same time.
type passes struct {
	streams atomic.Int64 // known when all are open; those that return read before
	blocks  [maxPasses / passBlock]atomic.Pointer[[passBlock]atomic.Int32]

	first, median, last *histogram
}

const (
	passBlock = 4096
	maxPasses = 16 << 20 // later ones are not looked at
)

// add takes one arrival of pass seq.
func (p *passes) add(seq int, latency time.Duration) {
	if seq >= maxPasses {
		return
	}
	rank, streams := int64(p.block(seq / passBlock)[seq%passBlock].Add(1)), p.streams.Load()
	if rank == 1 {
		p.first.add(latency)
	}
	if rank == (streams+1)/2 {
		p.median.add(latency)
	}
	if rank == streams {
		p.last.add(latency)
	}
}

func (p *passes) block(i int) *[passBlock]atomic.Int32 {
	if b := p.blocks[i].Load(); b != nil {
		return b
	}
	p.blocks[i].CompareAndSwap(nil, new([passBlock]atomic.Int32))
	return p.blocks[i].Load()
}
