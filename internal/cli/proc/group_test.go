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
	case "polite": // ends on SIGTERM
		c := make(chan os.Signal, 1)
		signal.Notify(c, syscall.SIGTERM)
		fmt.Println("ready")
		<-c
		os.Exit(130)
	case "stubborn": // ignores SIGTERM and has a child of its own
		signal.Ignore(syscall.SIGTERM)
		exe, _ := os.Executable()
		grandchild := &exec.Cmd{Path: exe, Args: []string{"child-sleeper"}, Stdout: os.Stdout}
		if err := grandchild.Start(); err != nil {
			fmt.Println(err)
		}
		_ = grandchild.Wait()
	case "sleeper":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println(os.Getpid())
		select {}
	case "parent": // starts a child, tells its number, and dies without a word
		g := proc.NewGroup()
		if err := g.Start(command("lifeline", io.Discard)); err != nil {
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
		Env: append(os.Environ(), "GREETING=hello"), Stdin: []byte("handed over\n"), Log: log,
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
		if err := g.Start(command(r, io.Discard)); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func TestLinesLogAndCode(t *testing.T) {
	var log bytes.Buffer
	g := proc.NewGroup()
	defer g.Close()
	if err := g.Start(command("echo", &log)); err != nil {
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

func TestTerminate(t *testing.T) {
	g := start(t, "polite", "polite")
	next(t, g)
	next(t, g)
	g.Terminate()
	for range 2 {
		if x := next(t, g).Exit; x == nil || x.Code != 130 {
			t.Errorf("exit %+v: want code 130", x)
		}
	}
	g.Terminate() // nobody is left: nothing happens
}

// TestKillReachesTheGroup: a child that ignores SIGTERM dies with the process
// it has started.
func TestKillReachesTheGroup(t *testing.T) {
	g := start(t, "stubborn")
	grandchild, err := strconv.Atoi(string(next(t, g).Line))
	if err != nil {
		t.Fatal(err)
	}
	g.Terminate()
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
		if err := g.Start(command(r, io.Discard)); err != nil {
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

func TestStartFails(t *testing.T) {
	g := start(t)
	err := g.Start(proc.Command{Name: "nobody", Path: "/does/not/exist", Args: []string{"x"}})
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
	if err := g.Start(proc.Command{Name: "greeter", Path: path, Args: []string{"echo", "hello"}}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", (<-g.Events()).Line)
	fmt.Println((<-g.Events()).Exit)
	// Output:
	// hello
	// ended with code 0
}
