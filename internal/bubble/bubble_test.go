package bubble

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestDueTimers has many goroutines look at timers that are due, all the time:
// under the detector, on two processors, this ends the program within a second.
func TestDueTimers(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	Test(t, func(*testing.T) {
		start := time.Now()
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 3000 {
					select {
					case <-time.After(0):
					case <-time.After(time.Hour):
						t.Error("an hour before no time at all")
					}
				}
			})
		}
		wg.Wait()
		<-time.After(time.Hour)
		if passed := time.Since(start); passed != time.Hour {
			t.Errorf("%v have passed, expected the hour that was waited for", passed)
		}
	})
	if after := runtime.GOMAXPROCS(0); after != before {
		t.Errorf("%d processors are left of %d", after, before)
	}
}
