package train

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// told collects the events of checkpoints, with paths cut to their names.
type told struct {
	written, failed, skipped []string
	resumed                  []Resumed
}

func (e *told) observer() Observer {
	return Tee(Observer{
		CheckpointWritten: func(v CheckpointWritten) { e.written = append(e.written, filepath.Base(v.Path)) },
		CheckpointFailed:  func(v CheckpointFailed) { e.failed = append(e.failed, filepath.Base(v.Path)+": "+v.Err) },
		CheckpointSkipped: func(v CheckpointSkipped) { e.skipped = append(e.skipped, filepath.Base(v.Path)+": "+v.Reason) },
		Resumed:           func(v Resumed) { e.resumed = append(e.resumed, v) },
	}, Observer{})
}

// tinyJob is a job that observers of checkpoints listen to.
func tinyJob(t testing.TB, e *told) *job {
	t.Helper()
	cfg, data := smallRun(t, func(c *Config) { c.Model, c.Epochs = "mlp:2", 20 })
	j := testJob(t, cfg, data)
	j.observe = e.observer()
	return j
}

// at moves the job to a step, without training.
func (j *job) at(step int) *job {
	j.state.Step = step
	j.net.Params()[0] = float32(step)
	return j
}

// snap is a snapshot to be written.
func (j *job) snap(generation uint64, score float64) *snapshot {
	s := newSnapshot(j)
	s.generation, s.score = generation, score
	return s
}

