package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"syscall"
	"time"
)

// patience bounds how long a worker may take for its task: it must end even if
// the others do not come.
const patience = 3 * time.Minute

// Worker is one of several processes that measure something together. It
// reads its task from in, writes its address and its result to out, both JSON
// lines, and is started by [Crew] alone.
func Worker(ctx context.Context, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("not done within %v", patience))
	defer cancel()
	lines, say := json.NewDecoder(in), json.NewEncoder(out)
	var t task
	if err := lines.Decode(&t); err != nil {
		return fmt.Errorf("bench: a worker is started by the benchmark alone: %w", err)
	}
	result, err := t.do(ctx, func(addr string) ([]string, error) {
		if err := say.Encode(said{Ready: true, Addr: addr}); err != nil {
			return nil, err
		}
		var h heard
		return h.Addrs, lines.Decode(&h)
	})
	if err != nil {
		return say.Encode(said{Err: err.Error()})
	}
	text, err := json.Marshal(result)
	if err != nil {
		return err
	}
	return say.Encode(said{Result: text})
}

// do carries out a task. Meet tells the others this process's address and
// returns those of all.
func (t task) do(ctx context.Context, meet func(addr string) ([]string, error)) (any, error) {
	switch {
	case t.Ring != nil:
		return t.ring(ctx, meet)
	case t.Step != nil:
		return t.step(ctx, meet)
	case t.Pair != nil:
		return t.pair(ctx, meet)
	case t.Probe != nil:
		return t.probe(ctx, meet)
	}
	return nil, fmt.Errorf("an empty task")
}

// cpuTime is the processor time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
