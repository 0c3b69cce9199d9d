package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/hosts"
	"github.com/ballast-ml/ballast/internal/cli/proc"
)

// TestVerdict: the first error that is nobody else's fault, in any order of
// the ends; what the launcher itself has caused is no error.
func TestVerdict(t *testing.T) {
	ok := ending{exit: proc.Exit{Name: "ok"}, finished: true}
	lost := ending{exit: proc.Exit{Name: "lost", Code: 1}, failed: &cli.Failed{Message: "lost peer x", Code: 1, Lost: true}}
	own := ending{exit: proc.Exit{Name: "own", Code: 1}, failed: &cli.Failed{Message: "loss is NaN", Code: 1}, log: "own.log"}
	bad := ending{exit: proc.Exit{Name: "bad", Code: 2}, failed: &cli.Failed{Message: "rows.csv:7", Code: 2}}
	killed := ending{exit: proc.Exit{Name: "killed", PID: 7, Code: -1, Signal: syscall.SIGKILL}}
	crash := ending{exit: proc.Exit{Name: "crash", Code: 2}, crash: "panic: x"}
	told := ending{exit: proc.Exit{Name: "told", Code: 130}, failed: &cli.Failed{Message: "interrupted", Code: 130}, asked: true}
	cut := ending{exit: proc.Exit{Name: "cut", Code: -1, Signal: syscall.SIGKILL}, asked: true}
	silent := ending{exit: proc.Exit{Name: "silent", PID: 8, Code: 0}}
	late := ending{exit: proc.Exit{Name: "late", Code: -1, Signal: syscall.SIGKILL}, finished: true, asked: true}
	far := func(code int, met bool, log, said string) ending {
		return ending{exit: proc.Exit{Name: "x-0", Code: code}, host: "x", met: met, log: log, said: said}
	}
	for _, tt := range []struct {
		endings []ending
		want    string
	}{
		{[]ending{ok, ok}, ""},
		{[]ending{ok, late}, ""},
		{[]ending{told, cut}, ""},
		{[]ending{lost, own}, "own: loss is NaN; its log is own.log"},
		{[]ending{own, killed}, "own: loss is NaN; its log is own.log"},
		{[]ending{lost, killed, told}, "killed (process 7) was killed by signal 9 (killed)"},
		{[]ending{lost, lost, cut}, "lost: lost peer x"},
		{[]ending{crash, lost}, "crash crashed: panic: x"},
		{[]ending{bad, bad}, "rows.csv:7"},
		{[]ending{told, silent}, "silent (process 8) ended with code 0"},
		{[]ending{far(255, true, "", "client_loop: send disconnect: Broken pipe")}, "x-0 is out of sight (ssh: client_loop: send disconnect: Broken pipe), and may train on there"},
		{[]ending{far(255, false, "", "x: Permission denied (publickey).")}, "x: ssh: x: Permission denied (publickey)."},
		{[]ending{far(255, false, "x.log", "")}, "x: ssh ended with code 255; its log is x.log"},
		{[]ending{far(127, false, "", "ballast: 1: /b/launcher: not found")}, "x: this program does not run there: ballast: 1: /b/launcher: not found; --push copies it there"},
		{[]ending{far(137, true, "", "")}, "x-0 on x was killed by signal 9 (killed)"},
		{[]ending{far(1, true, "", "")}, "x-0 on x ended with code 1"},
		{nil, ""},
	} {
		got := ""
		if err := verdict(tt.endings); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("verdict(%v) = %q, want %q", tt.endings, got, tt.want)
		}
	}
	if code := cli.ExitCode(verdict([]ending{bad})); code != cli.ExitUsage {
		t.Errorf("bad input ends with code %d", code)
	}
	if code := cli.ExitCode(verdict([]ending{crash})); code != cli.ExitFailed {
		t.Errorf("a crash ends with code %d: the Go runtime's own 2 means something else here", code)
	}
}

func TestAutoProc(t *testing.T) {
	for _, tt := range [][4]int{ // cores, shards, machines, want
		{1, 8, 0, 2}, {2, 8, 1, 2}, {8, 8, 1, 4}, {64, 8, 1, 8}, {64, 8, 4, 2}, {2, 1, 1, 1}, {8, 8, 16, 1},
	} {
		if got := autoProc(tt[0], tt[1], tt[2]); got != tt[3] {
			t.Errorf("autoProc(%d cores, %d shards, %d machines) = %d, want %d", tt[0], tt[1], tt[2], got, tt[3])
		}
	}
}

