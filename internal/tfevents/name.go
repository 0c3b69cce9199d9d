package tfevents

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Prefix is how names of event files begin, which TensorBoard looks for.
const Prefix = "events.out.tfevents."

// Name returns the name of a new file in dir that sorts behind all event files
// there, whatever the clocks of the machines said that wrote them.
func Name(dir string, at time.Time) (string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", err
	}
	second := at.Unix()
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), Prefix)
		digits, _, _ := strings.Cut(rest, ".")
		if n, err := strconv.ParseInt(digits, 10, 64); ok && err == nil {
			second = max(second, n+1)
		}
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return fmt.Sprintf("%s%010d.%s.%d.0", Prefix, second, host, os.Getpid()), nil
}
