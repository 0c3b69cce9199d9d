package cli

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// signals is what SIGINT and SIGTERM mean to the program. Both end its context
// with the cause [ErrInterrupted], unless a node is training: then SIGTERM only
// asks it to leave, and the context ends at the next signal. Whoever signals
// once more wants the end now.
//
// Linux sends a node the parent-death signal, SIGTERM, more than once: whenever
// one of its launcher's threads ends. So of a node that has a launcher, SIGTERM
// counts once; the launcher itself says SIGINT.
type signals struct {
	incoming chan os.Signal
	cancel   context.CancelCauseFunc
	force    chan struct{} // closed: end now
	quit     chan struct{}
	done     chan struct{}

	mu struct {
		sync.Mutex
		drain    chan struct{} // closed by SIGTERM; nil: nobody would listen
		launched bool          // SIGTERM counts once
	}
}

// catch catches the signals from now on. The context ends at the first that
// means so.
func catch(parent context.Context) (context.Context, *signals) {
	ctx, cancel := context.WithCancelCause(parent)
	s := &signals{
		incoming: make(chan os.Signal, 2), cancel: cancel,
		force: make(chan struct{}), quit: make(chan struct{}), done: make(chan struct{}),
	}
	signal.Notify(s.incoming, os.Interrupt, syscall.SIGTERM)
	go s.run()
	return ctx, s
}

// release lets the signals do what they do by default, and waits for the
// goroutine.
func (s *signals) release() {
	signal.Stop(s.incoming)
	close(s.quit)
	<-s.done
	s.cancel(nil)
}

// draining returns the channel that SIGTERM closes, if it is the first signal.
func (s *signals) draining() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mu.drain == nil {
		s.mu.drain = make(chan struct{})
	}
	return s.mu.drain
}

func (s *signals) run() {
	defer close(s.done)
	first, ok := s.next()
	if !ok {
		return
	}
	drains := s.drains(first)
	if !drains {
		s.cancel(ErrInterrupted)
	}
	for {
		again, ok := s.next()
		if !ok {
			return
		}
		if drains && again == syscall.SIGTERM && s.isLaunched() {
			continue
		}
		break
	}
	s.cancel(ErrInterrupted)
	close(s.force)
}

// hasLauncher says that this is a launcher's node.
func (s *signals) hasLauncher() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mu.launched = true
}

func (s *signals) isLaunched() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mu.launched
}

func (s *signals) next() (os.Signal, bool) {
	select {
	case sig := <-s.incoming:
		return sig, true
	case <-s.quit:
		return nil, false
	}
}

// drains passes on SIGTERM if somebody listens for it.
func (s *signals) drains(sig os.Signal) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sig != syscall.SIGTERM || s.mu.drain == nil {
		return false
	}
	close(s.mu.drain)
	return true
}