func TestUneven(t *testing.T) {
	if got := uneven([]int{0, 2, 4, 6, 8}); got != "" {
		t.Errorf("8 shards on 4 nodes: %q", got)
	}
	if got := uneven([]int{0, 1, 2, 3, 4, 5, 6, 8}); !strings.Contains(got, "57 % efficiency") {
		t.Errorf("8 shards on 7 nodes: %q, want 57 %%", got)
	}
	if got := uneven([]int{0, 2, 4, 4, 6, 6, 8, 8}); !strings.Contains(got, "57 % efficiency") {
		t.Errorf("8 shards in 4 groups on 7 nodes: %q, want 57 %%", got)
	}
	if got := uneven([]int{0, 4, 6, 8}); !strings.Contains(got, "66 % efficiency") {
		t.Errorf("8 shards in 4 groups on 3 nodes: %q, want 66 %%", got)
	}
}

// TestNames: the roster is ordered by name, so names sort as their numbers.
func TestNames(t *testing.T) {
	for _, n := range []int{1, 2, 10, 11, 101} {
		names := namesOf(launch{settings: cli.Settings{NProc: n}})
		if len(names) != n || !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != n {
			t.Errorf("%d names: %v", n, names)
		}
	}
	host := namesOf(launch{settings: cli.Settings{NProc: 1, NNodes: cli.Range{Min: 2}}})[0]
	if want := hostName() + "-0"; host != want {
		t.Errorf("with other machines about: %q, want %q", host, want)
	}
	list := []hosts.Host{{Name: "gpu-a.x.org", Slots: 1}, {Name: "me@gpu-b.x.org", Slots: 2}, {Name: "gpu-b.y.org", Slots: 1}, {Name: "10.0.0.7", Slots: 1}, {Name: "localhost", Slots: 1}}
	got := strings.Join(namesOf(launch{hosts: list}), " ")
	if want := "gpu-a-0 gpu-b-x-org-0 gpu-b-x-org-1 gpu-b-y-org-0 10-0-0-7-0 localhost-0"; got != want {
		t.Errorf("on hosts: %s, want %s", got, want)
	}
}

func namesOf(l launch) []string {
	var names []string
	for _, p := range l.places() {
		names = append(names, p.name())
	}
	return names
}

func TestNodeSettings(t *testing.T) {
	type given = cli.Settings
	for _, tt := range []struct {
		name         string
		given        given
		i            int
		seeds        []string
		nodes        cli.Range
		listen, join string
		advertise    string
	}{
		{"first here", given{NProc: 2}, 0, nil, cli.Range{Min: 2}, "127.0.0.1:0", "", ""},
		{"second here", given{NProc: 2}, 1, []string{"127.0.0.1:7"}, cli.Range{Min: 2}, "127.0.0.1:0", "127.0.0.1:7", ""},
		{"first of two machines", given{NProc: 2, NNodes: cli.Range{Min: 2}, Listen: ":7700", Advertise: "a:7700"}, 0, nil, cli.Range{Min: 4}, ":7700", "", "a:7700"},
		{"its second", given{NProc: 2, NNodes: cli.Range{Min: 2}, Listen: ":7700", Advertise: "a:7700"}, 1, []string{"a:7700"}, cli.Range{Min: 4}, ":0", "a:7700", "a"},
		{"second machine", given{NProc: 2, NNodes: cli.Range{Min: 2}, Join: []string{"a:7700"}}, 1, []string{"a:7700"}, cli.Range{Min: 4}, "", "a:7700", ""},
		{"as many as come", given{NProc: 2, Join: []string{"a:7700"}}, 0, []string{"a:7700"}, cli.Range{}, "", "a:7700", ""},
		{"between two and three machines", given{NProc: 2, NNodes: cli.Range{Min: 2, Max: 3}, Listen: ":7700"}, 0, nil, cli.Range{Min: 4, Max: 6}, ":7700", "", ""},
	} {
		s := launch{settings: tt.given}.node(&member{place: place{index: tt.i}, name: "x"}, tt.seeds, false)
		if s.NNodes != tt.nodes || s.Listen != tt.listen || s.Advertise != tt.advertise || strings.Join(s.Join, ",") != tt.join || s.Name != "x" {
			t.Errorf("%s: got %+v, want %+v", tt.name, s, tt)
		}
	}
}

