package train

import (
	"sync"
	"sync/atomic"
)

// crew runs one function over the local shards on a few goroutines that live
// as long as it does, so that a step starts none and allocates nothing.
//
// Which goroutine takes which shard changes from call to call and cannot
// matter: a shard's work touches nothing that another's does.
type crew struct {
	work chan struct{} // one token wakes one helper
	wg   sync.WaitGroup
	busy sync.WaitGroup

	n    int
	fn   func(i int)
	next atomic.Int64
}

// newCrew starts workers-1 helpers; the caller of each is the remaining one.
func newCrew(workers int) *crew {
	c := &crew{work: make(chan struct{})}
	for range workers - 1 {
		c.wg.Go(func() {
			for range c.work {
				c.drain()
				c.busy.Done()
			}
		})
	}
	c.n = workers - 1
	return c
}

// each calls fn(0) ... fn(n-1), some of them at once, and returns when all have
// returned. It is not safe for concurrent use.
func (c *crew) each(n int, fn func(i int)) {
	helpers := min(c.n, n-1)
	c.fn = fn
	c.next.Store(int64(n) - 1)
	if helpers > 0 {
		c.busy.Add(helpers)
		for range helpers {
			c.work <- struct{}{}
		}
	}
	c.drain()
	c.busy.Wait()
}

// drain takes shards, the last one first, until none is left.
func (c *crew) drain() {
	for {
		i := c.next.Add(-1) + 1
		if i < 0 {
			return
		}
		c.fn(int(i))
	}
}

// close ends the helpers and waits for them.
func (c *crew) close() {
	close(c.work)
	c.wg.Wait()
}
