package proc

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// maxLine bounds one line of a child's standard output.
const maxLine = 16 << 20

// drain is how long after a child's death its output may stay open, held by
// a process that it started itself.
const drain = 500 * time.Millisecond

// Event is a line that a child wrote to its standard output, without the
// newline, or its end. The exit is the last event of a child.
type Event struct {
	Child int // as returned by Start
	Line  []byte
	Exit  *Exit
}

// Group is a set of children that end together. Its methods but [Group.Close]
// may be called from several goroutines.
type Group struct {
	events   chan Event
	starts   chan func()
	done     sync.WaitGroup
	released chan struct{} // closed by Release

	mu struct {
		sync.Mutex
		children []*child
		released bool
	}
}

type child struct {
	Command
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.ReadCloser
	stop   chan struct{} // closed: write Stop
	gone   chan struct{} // closed: it has ended

	// Guarded by the group's mutex.
	stopped bool
	ended   bool // its number may be another's by now
}

// NewGroup returns a group without children. It has a goroutine from now on:
// Close it.
func NewGroup() *Group {
	g := &Group{events: make(chan Event), starts: make(chan func()), released: make(chan struct{})}
	g.done.Go(func() {
		// The parent-death signal belongs to the thread, so this one has to
		// stay. It is not unlocked: the goroutine's end ends the thread.
		runtime.LockOSThread()
		for start := range g.starts {
			start()
		}
	})
	return g
}

// Events returns the channel of what the children say and of their ends. The
// children wait for the receiver: read it until each child's exit, or Close
// the group.
func (g *Group) Events() <-chan Event { return g.events }

// Start starts a child and returns its number: how many were started before.
func (g *Group) Start(c Command) (number int, err error) {
	result := make(chan error)
	g.starts <- func() {
		number, err = g.start(c)
		result <- err
	}
	err = <-result
	return number, err
}

func (g *Group) start(c Command) (int, error) {
	cmd := &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Stderr: c.Log, WaitDelay: drain}
	isolate(cmd, c.Detached)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("starting %s: %w", c.Name, err)
	}
	ch := &child{Command: c, cmd: cmd, stdin: stdin, stdout: stdout, stop: make(chan struct{}), gone: make(chan struct{})}
	g.mu.Lock()
	number := len(g.mu.children)
	g.mu.children = append(g.mu.children, ch)
	g.mu.Unlock()
	g.done.Go(func() { g.feed(ch) })
	g.done.Go(func() { g.follow(number, ch) })
	return number, nil
}

// feed writes what the child reads first and, if it is to end that way, the
// word that says so; then it holds the pipe open until the child has ended. An
// error of writing means that the child is dead, which its exit tells better.
func (g *Group) feed(ch *child) {
	if ch.Stdin != nil {
		_, _ = io.Copy(ch.stdin, ch.Stdin)
	}
	select {
	case <-ch.stop:
		_, _ = ch.stdin.Write(ch.Stop)
		_ = ch.stdin.Close()
	case <-ch.gone:
		_ = ch.stdin.Close()
	case <-g.released:
		_ = ch.stdin.Close()
	}
}

// follow passes on what a child says, and then its end.
func (g *Group) follow(number int, ch *child) {
	lines := bufio.NewScanner(ch.stdout)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		g.events <- Event{Child: number, Line: append([]byte(nil), lines.Bytes()...)}
	}
	broken := lines.Err()
	if g.isReleased() {
		close(ch.gone)
		return
	}
	if broken != nil {
		_, _ = io.Copy(io.Discard, ch.stdout) // or the child would wait for ever
	}
	err := ch.cmd.Wait()
	g.mu.Lock()
	ch.ended = true
	g.mu.Unlock()
	close(ch.gone)
	exit := describe(ch, err)
	if exit.Err == nil && broken != nil {
		exit.Err = fmt.Errorf("reading its output: %w", broken)
	}
	g.events <- Event{Child: number, Exit: &exit}
}

// PIDs returns the process numbers of the children, by their numbers here.
func (g *Group) PIDs() []int {
	g.mu.Lock()
	defer g.mu.Unlock()
	pids := make([]int, len(g.mu.children))
	for i, ch := range g.mu.children {
		pids[i] = ch.cmd.Process.Pid
	}
	return pids
}

// Interrupt asks every child that is left to end at once: SIGINT to its process
// group, or its own word.
func (g *Group) Interrupt() {
	g.each(func(ch *child) {
		switch {
		case ch.Stop == nil:
			interrupt(ch.cmd)
		case !ch.stopped:
			ch.stopped = true
			close(ch.stop)
		}
	})
}

// Kill ends every child that is left: SIGKILL to its process group.
func (g *Group) Kill() { g.each(func(ch *child) { kill(ch.cmd) }) }

// each calls f for the children that are left, with the lock held.
func (g *Group) each(f func(*child)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, ch := range g.mu.children {
		if !ch.ended {
			f(ch)
		}
	}
}

// Release lets the children that are left go their way: their pipes are
// closed, and nobody waits for them any more. Only Close may follow. It is for
// children that are detached and whose Log is a file or nil.
func (g *Group) Release() {
	g.mu.Lock()
	g.mu.released = true
	g.mu.Unlock()
	close(g.released)
	g.each(func(ch *child) { _ = ch.stdout.Close() })
}

func (g *Group) isReleased() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.mu.released
}

// Close kills the children that are left, unless they were released, and waits
// for everything. Call it once, when no Start is under way.
func (g *Group) Close() {
	close(g.starts)
	if !g.isReleased() {
		g.Kill()
	}
	drained := make(chan struct{})
	go func() {
		g.done.Wait()
		close(drained)
	}()
	for {
		select {
		case <-g.events: // nobody reads them any more
		case <-drained:
			return
		}
	}
}