func names(t testing.TB, dir string) []string {
	t.Helper()
	list, err := fileNames(dir)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var unscored = math.NaN()

func TestSurplus(t *testing.T) {
	for _, c := range []struct {
		steps               []int
		written, keep, best int
		want                []int
	}{
		{nil, 1, 3, 0, nil},
		{[]int{1, 2, 3}, 3, 3, 0, nil},
		{[]int{4, 3, 2, 1}, 4, 3, 0, []int{1}},
		{[]int{1, 2, 3, 4, 5}, 5, 2, 1, []int{2, 3}},
		{[]int{1, 2, 3, 4, 5}, 5, 2, 5, []int{1, 2, 3}},
		{[]int{1, 2, 3, 40, 50, 60}, 3, 2, 0, []int{1}}, // later ones stay
		{[]int{3, 40, 50}, 3, 1, 40, nil},
	} {
		if got := surplus(c.steps, c.written, c.keep, c.best); !slices.Equal(got, c.want) {
			t.Errorf("surplus(%v, %d, %d, %d) = %v, want %v", c.steps, c.written, c.keep, c.best, got, c.want)
		}
	}
}

func TestCheckpointDue(t *testing.T) {
	for _, c := range []struct {
		every, step int
		want        bool
	}{
		{0, 5, true}, {0, 6, false}, {0, 12, true}, {3, 5, false}, {3, 6, true}, {3, 12, true}, {7, 12, true}, {-1, 5, false}, {-1, 12, false},
	} {
		if got := checkpointDue(c.every, c.step, 5, 12); got != c.want {
			t.Errorf("every %d, step %d of 12, 5 an epoch: %v", c.every, c.step, got)
		}
	}
}

func TestCheckpointNames(t *testing.T) {
	for name, want := range map[string]int{
		"step-00000001.safetensors": 1, "step-123456789.safetensors": 123456789,
		"step-1.safetensors": -1, "step-000000001.safetensors": -1, "step-00000001.safetensors.bak": -1, ".step-00000001.g1.tmp": -1,
	} {
		if step, ok := stepOf(name); ok != (want >= 0) || ok && step != want {
			t.Errorf("%s: step %d, %v", name, step, ok)
		}
	}
	if g, ok := generationOf(temporaryName(12, 345)); !ok || g != 345 {
		t.Errorf("generation %d, %v", g, ok)
	}
}

// TestCheckpointsKept: the last ones and the best stay, over two processes.
func TestCheckpointsKept(t *testing.T) {
	var e told
	j := tinyJob(t, &e)
	dir := filepath.Join(t.TempDir(), "run", checkpointsName)
	scores := map[int]float64{2: 0.5, 3: 0.8, 4: 0.8, 6: 0.7}
	for _, process := range [][]int{{1, 2, 3, 4}, {5, 6, 7, 8}} {
		c := openCheckpoints(dir, 0, 2, identityOf(j))
		for _, step := range process {
			score := unscored
			if v, ok := scores[step]; ok {
				score = v
			}
			c.write(j.at(step).snap(1, score))
		}
		c.close(j.observe)
	}
	want := []string{checkpointName(3), checkpointName(7), checkpointName(8)}
	if d := cmp.Diff(want, names(t, dir)); d != "" {
		t.Error(d)
	}
	if len(e.written) != 8 || e.failed != nil {
		t.Errorf("%+v", e)
	}
	info, err := verifyCheckpoint(filepath.Join(dir, want[0]))
	if err != nil || info.id != identityOf(j) || info.step != 3 || info.generation != 1 || info.score != 0.8 {
		t.Errorf("%+v, %v", info, err)
	}
}

// TestCheckpointsSweep removes what interrupted writers have left, and nothing
// of a later generation.
func TestCheckpointsSweep(t *testing.T) {
	var e told
	j, dir := tinyJob(t, &e), t.TempDir()
	for _, name := range []string{temporaryName(1, 1), temporaryName(9, 4), temporaryName(1, 5), "notes.txt"} {
		write(t, filepath.Join(dir, name), []byte("torn"))
	}
	if g := highestGeneration(dir); g != 5 {
		t.Errorf("highest generation %d", g)
	}
	c := openCheckpoints(dir, 0, 0, identityOf(j))
	c.write(j.at(2).snap(4, unscored))
	c.close(j.observe)
	if d := cmp.Diff([]string{temporaryName(1, 5), "notes.txt", checkpointName(2)}, names(t, dir)); d != "" {
		t.Error(d)
	}
}

// slowFile lets a test stand between a write and its end.
type slowFile struct {
	syncFile
	entered, release chan struct{}
}

func (f slowFile) Sync() error {
	f.entered <- struct{}{}
	<-f.release
	return f.syncFile.Sync()
}

// TestOfferDoesNotWait: while a write is under way the newest offer takes the
// place of those before it.
func TestOfferDoesNotWait(t *testing.T) {
	var e told
	j, dir := tinyJob(t, &e), t.TempDir()
	c := openCheckpoints(dir, 1, 9, identityOf(j))
	entered, release := make(chan struct{}), make(chan struct{})
	c.create = func(path string) (syncFile, error) {
		f, err := createFile(path)
		return slowFile{f, entered, release}, err
	}
	c.consider(j.at(1), 1, unscored, true)
	<-entered
	for step := 2; step <= 5; step++ {
		c.consider(j.at(step), 1, unscored, true)
	}
	j.at(6) // not offered: what waits is a copy
	close(release)
	<-entered
	c.close(j.observe)
	if d := cmp.Diff([]string{checkpointName(1), checkpointName(5)}, names(t, dir)); d != "" {
		t.Error(d)
	}
	back, err := readCheckpoint(filepath.Join(dir, checkpointName(5)), j)
	if err != nil || back.params[0] != 5 {
		t.Errorf("%v", err)
	}
	if d := cmp.Diff([]string{checkpointName(1), checkpointName(5)}, e.written); d != "" {
		t.Error(d)
	}
}

// TestDueCheckpointWaits for a state that has been compared.
func TestDueCheckpointWaits(t *testing.T) {
	var e told
	j, dir := tinyJob(t, &e), t.TempDir()
	c := openCheckpoints(dir, 10, 9, identityOf(j))
	for step, compared := range []bool{9: true, 10: false, 11: false, 12: true, 13: true} {
		if step >= 9 {
			c.consider(j.at(step), 1, unscored, compared)
		}
	}
	c.close(j.observe)
	if d := cmp.Diff([]string{checkpointName(12)}, names(t, dir)); d != "" {
		t.Error(d)
	}
}

// TestConsider offers what is due, and what is better than all before.
func TestConsider(t *testing.T) {
	var e told
	j, dir := tinyJob(t, &e), t.TempDir()
	for step, score := range map[int]float64{3: 0.5, 4: unscored, 7: 0.4, 10: unscored, 13: 0.6} {
		c := openCheckpoints(dir, 10, 9, identityOf(j))
		c.top = 0.45
		c.consider(j.at(step), 1, score, true)
		c.close(j.observe)
	}
	if d := cmp.Diff([]string{checkpointName(3), checkpointName(10), checkpointName(13)}, names(t, dir)); d != "" {
		t.Error(d)
	}
	var none *checkpoints
	none.consider(j, 1, 1, true)
	none.offer(j, 1, 1)
	none.deliver(j.observe)
	none.close(j.observe)
}

// fullFile has room for so many bytes.
type fullFile struct {
	syncFile
	room *int
}

func (f fullFile) Write(p []byte) (int, error) {
	n := min(*f.room, len(p))
	*f.room -= n
	if n < len(p) {
		m, _ := f.syncFile.Write(p[:n])
		return m, &fs.PathError{Op: "write", Path: "disk", Err: syscall.ENOSPC}
	}
	return f.syncFile.Write(p)
}

// TestCheckpointsTrouble: what goes wrong is told, leaves the old file as it
// was and nothing else, and the next write is tried.
func TestCheckpointsTrouble(t *testing.T) {
	var e told
	j, dir := tinyJob(t, &e), filepath.Join(t.TempDir(), checkpointsName)
	c := openCheckpoints(dir, 1, 3, identityOf(j))
	expect := func(want string) {
		t.Helper()
		c.deliver(j.observe)
		if len(e.failed) != 1 || !strings.Contains(e.failed[0], want) {
			t.Errorf("want one failure with %q: %q", want, e.failed)
		}
		e.failed = nil
	}
	write(t, dir, []byte("a file where the directory should be"))
	c.write(j.at(1).snap(1, unscored))
	expect("not a directory")
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	c.write(j.at(1).snap(1, unscored))
	old, err := os.ReadFile(filepath.Join(dir, checkpointName(1)))
	if err != nil {
		t.Fatal(err)
	}

	j.net.Params()[1]++ // another content for the same name
	for _, room := range []int{0, 100, len(old) / 2, len(old) - 1} {
		c.create = func(path string) (syncFile, error) {
			f, err := createFile(path)
			return fullFile{f, &room}, err
		}
		c.write(j.snap(2, unscored))
		expect("no space left on device")
	}
	c.create = func(string) (syncFile, error) { return nil, fs.ErrPermission }
	c.write(j.snap(2, unscored))
	expect("permission denied")
	now, err := os.ReadFile(filepath.Join(dir, checkpointName(1)))
	if err != nil || !slices.Equal(now, old) || len(names(t, dir)) != 1 {
		t.Errorf("%v; %v; the checkpoint has changed: %v", err, names(t, dir), !slices.Equal(now, old))
	}

	c.create = createFile
	write(t, filepath.Join(mkdir(t, dir, checkpointName(2)), "in the way"), nil)
	c.write(j.at(2).snap(3, unscored))
	expect("file exists")
	c.write(j.at(3).snap(3, unscored))
	c.write(j.at(4).snap(3, unscored))
	c.write(j.at(5).snap(3, unscored))
	c.close(j.observe)
	if len(e.failed) != 1 || !strings.Contains(e.failed[0], "not empty") {
		t.Errorf("removing a directory: %q", e.failed)
	}
	want := []string{checkpointName(2), checkpointName(3), checkpointName(4), checkpointName(5)}
	if d := cmp.Diff(want, names(t, dir)); d != "" {
		t.Error(d)
	}
}

func mkdir(t testing.TB, parent, name string) string {
	t.Helper()
	path := filepath.Join(parent, name)
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCheckpointsSyncFails: what may not be on the disk gets no name.
func TestCheckpointsSyncFails(t *testing.T) {
	var e told
	j, dir := tinyJob(t, &e), t.TempDir()
	c := openCheckpoints(dir, 1, 3, identityOf(j))
	c.create = func(path string) (syncFile, error) {
		f, err := createFile(path)
		return unsyncedFile{f}, err
	}
	c.offer(j.at(1), 1, unscored)
	c.close(j.observe)
	if len(e.failed) != 1 || len(names(t, dir)) != 0 {
		t.Errorf("%q; %v", e.failed, names(t, dir))
	}
}

type unsyncedFile struct{ syncFile }

func (unsyncedFile) Sync() error { return errors.New("input/output error") }
