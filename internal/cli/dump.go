package cli

import (
	"context"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/ballast-ml/ballast/train"
)

// blackBox keeps what a node has last said, for a dump.
type blackBox struct {
	mu struct {
		sync.Mutex
		addr string
		ring train.RingFormed
		lost *train.RingLost // since then; nil: it is not
		step train.StepDone
		at   time.Time // when the step was done
	}
}

// observer notes the events.
func (b *blackBox) observer() train.Observer {
	return train.Observer{
		Joined: func(v train.Joined) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.mu.addr = v.Addr
		},
		RingFormed: func(v train.RingFormed) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.mu.ring, b.mu.lost = v, nil
		},
		RingLost: func(v train.RingLost) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.mu.lost = &v
		},
		StepDone: func(v train.StepDone) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.mu.step, b.mu.at = v, time.Now()
		},
	}
}

// record returns the log line of what the node knows by itself, and where it
// listens.
func (b *blackBox) record(e *zerolog.Event) (_ *zerolog.Event, addr string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e = e.Int("step_done", b.mu.step.Step).Uint64("generation", b.mu.ring.Generation).
		Int("rank", b.mu.ring.Rank).Strs("ring", b.mu.ring.Names)
	if !b.mu.at.IsZero() {
		e = e.Dur("since", time.Since(b.mu.at)).Interface("seconds", b.mu.step.Phases)
	}
	if b.mu.lost != nil {
		e = e.Str("lost", b.mu.lost.Reason)
	}
	return e, b.mu.addr
}

// askTimeout bounds the question to the node itself: one that hangs does not
// answer, and its goroutines say why.
const askTimeout = 2 * time.Second

// dump writes the flight record and the stacks of all goroutines to the log.
// What the members say of themselves comes from the node itself, over the
// network, as anybody could ask it.
func (p *Program) dump(ctx context.Context, b *blackBox, j journal, secret []byte) {
	line, addr := b.record(j.Log())
	if addr != "" && p.Ask != nil {
		ctx, cancel := context.WithTimeout(ctx, askTimeout)
		members, err := p.Ask(ctx, addr, secret)
		cancel()
		line = line.Interface("members", members)
		if err != nil {
			line = line.Str("unanswered", err.Error())
		}
	}
	line.Msg("flight record")
	_, _ = j.out.Write(stacks())
}

// stacks returns the stacks of all goroutines, as the Go runtime prints them.
func stacks() []byte {
	for size := 1 << 16; ; size *= 2 {
		text := make([]byte, size)
		if n := runtime.Stack(text, true); n < size || size >= maxStacks {
			return append(text[:n], '\n')
		}
	}
}

const maxStacks = 16 << 20

// dumpOnQuit dumps whenever SIGQUIT comes, which ends the program no more.
// stop ends that, and waits for a dump under way.
func (p *Program) dumpOnQuit(ctx context.Context, b *blackBox, j journal, secret []byte) (stop func()) {
	quit, ended, done := make(chan os.Signal, 1), make(chan struct{}), make(chan struct{})
	signal.Notify(quit, syscall.SIGQUIT)
	go func() {
		defer close(done)
		for {
			select {
			case <-quit:
				p.dump(ctx, b, j, secret)
			case <-ended:
				return
			}
		}
	}()
	return func() {
		signal.Stop(quit)
		close(ended)
		<-done
	}
}

// journal is the log of a node and what it is written to.
type journal struct {
	zerolog.Logger
	out   io.Writer
	close func() error
}
