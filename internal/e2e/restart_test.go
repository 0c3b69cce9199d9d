package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/train"
)

// A lasting run is long enough for nodes to come back to it, a brief one to
// meet with an accident.
var (
	lasting = trainFor("45")
	brief   = trainFor("16")
)

func trainFor(epochs string) []string {
	return []string{"--model", "mlp:128,64", "--method", "absgd+la", "--batch", "128", "--checkpoint-every", "100", "--epochs", epochs}
}

// undisturbed is the model of the brief run.
var undisturbed struct {
	once sync.Once
	sha  string
}

func briefBaseline(t *testing.T) string {
	t.Helper()
	undisturbed.once.Do(func() { undisturbed.sha = baseline(t, brief...) })
	return undisturbed.sha
}

// launched starts a run of n nodes under a launcher.
func launched(t *testing.T, n int, dir string, how []string, args ...string) *process {
	t.Helper()
	all := append([]string{"run", "--nproc-per-node", strconv.Itoa(n), "--eval-every", "0", "--out", dir, "--progress", "plain"}, how...)
	return start(t, ballast, append(all, args...)...)
}

// pidOf returns the process number of a launcher's node, or 0 if it has none
// now.
func pidOf(t *testing.T, launcher *process, name string) int {
	t.Helper()
	list, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,args=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(list)) {
		words := strings.Fields(line)
		if len(words) > 3 && words[1] == strconv.Itoa(launcher.Process.Pid) && strings.HasSuffix(strings.TrimSpace(line), "--name "+name) {
			pid, err := strconv.Atoi(words[0])
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	return 0
}

// strike sends a signal to a launcher's node.
func strike(t *testing.T, launcher *process, name string, s syscall.Signal) (pid int) {
	t.Helper()
	pid = pidOf(t, launcher, name)
	if pid == 0 {
		t.Fatalf("%s has no process\n%s", name, launcher.stderr.String())
	}
	if err := syscall.Kill(pid, s); err != nil {
		t.Fatal(err)
	}
	return pid
}

func alive(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return syscall.Kill(pid, 0) == nil && (err != nil || !strings.Contains(string(stat), ") Z "))
}

func (p *process) says(text string) func() bool {
	return func() bool { return strings.Contains(p.stderr.String(), text) }
}

// TestRestart kills a node, and then the first one, which was the others' seed.
// The launcher starts each of them again, the ring takes them in, and the model
// is that of an undisturbed run.
func TestRestart(t *testing.T) {
	want := baseline(t, lasting...)
	dir := filepath.Join(t.TempDir(), "run")
	p := launched(t, 3, dir, lasting)
	eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 50 })
	for i, name := range []string{"node-1", "node-0"} {
		strike(t, p, name, syscall.SIGKILL)
		eventually(t, 20*time.Second, "a ring with "+name, func() bool {
			return strings.Count(p.stderr.String(), "formed again with 3 nodes") > i
		})
	}
	if code := p.wait(t, time.Minute); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.stderr.String())
	}
	if got := p.sha(t); got != want {
		t.Errorf("ended with %s, undisturbed %s\n%s", got, want, p.stderr.String())
	}
	if n := strings.Count(p.stderr.String(), "it is started again in 500ms (1 of 3)"); n != 2 {
		t.Errorf("%d nodes were started again, expected 2\n%s", n, p.stderr.String())
	}
}

// TestAllAreKilled: with nobody left the nodes start again at the last
// checkpoint.
func TestAllAreKilled(t *testing.T) {
	want := briefBaseline(t)
	dir := filepath.Join(t.TempDir(), "run")
	p := launched(t, 2, dir, brief)
	eventually(t, 30*time.Second, "a checkpoint", p.says("checkpoint="))
	strike(t, p, "node-0", syscall.SIGKILL)
	strike(t, p, "node-1", syscall.SIGKILL)
	if code := p.wait(t, time.Minute); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.stderr.String())
	}
	if got := p.sha(t); got != want {
		t.Errorf("ended with %s, undisturbed %s\n%s", got, want, p.stderr.String())
	}
	if !strings.Contains(p.stderr.String(), "resumed after step ") {
		t.Errorf("it has begun at the beginning:\n%s", p.stderr.String())
	}
}

