package train

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/bubble"
)

// streamRun is a run on a stream that is all there: a table of 1 000 rows, whose
// first 120 are the head. All rows of the table train.
func streamRun(t testing.TB, edit func(*Config)) Config {
	t.Helper()
	cfg := Defaults()
	table := writeTable(t, 1000)
	cfg.Data, cfg.TestData, cfg.Stream = "csv:"+table, "csv:"+writeTable(t, 97), 120
	cfg.Model, cfg.Norm, cfg.Method, cfg.Lambda, cfg.Batch = "mlp:9", "batch", "absgd", "2", 37
	if edit != nil {
		edit(&cfg)
	}
	return cfg
}

func streamData(t testing.TB, cfg Config) *dataset.Data {
	t.Helper()
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestStreamIsOnePass: a stream ends in the very model of one pass over the same
// rows in memory, where both see the same in a row.
func TestStreamIsOnePass(t *testing.T) {
	stream := streamRun(t, func(c *Config) { c.Scale, c.Warmup = dataset.ScaleNone, 0 })
	memory := stream
	memory.Stream, memory.Epochs, memory.Order, memory.LRSchedule = 0, 1, "file", "constant"
	want := inProcess(t, memory, 1)
	for _, nodes := range []int{1, 2, 3} {
		got := inProcess(t, stream, nodes)
		if got.ModelSHA256 != want.ModelSHA256 || got.SamplesSeen != 1000 || !reflect.DeepEqual(got.Test, want.Test) || !slices.Equal(got.TrainCounts, want.TrainCounts) {
			t.Errorf("%d nodes: %+v\nin memory: %+v", nodes, got, want)
		}
	}
	memory.Order = "shuffled"
	if inProcess(t, memory, 1).ModelSHA256 == want.ModelSHA256 {
		t.Error("the order of the rows changes nothing")
	}
}

// TestStreamSameBits: on any number of nodes, whatever a row holds, and with
// --steps, which end a stream early and give schedules their length.
func TestStreamSameBits(t *testing.T) {
	for name, edit := range map[string]func(*Config){
		"the head's own test rows": func(c *Config) { c.TestData = "" },
		"validation rows":          func(c *Config) { c.TestData, c.ValFraction = "", 0.2 },
		"quantiles, embedded":      func(c *Config) { c.Scale, c.Embed = dataset.ScaleQuantile, "ple:4,3" },
		"rgd on gce":               func(c *Config) { c.Method = "rgd+gce" },
		"steps":                    func(c *Config) { c.Steps, c.Lambda, c.LRSchedule = 17, "inf@0,2@0.5", "cosine" },
		"steps to the last row":    func(c *Config) { c.Steps, c.Batch = 25, 40 },
		"more steps than rows":     func(c *Config) { c.Steps, c.Lambda, c.LRSchedule = 1000, "inf@0,2@0.01", "cosine" },
		"batches without a rest":   func(c *Config) { c.Batch = 40 },
		"a batch beyond the head":  func(c *Config) { c.Batch = 333 },
		"a head beyond the stream": func(c *Config) { c.Stream = 5000 },
		"classes that come later":  func(c *Config) { c.Classes = "0,1,2,3,17" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := streamRun(t, edit)
			want := inProcess(t, cfg, 1)
			if want.Steps == 0 || want.Test.Rows == 0 || cfg.Steps > 0 && want.Steps > cfg.Steps {
				t.Fatalf("%+v", want)
			}
			for _, nodes := range []int{2, 3, 8} {
				if got := inProcess(t, cfg, nodes); got.ModelSHA256 != want.ModelSHA256 {
					t.Errorf("%d nodes: model %s, one node: %s", nodes, got.ModelSHA256, want.ModelSHA256)
				}
			}
		})
	}
}

// TestStreamContinues: to stop at any step and go on from its bytes, at any number
// of nodes that read the stream anew, is to not have stopped.
func TestStreamContinues(t *testing.T) {
	cfg := streamRun(t, nil)
	want := inProcess(t, cfg, 1)
	for _, c := range []struct{ step, before, after int }{{1, 1, 3}, {3, 2, 1}, {9, 3, 2}, {26, 1, 2}, {want.Steps, 2, 1}} {
		jobs, s := stoppedAt(t, cfg, streamData(t, cfg), c.before, c.step)
		file, err := s.encode(identityOf(jobs[0]))
		if err != nil {
			t.Fatal(err)
		}
		var fresh []*job
		for range c.after {
			j := testJob(t, cfg, streamData(t, cfg))
			back, err := decodeSnapshot(file, j)
			if err == nil {
				err = back.restore(j)
			}
			if err != nil {
				t.Fatal(err)
			}
			if j.view().digest() != s.digest() {
				t.Fatalf("step %d: a state restored differs", c.step)
			}
			fresh = append(fresh, j)
		}
		for _, j := range jobs { // those that were interrupted go back, or on
			if err := s.restore(j); err != nil {
				t.Fatal(err)
			}
		}
		for _, again := range [][]*job{fresh, jobs} {
			got, err := trainJobs(t.Context(), again...)
			if err != nil {
				t.Fatal(err)
			}
			if g := got[0]; g.ModelSHA256 != want.ModelSHA256 || g.SamplesSeen != want.SamplesSeen || !slices.Equal(g.TrainCounts, want.TrainCounts) {
				t.Errorf("step %d, %d nodes, then %d: %+v\nwithout a stop: %+v", c.step, c.before, len(again), g, want)
			}
		}
	}
}