// TestMetricsOfNodes: each node of a machine has a port of its own, and is told
// when it comes back to the run.
func TestMetricsOfNodes(t *testing.T) {
	s := cli.DefaultSettings()
	s.NProc, s.MetricsAddr = 2, "127.0.0.1:9464"
	l := launch{program: &cli.Program{Args: []string{"launcher"}}, settings: s, hosts: []hosts.Host{{Name: "a", Slots: 2}, {Name: "b", Slots: 1}}}
	want := []string{"127.0.0.1:9464", "127.0.0.1:9465", "127.0.0.1:9464"}
	for i, p := range l.places() {
		n := &member{place: p, name: p.name()}
		if got := l.node(n, nil, false).MetricsAddr; got != want[i] {
			t.Errorf("%s serves at %s, want %s", n.name, got, want[i])
		}
	}
	l.hosts = nil
	for restarts := range 2 {
		c, err := l.command(&member{name: "node-0", restarts: restarts, log: &nodeLog{}}, s)
		if err != nil {
			t.Fatal(err)
		}
		var h cli.Handover
		if err := json.NewDecoder(c.Stdin).Decode(&h); err != nil || h.Again != (restarts > 0) {
			t.Errorf("started again %d times: told %v (%v)", restarts, h.Again, err)
		}
	}
}

func TestEnviron(t *testing.T) {
	p := &cli.Program{Environ: []string{"HOME=/x", "BALLAST_LR=1", "BALLAST_JOB_SECRET=s"}}
	env := launch{program: p}.environ(place{slots: 1000})
	if !slices.Equal(env, []string{"HOME=/x", "GOMAXPROCS=1"}) {
		t.Errorf("environment %v: want HOME and GOMAXPROCS=1", env)
	}
	p.Environ = append(p.Environ, "GOMAXPROCS=5")
	env = launch{program: p}.environ(place{slots: 2})
	if !slices.Equal(env, []string{"HOME=/x", "GOMAXPROCS=5"}) {
		t.Errorf("environment %v: want GOMAXPROCS as it was", env)
	}
}

// TestNodeLog: nothing is on the disk before the log is opened, and nothing
// is lost by that.
func TestNodeLog(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run", "logs")
	l := &nodeLog{name: "node-0"}
	write(t, l, "one\n")
	write(t, l, "pan")
	write(t, l, "ic: oh no\nmore\n")
	if _, err := os.Stat(filepath.Dir(dir)); err == nil {
		t.Error("a directory was made")
	}
	for range 2 { // the second changes nothing
		if err := l.open(dir); err != nil {
			t.Fatal(err)
		}
	}
	write(t, l, "panic: again\n")
	path := l.close()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if want := "one\npanic: oh no\nmore\npanic: again\n"; string(text) != want {
		t.Errorf("log %q, want %q", text, want)
	}
	if l.crashed() != "panic: oh no" {
		t.Errorf("crash %q, want the first", l.crashed())
	}
	if err := (&nodeLog{name: "node-0"}).open(dir); err == nil {
		t.Error("another run's log was overwritten")
	}
	again := &nodeLog{name: "node-0", adds: true}
	write(t, again, "two\n")
	if err := again.open(dir); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(again.close()); !strings.HasSuffix(string(text), "again\ntwo\n") {
		t.Errorf("a run that goes on: log %q, %v", text, err)
	}
}

// TestNodeLogWithoutARun: of a node that never got far, only a crash is kept.
func TestNodeLogWithoutARun(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	quiet := &nodeLog{name: "a"}
	write(t, quiet, "one\n")
	if path := quiet.close(); path != "" {
		t.Errorf("%s was kept", path)
	}
	crashed := &nodeLog{name: "b"}
	write(t, crashed, strings.Repeat("x", 2*held)+"\n")
	write(t, crashed, "fatal error: all goroutines are asleep\nstack\n")
	text, err := os.ReadFile(crashed.close())
	if err != nil || len(text) != held || !strings.HasSuffix(string(text), "asleep\nstack\n") {
		t.Errorf("%d bytes, %v: want the last %d", len(text), err, held)
	}
}

func write(t *testing.T, l *nodeLog, text string) {
	t.Helper()
	if n, err := l.Write([]byte(text)); n != len(text) || err != nil {
		t.Fatalf("Write: %d, %v", n, err)
	}
}