// TestLauncherDies: its nodes leave a checkpoint of the step they were at, and
// nothing else; another number of nodes goes on from there.
func TestLauncherDies(t *testing.T) {
	want := briefBaseline(t)
	dir := filepath.Join(t.TempDir(), "run")
	p := launched(t, 3, dir, brief)
	eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 150 })
	var pids []int
	for _, name := range []string{"node-0", "node-1", "node-2"} {
		pids = append(pids, pidOf(t, p, name))
	}
	kill(t, p, syscall.SIGKILL)
	p.wait(t, time.Second)
	for _, pid := range pids {
		eventually(t, 5*time.Second, "the end of the nodes", func() bool { return !alive(pid) })
	}
	done := steps(dir)
	resumed := launched(t, 2, dir, brief, "--resume", "auto")
	if code := resumed.wait(t, time.Minute); code != 0 {
		t.Fatalf("exit code %d\n%s", code, resumed.stderr.String())
	}
	if got := resumed.sha(t); got != want {
		t.Errorf("ended with %s, undisturbed %s", got, want)
	}
	_, after, _ := strings.Cut(resumed.stderr.String(), "resumed after step ")
	at, _, _ := strings.Cut(after, ",")
	if n, err := strconv.Atoi(at); err != nil || n < done-1 || n%100 == 0 {
		t.Errorf("resumed after step %s, and %d were done: the nodes have left no checkpoint at their end", at, done)
	}
}

// TestDetached: the nodes train on by themselves; any of them may die.
func TestDetached(t *testing.T) {
	want := briefBaseline(t)
	dir := filepath.Join(t.TempDir(), "run")
	p := launched(t, 3, dir, brief, "--detach")
	if code := p.wait(t, 30*time.Second); code != 0 {
		t.Fatalf("exit code %d\n%s", code, p.stderr.String())
	}
	pids := map[string]int{}
	for line := range strings.Lines(p.stdout.String()) {
		if name, pid, ok := strings.Cut(strings.TrimSpace(line), " is process "); ok {
			pids[name], _ = strconv.Atoi(pid)
		}
	}
	t.Cleanup(func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	if len(pids) != 3 {
		t.Fatalf("the launcher names %v\n%s", pids, p.stdout.String())
	}
	eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 50 })
	if err := syscall.Kill(pids["node-1"], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	summary := filepath.Join(dir, "summary.json")
	eventually(t, time.Minute, "the end of the run", func() bool { _, err := os.Stat(summary); return err == nil })
	var s train.Summary
	readJSON(t, summary, &s)
	if s.ModelSHA256 != want || s.Nodes != 2 {
		t.Errorf("%d nodes ended with %s, undisturbed %s", s.Nodes, s.ModelSHA256, want)
	}
	for _, name := range []string{"node-0", "node-2"} {
		eventually(t, 10*time.Second, "the end of "+name, func() bool { return !alive(pids[name]) })
	}
}

// TestStatus asks a run how it is, and finds out who stands still and who
// waits for it. SIGQUIT writes the same to a node's log.
func TestStatus(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	p := launched(t, 3, dir, trainFor("100000"))
	eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 50 })
	table := run(t, 0, ballast, "status", "--run", dir).stdout.String()
	for _, want := range []string{"rank  name", "\n0     node-0", "\n1     node-1", "\n2     node-2"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	stopped := strike(t, p, "node-1", syscall.SIGSTOP)
	var members []cluster.MemberStatus
	eventually(t, 5*time.Second, "who is waited for", func() bool {
		text := run(t, 0, ballast, "status", "--run", dir, "--json").stdout.String()
		if err := json.Unmarshal([]byte(text), &members); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, m := range members {
			if m.Rank == 2 && strings.HasPrefix(m.Progress.WaitingFor, "node-1#") {
				return true
			}
		}
		return false
	})
	if err := syscall.Kill(stopped, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	strike(t, p, "node-2", syscall.SIGQUIT)
	log := filepath.Join(dir, "logs", "node-2.log")
	eventually(t, 10*time.Second, "the flight record", func() bool {
		text, _ := os.ReadFile(log)
		return strings.Contains(string(text), `"message":"flight record"`) && strings.Contains(string(text), "\ngoroutine ")
	})
	before := steps(dir)
	eventually(t, 20*time.Second, "the next step", func() bool { return steps(dir) > before })
	kill(t, p, syscall.SIGINT)
	if code := p.wait(t, 2*time.Second); code != 130 {
		t.Errorf("exit code %d after Ctrl-C", code)
	}
}
