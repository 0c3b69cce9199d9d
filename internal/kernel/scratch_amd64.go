package kernel

// scratch is the memory of one call that packs or transposes. Its size is
// fixed; larger products go through it in blocks.
type scratch struct {
	b [blockK * blockN]float32 // panels of b, or aᵀ
	c [blockC]float32          // cᵀ
}

const (
	blockK = 256 // rows of a panel: 32 KiB of 32 columns, in the nearest cache
	blockN = 512 // columns packed at a time
	blockC = 64 << 10
)

// pool keeps scratch memory for later calls; there is never more of it than
// there were calls at the same time. Unlike a sync.Pool it is not emptied by
// the garbage collector, so that training does not allocate.
var pool = make(chan *scratch, 64)

func borrow() *scratch {
	select {
	case s := <-pool:
		return s
	default:
		return new(scratch)
	}
}

func (s *scratch) giveBack() {
	select {
	case pool <- s:
	default:
	}
}
