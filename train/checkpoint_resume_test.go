package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// writtenRun is a run directory with checkpoints of steps 2, 4 and 6.
func writtenRun(t testing.TB, j *job) (out string, path func(step int) string) {
	t.Helper()
	out = t.TempDir()
	dir := filepath.Join(out, checkpointsName)
	c := openCheckpoints(dir, 1, 9, identityOf(j))
	for _, step := range []int{2, 4, 6} {
		c.write(j.at(step).snap(uint64(step)*10, unscored))
	}
	c.close(j.observe)
	return out, func(step int) string { return filepath.Join(dir, checkpointName(step)) }
}

// TestResumeSkips: each damaged file is named and the one before it taken.
func TestResumeSkips(t *testing.T) {
	var e told
	j := tinyJob(t, &e)
	out, path := writtenRun(t, j)
	opts := Options{Resume: "auto", Out: out}
	expect := func(step int, generation uint64, skipped ...string) {
		t.Helper()
		j.at(0)
		e = told{}
		g, err := j.resume(t.Context(), opts)
		if err != nil || j.state.Step != step || g != generation || len(e.skipped) != len(skipped) {
			t.Fatalf("step %d, generation %d, %v; skipped %q", j.state.Step, g, err, e.skipped)
		}
		for i, s := range skipped {
			if !strings.Contains(e.skipped[i], s) {
				t.Errorf("skipped %q, want %q", e.skipped[i], s)
			}
		}
		if step > 0 && (len(e.resumed) != 1 || e.resumed[0] != (Resumed{path(step), step})) {
			t.Errorf("resumed %+v", e.resumed)
		}
	}
	expect(6, 60)
	file, err := os.ReadFile(path(6))
	if err != nil {
		t.Fatal(err)
	}
	write(t, path(8), file)
	expect(6, 60, "step-00000008.safetensors: damaged: it holds step 6")
	write(t, path(8), nil)
	file[len(file)-3] ^= 4
	write(t, path(6), file)
	expect(4, 40, "step-00000008.safetensors: file has 0 bytes", "step-00000006.safetensors: damaged")
	write(t, filepath.Join(out, checkpointsName, temporaryName(9, 77)), file)
	if err := os.Truncate(path(4), 200); err != nil {
		t.Fatal(err)
	}
	expect(2, 77, "00008", "00006", "cut short")
	if err := os.Remove(path(2)); err != nil {
		t.Fatal(err)
	}
	expect(0, 77, "00008", "00006", "00004") // loudly from the beginning

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := j.resume(ctx, opts); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestResumeModes: never, auto, a file, a run directory, and mistakes.
func TestResumeModes(t *testing.T) {
	var e told
	j := tinyJob(t, &e)
	out, path := writtenRun(t, j)
	empty := t.TempDir()
	for _, c := range []struct {
		resume, out string
		step        int
		wrong       string // the person's mistake
	}{
		{"", out, 0, ""},
		{"never", out, 0, ""},
		{"auto", out, 6, ""},
		{"auto", empty, 0, ""},
		{"auto", "", 0, "--resume auto: needs --out"},
		{path(4), empty, 4, ""},
		{out, empty, 6, ""},
		{filepath.Dir(path(4)), "", 6, ""},
		{empty, out, 0, "no valid checkpoint"},
		{filepath.Join(empty, "none"), out, 0, "no such file"},
		{writeFile(t, "x", []byte("x")), out, 0, "file has 1 bytes"},
	} {
		j.at(0)
		_, err := j.resume(t.Context(), Options{Resume: c.resume, Out: c.out})
		_, isUsage := errors.AsType[*UsageError](err)
		if j.state.Step != c.step || isUsage != (c.wrong != "") || isUsage && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%+v: step %d, %v", c, j.state.Step, err)
		}
	}
}

// TestResumeForeign: a directory with nothing but another run's checkpoints is
// the wrong one; beside a valid one they are skipped.
func TestResumeForeign(t *testing.T) {
	var e told
	j := tinyJob(t, &e)
	out, path := writtenRun(t, j)
	cfg := j.cfg
	cfg.LR = 0.25
	other := testJob(t, cfg, j.data)
	other.observe = e.observer()
	_, err := other.resume(t.Context(), Options{Resume: "auto", Out: out})
	_, isForeign := errors.AsType[*foreignError](err)
	if _, ok := errors.AsType[*UsageError](err); !ok || !isForeign || !strings.Contains(err.Error(), path(6)) || !strings.Contains(err.Error(), "lr=0.25") {
		t.Errorf("another run's directory: %v", err)
	}
	if other.state.Step != 0 || len(e.skipped) != 3 || !strings.Contains(e.skipped[0], "another run") {
		t.Errorf("step %d, skipped %q", other.state.Step, e.skipped)
	}
	c := openCheckpoints(filepath.Dir(path(1)), 1, 9, identityOf(other))
	c.write(other.at(1).snap(1, unscored))
	c.close(other.observe)
	other.at(0)
	if _, err := other.resume(t.Context(), Options{Resume: "auto", Out: out}); err != nil || other.state.Step != 1 {
		t.Errorf("step %d, %v", other.state.Step, err)
	}
}

// TestResumeContinues is the promise: after the death of all, a run goes on
// from the disk in the middle of an epoch, and ends in the same bits.
func TestResumeContinues(t *testing.T) {
	cfg, data := smallRun(t, nil)
	whole, err := trainJobs(t.Context(), testJob(t, cfg, data))
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	dead, s := stoppedAt(t, cfg, data, 3, 7)
	s.generation = 2
	c := openCheckpoints(filepath.Join(out, checkpointsName), 1, 3, identityOf(dead[0]))
	c.write(s)
	c.close(dead[0].observe)
	var jobs []*job
	for range 2 {
		j := testJob(t, cfg, data)
		if g, err := j.resume(t.Context(), Options{Resume: "auto", Out: out}); err != nil || g != 2 || j.state.Step != 7 {
			t.Fatalf("generation %d, step %d, %v", g, j.state.Step, err)
		}
		jobs = append(jobs, j)
	}
	got, err := trainJobs(t.Context(), jobs...)
	if err != nil || got[0].ModelSHA256 != whole[0].ModelSHA256 {
		t.Errorf("%v; resumed %s, without a stop %s", err, got[0].ModelSHA256, whole[0].ModelSHA256)
	}
}
