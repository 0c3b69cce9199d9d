package kernel

// Products that are packed or transposed go through in blocks of at most
// blockM rows of a, blockN columns of b and blockK steps of a chain, so that
// scratch memory is of fixed size and stays in the second cache.
const (
	blockM = 168 // twelve tiles
	blockN = 512
	blockK = 512
	// A panel of 32 columns and so many steps is 32 KiB, for the nearest cache.
	// Where c is so large that each block brings it from the third, fewer and
	// longer blocks cost less, though panels come from the second then.
	nearK  = 256
	largeC = 1 << 18 // elements
)

// scratch is the memory of one call.
type scratch struct {
	b [blockK * blockN]float32        // panels of b; or aᵀ
	a [blockM * (blockK + 16)]float32 // rows of a; or cᵀ
}

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