// TestRunResumesStream: through the front door, from checkpoints on disk.
func TestRunResumesStream(t *testing.T) {
	testRunResumes(t, streamRun(t, func(c *Config) { c.TestData, c.ValFraction = "", 0.2 }))
}

// altered is a stream whose head is that of cfg's, and which differs behind.
func altered(t testing.TB, cfg Config, edit func(text string) string) *dataset.Data {
	t.Helper()
	text, err := os.ReadFile(strings.TrimPrefix(cfg.Data, "csv:"))
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data = "csv:" + writeFile(t, "altered.csv", []byte(edit(string(text))))
	data := streamData(t, cfg)
	if want := streamData(t, streamHeadOf(cfg, text, t)); data.Fingerprint != want.Fingerprint {
		t.Fatal("the heads differ")
	}
	return data
}

func streamHeadOf(cfg Config, text []byte, t testing.TB) Config {
	cfg.Data = "csv:" + writeFile(t, "whole.csv", text)
	return cfg
}

// TestStreamsThatDiffer: a node whose rows are others is found out and named,
// though the gradients of all are in its state, too; so is one whose stream ends
// elsewhere.
func TestStreamsThatDiffer(t *testing.T) {
	cfg := streamRun(t, nil)
	shorter := func(text string) string { return text[:strings.LastIndex(text[:len(text)-900], "\n")+1] }
	for name, edit := range map[string]func(text string) string{
		"one cell": func(text string) string {
			at := strings.LastIndex(text[:len(text)/2], "\n") + 1
			return text[:at] + "9" + text[at+1:]
		},
		"the end":               shorter,
		"the end, at a batch's": func(text string) string { return strings.Join(strings.SplitAfter(text, "\n")[:37*20], "") },
	} {
		t.Run(name, func(t *testing.T) {
			good, bad := streamData(t, cfg), altered(t, cfg, edit)
			want := inProcess(t, cfg, 1).ModelSHA256
			bubble.Test(t, func(t *testing.T) {
				w := newWorld(t, cfg, good, want)
				w.own = map[int]*dataset.Data{2: bad}
				defer w.end()
				w.do("start 3")
				w.do("expect done 0,1")
				w.do("expect failed 2")
				err, ok := errors.AsType[*DivergedError](w.nodes[2].err)
				if !ok || !err.Rows || err.Tie || len(err.Outvoted) != 1 || !strings.HasPrefix(err.Outvoted[0], "n02") {
					t.Errorf("node 2 ended with %v", w.nodes[2].err)
				}
			})
		})
	}
}

// TestStreamChangedBehindACheckpoint: a run does not go on with other rows than
// it began with.
func TestStreamChangedBehindACheckpoint(t *testing.T) {
	cfg := streamRun(t, nil)
	_, s := stoppedAt(t, cfg, streamData(t, cfg), 1, 20)
	for name, c := range map[string]struct {
		edit func(text string) string
		want string
	}{
		"a cell": {func(text string) string {
			lines := strings.SplitAfter(text, "\n")
			lines[500] = "9" + lines[500][1:]
			return strings.Join(lines, "")
		}, "not those that the run was trained on"},
		"shorter": {func(text string) string { return strings.Join(strings.SplitAfter(text, "\n")[:500], "") }, "ends after 500 rows"},
	} {
		j := testJob(t, cfg, altered(t, cfg, c.edit))
		if err := s.restore(j); err != nil {
			t.Fatal(err)
		}
		if _, err := trainJobs(t.Context(), j); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected %q", name, err, c.want)
		}
	}
}

