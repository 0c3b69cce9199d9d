package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// ballast and node are the programs under test, built once.
var ballast, node string

func TestMain(m *testing.M) {
	os.Exit(build(m))
}

func build(m *testing.M) int {
	dir, err := os.MkdirTemp("", "ballast-e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	out, err := exec.Command("go", "build", "-o", dir+string(filepath.Separator),
		"github.com/ballast-ml/ballast/cmd/launcher", "github.com/ballast-ml/ballast/cmd/node").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	ballast, node = filepath.Join(dir, "launcher"), filepath.Join(dir, "node")
	if err := writeData(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Setenv("BALLAST_DATA", "idx:"+dir) // where a test says nothing of --data
	return m.Run()
}

// process is a program that a test has started.
type process struct {
	*exec.Cmd
	stdout, stderr output
	done           chan struct{} // closed when it has ended
	err            error
}

// output is what a process has written so far; it may be read while it writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start runs a program in a process group of its own, which ends with the
// test at the latest.
func start(t *testing.T, program string, args ...string) *process {
	t.Helper()
	return startFrom(t, nil, program, args...)
}

// startFrom is start for a program that reads in as its standard input.
func startFrom(t *testing.T, in *os.File, program string, args ...string) *process {
	t.Helper()
	p := &process{done: make(chan struct{})}
	p.Cmd = exec.Command(program, args...)
	p.Stdout, p.Stderr = &p.stdout, &p.stderr
	if in != nil {
		p.Stdin = in
	}
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.Env = append(os.Environ(), "NO_COLOR=1")
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		select {
		case <-p.done:
		default:
			_ = syscall.Kill(-p.Process.Pid, syscall.SIGKILL)
			<-p.done
		}
	})
	return p
}

// wait returns the exit code, or fails the test if the program has not ended
// within limit.
func (p *process) wait(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case <-p.done:
		return p.ProcessState.ExitCode()
	case <-time.After(limit):
		t.Fatalf("%s still runs after %v\nstdout:\n%s\nstderr:\n%s", p, limit, p.stdout.String(), p.stderr.String())
		return 0
	}
}

// run runs a program to its end and fails the test unless it exits with code.
func run(t *testing.T, code int, program string, args ...string) *process {
	t.Helper()
	p := start(t, program, args...)
	if got := p.wait(t, time.Minute); got != code {
		t.Fatalf("%s: exit code %d, expected %d\nstdout:\n%s\nstderr:\n%s", p, got, code, p.stdout.String(), p.stderr.String())
	}
	return p
}

// sha returns the checksum on the last line of a program's output.
func (p *process) sha(t *testing.T) string {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(p.stdout.String()), "\n")
	sum, ok := strings.CutPrefix(lines[len(lines)-1], "model sha256 ")
	if !ok || len(sum) != 64 {
		t.Fatalf("%s: the last line is %q, expected model sha256 HEX", p, lines[len(lines)-1])
	}
	return sum
}

// eventually polls cond until it holds; it is for the effects of other
// processes, which nobody announces.
func eventually(t *testing.T, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", limit, what)
		case <-tick.C:
		}
	}
}

// steps returns the number of steps that metrics.jsonl in dir tells of.
func steps(dir string) int {
	text, _ := os.ReadFile(filepath.Join(dir, "metrics.jsonl"))
	return bytes.Count(text, []byte(`"grad_norm"`))
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
