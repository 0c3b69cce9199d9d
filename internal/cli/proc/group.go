package proc

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// maxLine bounds one line of a child's standard output.
const maxLine = 16 << 20

// drain is how long after a child's death its output may stay open, held by
// a process that it started itself.
const drain = 500 * time.Millisecond

// Command says what to start.
type Command struct {
	Name  string    // what people call the child
	Path  string    // of the executable
	Args  []string  // Args[0], the name it is called by, included
	Env   []string  // as in os.Environ
	Stdin []byte    // what it reads first; then the pipe stays open as its lifeline
	Log   io.Writer // receives its standard error, from a goroutine of its own
}

// Event is a line that a child wrote to its standard output, without the
// newline, or its end. The exit is the last event of a child.
type Event struct {
	Child int // in the order of Start
	Line  []byte
	Exit  *Exit
}

// Exit is how a child ended.
type Exit struct {
	Name   string
	PID    int
	Code   int            // of a child that was not killed
	Signal syscall.Signal // that killed it; 0: none
	Err    error          // of waiting for it or reading its output; nil for any exit code
}

// String describes the end as a part of a sentence: "ended with code 3".
func (x Exit) String() string {
	switch {
	case x.Err != nil:
		return "was lost: " + x.Err.Error()
	case x.Signal != 0:
		return fmt.Sprintf("was killed by signal %d (%s)", int(x.Signal), x.Signal)
	default:
		return fmt.Sprintf("ended with code %d", x.Code)
	}
}

// Group is a set of children that end together. Its methods but [Group.Close]
// may be called from several goroutines.
type Group struct {
	events chan Event
	starts chan func()
	done   sync.WaitGroup

	mu struct {
		sync.Mutex
		children []*child
	}
}

type child struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended bool // guarded by the group's mutex: its number may be another's by now
}

// NewGroup returns a group without children. It has a goroutine from now on:
// Close it.
func NewGroup() *Group {
	g := &Group{events: make(chan Event), starts: make(chan func())}
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

// Start starts a child.
func (g *Group) Start(c Command) error {
	result := make(chan error)
	g.starts <- func() { result <- g.start(c) }
	return <-result
}

func (g *Group) start(c Command) error {
	cmd := &exec.Cmd{Path: c.Path, Args: c.Args, Env: c.Env, Stderr: c.Log, WaitDelay: drain}
	isolate(cmd)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting %s: %w", c.Name, err)
	}
	ch := &child{name: c.Name, cmd: cmd, stdin: stdin}
	g.mu.Lock()
	index := len(g.mu.children)
	g.mu.children = append(g.mu.children, ch)
	g.mu.Unlock()
	g.done.Go(func() { g.follow(index, ch, stdout) })
	// The input fits the pipe's buffer; a child that is dead already says why
	// by its exit.
	_, _ = stdin.Write(c.Stdin)
	return nil
}

// follow passes on what a child says, and then its end.
func (g *Group) follow(index int, ch *child, stdout io.Reader) {
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		g.events <- Event{Child: index, Line: append([]byte(nil), lines.Bytes()...)}
	}
	broken := lines.Err()
	if broken != nil {
		_, _ = io.Copy(io.Discard, stdout) // or the child would wait for ever
	}
	err := ch.cmd.Wait()
	g.mu.Lock()
	ch.ended = true
	g.mu.Unlock()
	_ = ch.stdin.Close()
	exit := describe(ch, err)
	if exit.Err == nil && broken != nil {
		exit.Err = fmt.Errorf("reading its output: %w", broken)
	}
	g.events <- Event{Child: index, Exit: &exit}
}

func describe(ch *child, err error) Exit {
	exit := Exit{Name: ch.name, PID: ch.cmd.Process.Pid}
	var status *exec.ExitError
	if err != nil && !errors.As(err, &status) && !errors.Is(err, exec.ErrWaitDelay) {
		exit.Err = err
	}
	if state := ch.cmd.ProcessState; state != nil {
		exit.Code, exit.Signal = state.ExitCode(), killedBy(state)
	}
	return exit
}

// Terminate asks every child that is left to end: SIGTERM to its process group.
func (g *Group) Terminate() { g.signal(terminate) }

// Kill ends every child that is left: SIGKILL to its process group.
func (g *Group) Kill() { g.signal(kill) }

// PIDs returns the process numbers of the children in the order of Start.
func (g *Group) PIDs() []int {
	g.mu.Lock()
	defer g.mu.Unlock()
	pids := make([]int, len(g.mu.children))
	for i, ch := range g.mu.children {
		pids[i] = ch.cmd.Process.Pid
	}
	return pids
}

func (g *Group) signal(send func(*exec.Cmd)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, ch := range g.mu.children {
		if !ch.ended {
			send(ch.cmd)
		}
	}
}

// Close kills the children that are left and waits for everything. Call it
// once, when no Start is under way.
func (g *Group) Close() {
	close(g.starts)
	g.Kill()
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
