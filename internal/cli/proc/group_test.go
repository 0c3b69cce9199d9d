//go:build unix

package proc_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ballast-ml/ballast/internal/cli/proc"
)

// TestMain turns the test binary into a child when it is called "child-...".
func TestMain(m *testing.M) {
	if role, ok := strings.CutPrefix(os.Args[0], "child-"); ok {
		child(role)
		return
	}
	goleak.VerifyTestMain(m)
}

// child is what the test binary does as a child process.
func child(role string) {
	in := bufio.NewReader(os.Stdin)
	first, _ := in.ReadString('\n')
	switch role {
	case "echo": // says what it was told, and fails
		fmt.Print(first)
		fmt.Println(os.Getenv("GREETING"))
		fmt.Fprintln(os.Stderr, "a log line")
		os.Exit(7)
	case "lifeline": // ends when its parent does
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, in)
		os.Exit(3)
	case "polite": // ends on SIGINT
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGINT)
		fmt.Println("ready")
		<-c
		os.Exit(130)
	case "stubborn": // ignores signals and has a child of its own
		signal.Ignore(syscall.SIGINT, syscall.SIGTERM)
		exe, _ := os.Executable()
		grandchild := &exec.Cmd{Path: exe, Args: []string{"child-sleeper"}, Stdout: os.Stdout}
		if err := grandchild.Start(); err != nil {
			fmt.Println(err)
		}
		_ = grandchild.Wait()
	case "sleeper":
		signal.Ignore(syscall.SIGINT, syscall.SIGTERM)
		fmt.Println(os.Getpid())
		select {}
	case "listener": // ends at a word, and says what it has read besides
		rest, _ := io.ReadAll(in)
		fmt.Printf("%d bytes, the last are %q\n", len(first)+len(rest), rest[max(0, len(rest)-5):])
	case "survivor": // its parent dies, and it goes on until it is killed
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, in)
		if err := os.WriteFile(os.Getenv("NOTE"), []byte("on"), 0o666); err != nil {
			os.Exit(1)
		}
		select {}
	case "parent": // starts a child, tells its number, and dies without a word
		g := proc.NewGroup()
		if _, err := g.Start(command("lifeline", io.Discard)); err != nil {
			fmt.Println(err)
		}
		<-g.Events() // it is ready
		fmt.Println(g.PIDs()[0])
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

func command(role string, log io.Writer) proc.Command {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return proc.Command{
		Name: role, Path: exe, Args: []string{"child-" + role},
		Env: append(os.Environ(), "GREETING=hello"), Stdin: strings.NewReader("handed over\n"), Log: log,
	}
}

// next returns the next event, which must come soon.
func next(t *testing.T, g *proc.Group) proc.Event {
	t.Helper()
	select {
	case e := <-g.Events():
		return e
	case <-time.After(10 * time.Second):
		t.Fatal("no event within 10 s")
		return proc.Event{}
	}
}

func start(t *testing.T, roles ...string) *proc.Group {
	t.Helper()
	g := proc.NewGroup()
	t.Cleanup(g.Close)
	for _, r := range roles {
		if _, err := g.Start(command(r, io.Discard)); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func TestLinesLogAndCode(t *testing.T) {
	var log bytes.Buffer
	g := proc.NewGroup()
	defer g.Close()
	if _, err := g.Start(command("echo", &log)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"handed over", "hello"} {
		if e := next(t, g); string(e.Line) != want {
			t.Errorf("line %q, want %q", e.Line, want)
		}
	}
	x := next(t, g).Exit
	if x == nil || x.Code != 7 || x.Signal != 0 || x.Name != "echo" || x.PID != g.PIDs()[0] || x.String() != "ended with code 7" {
		t.Errorf("exit %+v: want code 7 of echo", x)
	}
	if log.String() != "a log line\n" {
		t.Errorf("log %q", log.String())
	}
}

func TestInterrupt(t *testing.T) {
	g := start(t, "polite", "polite")
	next(t, g)
	next(t, g)
	g.Interrupt()
	for range 2 {
		if x := next(t, g).Exit; x == nil || x.Code != 130 {
			t.Errorf("exit %+v: want code 130", x)
		}
	}
	g.Interrupt() // nobody is left: nothing happens
}

// TestKillReachesTheGroup: a child that ignores signals dies with the process
// it has started.
func TestKillReachesTheGroup(t *testing.T) {
	g := start(t, "stubborn")
	grandchild, err := strconv.Atoi(string(next(t, g).Line))
	if err != nil {
		t.Fatal(err)
	}
	g.Interrupt()
	g.Kill()
	x := next(t, g).Exit
	if x == nil || x.Signal != syscall.SIGKILL || x.String() != "was killed by signal 9 (killed)" {
		t.Errorf("exit %v: want killed by signal 9", x)
	}
	waitGone(t, grandchild)
}

// TestOrphan: a child ends when its parent is killed, even if it ignores the
// parent-death signal.
func TestOrphan(t *testing.T) {
	g := start(t, "parent")
	pid, err := strconv.Atoi(string(next(t, g).Line))
	if err != nil {
		t.Fatal(err)
	}
	if x := next(t, g).Exit; x == nil || x.Signal != syscall.SIGKILL {
		t.Fatalf("exit %v: want the parent killed", x)
	}
	waitGone(t, pid)
}

// waitGone waits until the process is gone, or is dead and waits for somebody
// to ask how it ended: in a container nobody may.
func waitGone(t *testing.T, pid int) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Second)
	for {
		if err := syscall.Kill(pid, 0); err != nil || zombie(pid) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("process %d is still there", pid)
		}
	}
}

