package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// streamRows is a table of two classes, one in five rows of the rare one.
func streamRows(n int) string {
	r := rand.New(rand.NewPCG(5, 6))
	var b strings.Builder
	b.WriteString("a,b,c,class\n")
	for range n {
		rare := r.IntN(5) / 4
		fmt.Fprintf(&b, "%.3f,%.3f,%.3f,%s\n", r.NormFloat64()+float64(rare), r.NormFloat64(), r.NormFloat64()-float64(rare), []string{"no", "yes"}[rare])
	}
	return b.String()
}

// streaming are the flags of a run on a stream.
var streaming = []string{"--stream", "400", "--model", "mlp:32,16", "--batch", "32", "--checkpoint-every", "20", "--eval-every", "0", "--progress", "plain"}

// pipe returns a standard input for a process, and what it is written through.
func pipe(t *testing.T) (in, out *os.File) {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); out.Close() })
	return in, out
}

func feed(t *testing.T, to *os.File, text string) {
	t.Helper()
	if _, err := to.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// TestStreamOfStandardInput feeds a run row by row, kills one of its nodes, then
// the launcher, and goes on with the stream from its beginning: the model is that
// of a run on a file that was all there.
func TestStreamOfStandardInput(t *testing.T) {
	text := streamRows(6000)
	file := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	calm := filepath.Join(t.TempDir(), "calm")
	want := run(t, 0, ballast, append([]string{"run", "--data", "csv:" + file, "--nproc-per-node", "1", "--out", calm}, streaming...)...).sha(t)

	dir := filepath.Join(t.TempDir(), "run")
	in, out := pipe(t)
	all := append([]string{"run", "--data", "-", "--out", dir, "--nproc-per-node", "2"}, streaming...)
	p := startFrom(t, in, ballast, all...)
	in.Close()
	third := len(text)/3 + 5 // in the middle of a line
	feed(t, out, text[:third])
	eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 40 })
	eventually(t, 30*time.Second, "a word about rows", p.says("waiting for rows: "))
	strike(t, p, "node-1", syscall.SIGKILL)
	feed(t, out, text[third:2*third])
	eventually(t, 30*time.Second, "steps on another ring", func() bool { return steps(dir) > 100 })
	eventually(t, 30*time.Second, "node-1 to be back", func() bool { return pidOf(t, p, "node-1") != 0 })
	pids := []int{pidOf(t, p, "node-0"), pidOf(t, p, "node-1")}
	kill(t, p, syscall.SIGKILL)
	p.wait(t, 10*time.Second)
	out.Close()
	eventually(t, 3*time.Second, "the end of the nodes", func() bool { return !alive(pids[0]) && !alive(pids[1]) })

	for _, part := range []string{text[:third/2], "another" + text} { // it is not that stream
		in, out := pipe(t)
		bad := startFrom(t, in, ballast, append(all, "--resume", "auto")...)
		feed(t, out, part[:min(len(part), 60_000)])
		out.Close()
		if code := bad.wait(t, 30*time.Second); code != 2 || !strings.Contains(bad.stderr.String(), "standard input") {
			t.Fatalf("exit code %d\n%s", code, bad.stderr.String())
		}
	}
	in, out = pipe(t)
	again := startFrom(t, in, ballast, append(all, "--resume", "auto")...)
	feed(t, out, text)
	out.Close()
	if code := again.wait(t, time.Minute); code != 0 {
		t.Fatalf("exit code %d\n%s", code, again.stderr.String())
	}
	if got := again.sha(t); got != want {
		t.Errorf("ended with %s, undisturbed %s", got, want)
	}
	if !strings.Contains(again.stderr.String(), "resumed after step") {
		t.Errorf("it was not resumed:\n%s", again.stderr.String())
	}
	eval := run(t, 0, ballast, "eval", "--run", dir)
	if got := eval.sha(t); got != want {
		t.Errorf("evaluated %s", got)
	}
}

// TestStreamOfADirectory: three nodes by hand, to which files come one by one.
func TestStreamOfADirectory(t *testing.T) {
	lines := strings.SplitAfter(streamRows(3000), "\n")
	header, lines := lines[0], lines[1:]
	file := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(file, []byte(header+strings.Join(lines, "")), 0o666); err != nil {
		t.Fatal(err)
	}
	want := run(t, 0, ballast, append([]string{"run", "--data", "csv:" + file, "--nproc-per-node", "1", "--out", filepath.Join(t.TempDir(), "calm")}, streaming...)...).sha(t)

	dir, join := t.TempDir(), freeAddress(t, "join")
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, ".new"), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, ".new"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(t.TempDir(), "run")
	var nodes []*process
	for i := range 3 {
		nodes = append(nodes, start(t, node, append([]string{"--name", fmt.Sprintf("n%d", i), "--join", join, "--nnodes", "3", "--data", "csv:" + dir, "--out", out}, streaming...)...))
	}
	for k := range 5 {
		put(fmt.Sprintf("part-%d.csv", k), header+strings.Join(lines[600*k:600*(k+1)], ""))
		eventually(t, 30*time.Second, "the steps of a part", func() bool { return steps(out) >= (480+600*k)/32-3 })
	}
	put("END", "")
	for _, p := range nodes {
		if code := p.wait(t, 30*time.Second); code != 0 {
			t.Fatalf("exit code %d\n%s", code, p.stderr.String())
		}
		if got := p.sha(t); got != want {
			t.Errorf("ended with %s, from a file %s", got, want)
		}
	}
}
