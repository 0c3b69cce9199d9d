package train

import (
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestCrewDoesEachOnce for more and fewer shards than workers, many times.
func TestCrewDoesEachOnce(t *testing.T) {
	for _, workers := range []int{1, 2, 5} {
		c := newCrew(workers)
		for n := range 9 {
			counts := make([]atomic.Int32, n)
			for range 50 {
				c.each(n, func(i int) { counts[i].Add(1) })
			}
			for i := range counts {
				if got := counts[i].Load(); got != 50 {
					t.Errorf("%d workers, %d shards: shard %d was done %d times, expected 50", workers, n, i, got)
				}
			}
		}
		c.close()
	}
}