func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, ok := strings.Cut(string(stat), ") ")
	return err == nil && ok && strings.HasPrefix(state, "Z")
}

func TestCloseKills(t *testing.T) {
	g := proc.NewGroup()
	for _, r := range []string{"lifeline", "polite"} {
		if _, err := g.Start(command(r, io.Discard)); err != nil {
			t.Fatal(err)
		}
	}
	g.Close() // with events unread
	for _, pid := range g.PIDs() {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("process %d is still there", pid)
		}
	}
}

// TestStopWord: a child that stands for another is told to end on its standard
// input, behind all that it reads first, and only once.
func TestStopWord(t *testing.T) {
	g := start(t)
	c := command("listener", io.Discard)
	c.Stdin, c.Stop = io.MultiReader(strings.NewReader("first\n"), strings.NewReader(strings.Repeat("x", 1<<20))), []byte("stop\n")
	if _, err := g.Start(c); err != nil {
		t.Fatal(err)
	}
	g.Interrupt()
	g.Interrupt()
	if got, want := string(next(t, g).Line), fmt.Sprintf("%d bytes, the last are %q", 6+1<<20+5, "stop\n"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if x := next(t, g).Exit; x == nil || x.Code != 0 {
		t.Errorf("exit %v", x)
	}
}

// TestRelease: children that are let go outlive the group.
func TestRelease(t *testing.T) {
	note := filepath.Join(t.TempDir(), "note")
	g := proc.NewGroup()
	c := command("survivor", nil)
	c.Env, c.Detached = append(c.Env, "NOTE="+note), true
	n, err := g.Start(c)
	if err != nil || n != 0 {
		t.Fatal(n, err)
	}
	next(t, g)
	g.Release()
	g.Close()
	pid := g.PIDs()[0]
	defer waitGone(t, pid)
	defer func() { _ = syscall.Kill(pid, syscall.SIGKILL) }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(5 * time.Second)
	for {
		if _, err := os.Stat(note); err == nil {
			break
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the child did not see the end of its input, or did not go on")
		}
	}
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		_, rest, _ := strings.Cut(string(stat), ") ") // state, parent, group, session
		if session := strings.Fields(rest)[3]; session != strconv.Itoa(pid) {
			t.Errorf("process %d is in session %s: want its own", pid, session)
		}
	}
}

func TestStartFails(t *testing.T) {
	g := start(t)
	_, err := g.Start(proc.Command{Name: "nobody", Path: "/does/not/exist", Args: []string{"x"}})
	if err == nil || !strings.Contains(err.Error(), "starting nobody: ") {
		t.Errorf("%v: want an error that names the child", err)
	}
}

func ExampleGroup() {
	path, err := exec.LookPath("echo")
	if err != nil {
		fmt.Println(err)
		return
	}
	g := proc.NewGroup()
	defer g.Close()
	if _, err := g.Start(proc.Command{Name: "greeter", Path: path, Args: []string{"echo", "hello"}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", (<-g.Events()).Line)
	fmt.Println((<-g.Events()).Exit)
	// Output:
	// hello
	// ended with code 0
}
