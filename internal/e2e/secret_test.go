package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSecretTouchesNoBit trains encrypted, only authenticated, and in plain.
func TestSecretTouchesNoBit(t *testing.T) {
	sums := map[string]string{}
	for _, how := range []string{"", "--plain-loopback", "--insecure"} {
		args := []string{"run", "--model", "mlp:32", "--method", "absgd", "--steps", "15", "--eval-every", "0",
			"--nproc-per-node", "3", "--progress", "none", "--out", filepath.Join(t.TempDir(), "run")}
		if how != "" {
			args = append(args, how)
		}
		sums[run(t, 0, ballast, args...).sha(t)] = how
	}
	if len(sums) != 1 {
		t.Errorf("models differ: %v", sums)
	}
}

// TestSecretsAreCompared starts a seed by hand and joins it with another
// secret, without one, and with the right one.
func TestSecretsAreCompared(t *testing.T) {
	dir := t.TempDir()
	secret := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	right, wrong := secret("right", strings.Repeat("right", 8)), secret("wrong", strings.Repeat("wrong", 8))
	args := []string{"--join", freeAddress(t, "seed"), "--nnodes", "2", "--model", "mlp:16", "--steps", "5", "--eval-every", "0",
		"--out", filepath.Join(dir, "run"), "--progress", "plain"}
	with := func(file string) []string { return append([]string{"--job-secret-file", file}, args...) }
	log := filepath.Join(dir, "log")
	seed := start(t, node, append(with(right), "--log-file", log)...)
	eventually(t, 20*time.Second, "the seed listens", func() bool { return listening(freeAddress(t, "seed")) })
	for _, c := range []struct {
		args []string
		says string
	}{{with(wrong), "(one here, another there)"}, {args, "(none here, one there)"}} {
		p := run(t, 2, node, c.args...)
		if !strings.Contains(p.stderr.String(), "holds another secret "+c.says) {
			t.Errorf("want %q in\n%s", c.says, p.stderr.String())
		}
	}
	other := run(t, 0, node, with(right)...)
	if code := seed.wait(t, time.Minute); code != 0 || seed.sha(t) != other.sha(t) {
		t.Errorf("exit code %d\n%s", code, seed.stderr.String())
	}
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"refused a connection", "another secret", "it has no secret", "127.0.0.1:"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not in the seed's log:\n%s", want, text)
		}
	}
}

// TestOpenPortNeedsASecret gives nodes addresses that others can reach.
func TestOpenPortNeedsASecret(t *testing.T) {
	out := filepath.Join(t.TempDir(), "run")
	small := []string{"--model", "logistic", "--steps", "1", "--eval-every", "0", "--progress", "none", "--out", out}
	for _, p := range []*process{
		run(t, 2, node, append([]string{"--listen", ":0"}, small...)...),
		run(t, 2, ballast, append([]string{"run", "--nnodes", "2", "--listen", ":0", "--nproc-per-node", "1"}, small...)...),
	} {
		if text := p.stderr.String(); !strings.Contains(text, "no job secret") || !strings.Contains(text, "--insecure") {
			t.Errorf("%s says\n%s", p, text)
		}
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a run directory was made")
	}
	run(t, 0, node, append([]string{"--listen", ":0", "--insecure"}, small...)...)
}

// TestSecretIsNowhereToBeSeen looks for the secret where others on the machine
// could: in the arguments of launcher and nodes, and in the nodes' environment.
func TestSecretIsNowhereToBeSeen(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Log("no /proc here: nothing to look at")
		return
	}
	dir := t.TempDir()
	secret := strings.Repeat("do not look", 4)
	t.Setenv("BALLAST_JOB_SECRET", secret)
	out := filepath.Join(dir, "run")
	p := start(t, ballast, "run", "--model", "mlp:16", "--method", "erm", "--epochs", "1000",
		"--nproc-per-node", "2", "--progress", "none", "--out", out)
	eventually(t, 30*time.Second, "the nodes train", func() bool { return steps(out) > 0 })
	group := processesOf(t, p.Process.Pid)
	if len(group) < 3 {
		t.Errorf("a launcher and two nodes are %d processes", len(group))
	}
	for _, pid := range group {
		for _, file := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(filepath.Join("/proc", pid, file))
			own := file == "environ" && pid == strconv.Itoa(p.Process.Pid) // where we have put it
			if err != nil || !own && strings.Contains(string(text), secret) {
				t.Errorf("process %s: %s shows the secret (%v)", pid, file, err)
			}
		}
	}
	kill(t, p, syscall.SIGINT) // the nodes of a launcher that is killed still write a checkpoint
	p.wait(t, 10*time.Second)
}

// processesOf returns a process and its descendants.
func processesOf(t *testing.T, pid int) []string {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	parent := map[string]string{}
	for _, p := range all {
		text, err := os.ReadFile(filepath.Join(p, "stat"))
		_, rest, ok := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); err == nil && ok && len(fields) > 1 { // else it has ended
			parent[filepath.Base(p)] = fields[1]
		}
	}
	root := strconv.Itoa(pid)
	found := []string{root}
	for p := range parent {
		for q := p; q != ""; q = parent[q] {
			if parent[q] == root {
				found = append(found, p)
				break
			}
		}
	}
	return found
}
