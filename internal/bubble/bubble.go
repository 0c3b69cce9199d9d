// Package bubble runs tests in the simulated time of testing/synctest, under the
// race detector too.
//
// Up to Go 1.26.8 all timers of a bubble share one context of the detector, and a
// goroutine that looks at the channel of a timer which is due runs it there and
// then. Where two processors do so at once, the detector's own memory is
// corrupted, and the program dies of a segmentation violation or of a failed
// check in the runtime. On one processor they take turns.
package bubble

import (
	"runtime"
	"testing"
	"testing/synctest"
)

// Test is synctest.Test; under the race detector its goroutines take turns on one
// processor. It must not run beside other tests (t.Parallel).
func Test(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	if detects {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	}
	synctest.Test(t, f)
}