// TestStreamBadRow stops all nodes at the same row, behind the last full batch
// before it.
func TestStreamBadRow(t *testing.T) {
	cfg := streamRun(t, nil)
	data := altered(t, cfg, func(text string) string {
		lines := strings.SplitAfter(text, "\n")
		lines[600] = "1,2,x,4,5,1\n"
		return strings.Join(lines, "")
	})
	jobs := []*job{testJob(t, cfg, data), testJob(t, cfg, data)}
	steps := make([]int, 2)
	for i, j := range jobs {
		j.observe = Tee(Observer{StepDone: func(v StepDone) { steps[i] = v.Step }}, Observer{})
	}
	_, err := trainJobs(t.Context(), jobs...)
	if err == nil || !strings.Contains(err.Error(), "altered.csv:601: column index 2") || !strings.Contains(err.Error(), `found "x"`) {
		t.Errorf("%v", err)
	}
	if want := 600 / 37; steps[0] != want || steps[1] != want {
		t.Errorf("stopped behind steps %v, expected %d", steps, want)
	}
}

// TestStreamRefuses what a stream cannot tell, with the way out.
func TestStreamRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*Config)
		want []string
	}{
		"la":              {func(c *Config) { c.Method = "absgd+la" }, []string{"--method absgd+la", "la needs the number of training rows of each class", "take absgd"}},
		"cb":              {func(c *Config) { c.Method = "cb" }, []string{"cb needs"}},
		"absgd+cb":        {func(c *Config) { c.Method = "absgd+cb" }, []string{"cb needs"}},
		"drs":             {func(c *Config) { c.Method = "drs" }, []string{"drs needs"}},
		"ldam":            {func(c *Config) { c.Method = "ldam" }, []string{"ldam needs"}},
		"groupdro":        {func(c *Config) { c.Method = "groupdro[from=0]" }, []string{"groupdro needs"}},
		"stages":          {func(c *Config) { c.Lambda = "inf@0,5@0.6" }, []string{"--lambda inf@0,5@0.6", "--lambda 5", "--steps N"}},
		"bracketed":       {func(c *Config) { c.Method = "absgd[lambda=inf@0,5@0.6]" }, []string{"--lambda inf@0,5@0.6", "--steps N"}},
		"from":            {func(c *Config) { c.Method = "cvar" }, []string{"cvar starts at 0.6", "cvar[from=0]"}},
		"gce with k":      {func(c *Config) { c.Method = "gce[k=0.5]" }, []string{"gce starts at 0.4"}},
		"schedule":        {func(c *Config) { c.LRSchedule = "cosine" }, []string{"--lr-schedule cosine", "--steps N", "constant"}},
		"patience":        {func(c *Config) { c.Patience, c.ValFraction = 2, 0.2 }, []string{"--patience"}},
		"drop last":       {func(c *Config) { c.DropLast = true }, []string{"--drop-last"}},
		"long tail":       {func(c *Config) { c.LongTail = 10 }, []string{"--long-tail"}},
		"noise":           {func(c *Config) { c.LabelNoise = "sym:0.2" }, []string{"--label-noise"}},
		"weight":          {func(c *Config) { c.Weight = "0" }, []string{"--weight"}},
		"groups":          {func(c *Config) { c.GroupBy = "0" }, []string{"--group-by"}},
		"split":           {func(c *Config) { c.Split = "time:0" }, []string{"--split time:0"}},
		"images":          {func(c *Config) { c.Data = "glyphs" }, []string{"stream 120", "csv:DIR"}},
		"server":          {func(c *Config) { c.Data = "csv:http://host/a.csv" }, []string{"web server"}},
		"negative":        {func(c *Config) { c.Stream = -1 }, []string{"stream -1"}},
		"stdin, no flag":  {func(c *Config) { c.Data, c.Stream = "csv:-", 0 }, []string{"add --stream HEAD"}},
		"target, classes": {func(c *Config) { c.Classes, c.Target = "0,1", "1" }, []string{"--target makes the classes"}},
	} {
		err := streamRun(t, c.edit).Validate()
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, expected %q", name, err, want)
			}
		}
	}
	for _, method := range []string{"erm", "absgd", "rgd", "focal", "gce", "term[from=0]", "cvar[from=0]", "chi2[from=0]", "sce", "smooth", "bitempered"} {
		if err := streamRun(t, func(c *Config) { c.Method = method }).Validate(); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
	cfg := streamRun(t, nil)
	if _, err := withData(t.Context(), cfg, Options{DataFrom: "peers"}); err == nil || !strings.Contains(err.Error(), "--stream") {
		t.Errorf("--data-from peers: %v", err)
	}
	cfg.Data = "csv:" + filepath.Join(t.TempDir(), "no-such-place")
	if _, err := Open(context.Background(), cfg, ""); err == nil || !strings.Contains(err.Error(), "no-such-place") {
		t.Errorf("no such place: %v", err)
	}
}
