package page

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/train"
)

const hostile = `<script>alert("1")</script>&'` + "\x01\xff"

// summary is that of a run whose every figure is another number.
func summary() train.Summary {
	return train.Summary{
		ModelSHA256: strings.Repeat("0123456789abcdef", 4), Method: "absgd+la", Steps: 40, Epochs: 2, BestStep: 20,
		SamplesSeen: 5120, Nodes: 3, Shards: 8, Seed: 77, SamplesPerSecond: 4321.9, WallSeconds: 56.7,
		Classes: []string{"many", hostile, "few"}, TrainCounts: []int{900, 90, 9},
		Test: train.Metrics{
			Rows: 30, Accuracy: 0.1111, BalancedAccuracy: 0.1212, WorstClassRecall: 0.1313, MacroF1: 0.1414, LogLoss: 0.1515, ECE: 0.1616,
			PerClassRecall: []float64{0.917, 0.628, 0.339}, PerClassPrecision: []float64{0.717, 0.727, 0.737},
			Figures:   map[string]train.Num{"auroc": 0.1717, "auprc": 0.1818, "few_shot": 0.1919, "recall@fpr=0.01": 0.2121, "cost": 0.2222, "worst_class_precision": 0.2323},
			Confusion: [][]int{{9, 1, 0}, {2, 8, 0}, {0, 7, 3}},
			Corrected: &metrics.Calibration{LogLoss: 0.2424, ECE: 0.2525},
		},
		TestGroups: map[string]train.Metrics{"oslo" + hostile: {Rows: 10, Accuracy: 0.2626, BalancedAccuracy: 0.2727, WorstClassRecall: 0.2828}},
		Val:        &train.Metrics{BalancedAccuracy: 0.2929, Accuracy: 0.3131, Figures: map[string]train.Num{"auroc": 0.3232}},
	}
}

// lines is metrics.jsonl of steps 1 to n with an evaluation after each 20.
func lines(n int) []byte {
	var b bytes.Buffer
	line := func(v any) {
		text, _ := json.Marshal(v)
		b.Write(append(text, '\n'))
	}
	for s := 1; s <= n; s++ {
		line(train.StepDone{
			Step: s, Steps: n, Epoch: 1, Epochs: 1, Rows: 128, SamplesSeen: int64(128 * s), Loss: train.Num(3 / float64(s)), WeightedLoss: 2, Objective: 1,
			LogU: absent, Lambda: absent, SumW: 1, ESS: 64, LR: 0.1, GradNorm: 1,
			Phases: train.Phases{Data: 0.001, Forward: 0.002, Normalizer: 0.003, Backward: 0.004, AllReduce: 0.005, Optimizer: 0.006},
		})
		if s%20 == 0 {
			line(train.Evaluation{Split: "val", Step: s, Epoch: 1, Metrics: train.Metrics{Accuracy: float64(s) / 100}})
			line(train.Evaluation{Split: "test/oslo", Step: s, Epoch: 1})
		}
	}
	return b.Bytes()
}

const config = `# The settings
data: "csv:<rows> # 1.csv"       # flag
method: absgd+la                 # default
epochs: 20                       # flag
seed: 77                         # flag
# run-id: local-f790f7cdb2ed     # default
`

const log = `{"level":"info","generation":1,"rank":0,"members":["node-0#x","node-1#y"],"time":"2026-01-02T03:04:05Z","message":"ring agreed"}
no JSON
{"level":"warn","peer":"node-1#y","step":17,"phase":"allreduce","reason":"r","time":"2026-01-02T03:04:07Z","message":"lost a member"}
{"level":"info","generation":2,"members":["node-0#x"],"time":"2026-01-02T03:04:09Z","message":"ring agreed"}
`

// lay writes the files of a run directory, those that are not empty.
func lay(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	for name, text := range files {
		if text == "" {
			continue
		}
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// whole are the files of a run that has ended.
func whole(t *testing.T) map[string]string {
	text, err := json.MarshalIndent(summary(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"summary.json": string(text), "metrics.jsonl": string(lines(40)), "config.yaml": config,
		"logs/node-0.log": log, "logs/node-1.log": strings.ReplaceAll(log, "03:04:05", "03:04:06"),
	}
}

// write returns the page of the runs in some directories, and its text.
func write(t *testing.T, dirs ...string) (html, text string) {
	t.Helper()
	var runs []*Run
	for _, dir := range dirs {
		r, err := Read(dir)
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	var b bytes.Buffer
	if err := Write(&b, runs); err != nil {
		t.Fatal(err)
	}
	return b.String(), read(t, b.String())
}

// read reads a page as XML, and fails if it is none, or would load or run
// anything.
func read(t *testing.T, html string) string {
	t.Helper()
	var b strings.Builder
	for d := xml.NewDecoder(strings.NewReader(html)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return b.String()
		} else if err != nil {
			t.Fatalf("%v", err)
		}
		switch v := token.(type) {
		case xml.CharData:
			b.Write(v)
			b.WriteByte('\n')
		case xml.StartElement:
			check(t, v)
		}
	}
}

func check(t *testing.T, e xml.StartElement) {
	t.Helper()
	switch e.Name.Local {
	case "script", "img", "link", "iframe", "use", "image", "a":
		t.Errorf("an element %s", e.Name.Local)
	}
	for _, a := range e.Attr {
		if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") || strings.HasPrefix(a.Name.Local, "on") ||
			a.Name.Local != "xmlns" && strings.Contains(a.Value, "://") {
			t.Errorf("%s of %s is %q", a.Name.Local, e.Name.Local, a.Value)
		}
	}
}

// TestPage: every figure of summary.json is on the page, and what a run leaves
// besides.
func TestPage(t *testing.T) {
	dir := lay(t, filepath.Join(t.TempDir(), "night"), whole(t))
	_, text := write(t, dir)
	s := summary()
	for _, want := range []string{
		"Run night", s.ModelSHA256, "40, the model is that of step 20", "5120", "77", "4322", "56.7",
		"0.917", "0.628", "0.339", "0.717", "0.727", "0.737", "900", "90",
		`<script>alert("1")</script>&'` + "\ufffd\ufffd", "taken for",
		"recall@fpr=0.01", "worst_class_precision", "calibration error, corrected",
		"csv:<rows> # 1.csv", "flag", "ring 1 formed: nodes 2 (node-0, node-1)", "node-1 lost in step 17, noticed in allreduce", "2026-01-02 03:04:05",
		"6.0", "28.6 %", "Loss: the mean of the batch", "nats", "samples/s", "milliseconds, mean", "accuracy, validation rows",
		train.Version, "None of 40 steps took more",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	for n := 0.1111; n < 0.33; n += 0.0101 { // 0.1111, 0.1212, ...: see summary
		figure := fmt.Sprintf("%.4f", n)
		if figure != "0.2020" && figure != "0.3030" && !strings.Contains(text, figure) {
			t.Errorf("the figure %s of summary.json is not on the page", figure)
		}
	}
	for _, not := range []string{"local-f790", "03:04:06", "missing", "epochs\n"} { // --epochs 20 is the default
		if strings.Contains(text, not) {
			t.Errorf("%q is on the page", not)
		}
	}
}

// TestSeveral: runs stand side by side under one colour each; one with other
// classes has a table of its own, one without a summary is there all the same.
func TestSeveral(t *testing.T) {
	root := t.TempDir()
	other := summary()
	other.Classes, other.TrainCounts, other.Test.Confusion = []string{"one", "two", "three"}, []int{1, 2, 3}, nil
	text, _ := json.Marshal(other)
	files := whole(t)
	lay(t, filepath.Join(root, "la"), files)
	lay(t, filepath.Join(root, "erm"), files)
	files["summary.json"] = string(text)
	lay(t, filepath.Join(root, "z"), files)
	lay(t, filepath.Join(root, "a"), map[string]string{"metrics.jsonl": string(lines(30))})
	lay(t, filepath.Join(root, "notes"), map[string]string{"readme": "x"})
	dirs, err := Find(root, []string{"la", "erm"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, dir := range dirs {
		names = append(names, filepath.Base(dir))
	}
	if fmt.Sprint(names) != "[la erm a z]" {
		t.Errorf("found %v", names)
	}
	html, page := write(t, dirs...)
	if n := strings.Count(page, "Recall on the test rows"); n != 2 {
		t.Errorf("%d tables of classes, expected one of erm and la and one of z", n)
	}
	for _, want := range []string{"Runs compared", "30 of 30", "a: summary.json is missing", "three", "erm: time of a step"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	for i := range dirs {
		if !strings.Contains(html, paint(i).Stroke) {
			t.Errorf("nothing has the colour of run %d", i)
		}
	}
}

// TestBroken: the page is made from what is there, and says what is missing.
func TestBroken(t *testing.T) {
	torn := lines(40)
	for _, c := range []struct{ name, file, text, want string }{
		{"under way", "summary.json", "", "summary.json is missing: the run is under way or was stopped"},
		{"torn summary", "summary.json", `{"model_sha`, "summary.json was left out, since it is damaged"},
		{"foreign summary", "summary.json", `{"name":"x"}`, "it names no method"},
		{"counts", "summary.json", `{"method":"a","model_sha256":"b","classes":["x"]}`, "it counts the rows of 0 classes, expected 1"},
		{"confusion", "summary.json", `{"method":"a","model_sha256":"b","classes":["x"],"train_counts":[1],"test":{"confusion":[[1,2]]}}`, "confusion matrix is not of 1"},
		{"no metrics", "metrics.jsonl", "", "metrics.jsonl is missing"},
		{"empty metrics", "metrics.jsonl", "\n", "metrics.jsonl has no step"},
		{"torn metrics", "metrics.jsonl", string(torn[:len(torn)-100]), "the last line of metrics.jsonl is not whole"},
		{"foreign lines", "metrics.jsonl", "{\"epoch\":1}\n" + string(torn) + "[]\n", "left out: 2, the first is line 1"},
		{"twice", "metrics.jsonl", string(torn) + string(torn), "not in the order of their steps and were left out: 4"},
		{"skipped", "metrics.jsonl", strings.Replace(string(torn), `"step":7,`, `"step":7,"skipped":"x",`, 1), "--on-nan skip): 1"},
		{"no config", "config.yaml", "", "config.yaml is missing"},
		{"binary config", "config.yaml", "\x00\xff: #\n:::", "Run"},
		{"odd logs", "logs/node-0.log", `{"message":"ring agreed","time":"x"}` + "\n\xff", "Run"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := whole(t)
			files[c.file] = c.text
			if _, text := write(t, lay(t, t.TempDir(), files)); !strings.Contains(text, c.want) {
				t.Errorf("%q is not on the page", c.want)
			}
		})
	}
	t.Run("no logs", func(t *testing.T) {
		_, text := write(t, lay(t, t.TempDir(), map[string]string{"metrics.jsonl": string(torn)}))
		if !strings.Contains(text, "there are no logs of nodes") {
			t.Error("nothing is said of the logs")
		}
	})
}

func TestFindNothing(t *testing.T) {
	dir := lay(t, t.TempDir(), map[string]string{"compare.md": "x"})
	if _, err := Find(dir, nil); err == nil || !strings.HasPrefix(err.Error(), dir+" is no run: ") {
		t.Errorf("of a directory that is none: %v", err)
	}
	if _, err := Find(filepath.Join(dir, "nowhere"), nil); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("of nothing: %v", err)
	}
}

// TestManyClasses: the rarest and the most frequent stay.
func TestManyClasses(t *testing.T) {
	s := summary()
	s.Classes, s.TrainCounts, s.Test.Confusion, s.Test.PerClassRecall = nil, nil, nil, nil
	for c := range 1500 {
		s.Classes = append(s.Classes, fmt.Sprintf("class-%04d", c))
		s.TrainCounts = append(s.TrainCounts, 10+c)
	}
	text, _ := json.Marshal(s)
	_, page := write(t, lay(t, t.TempDir(), map[string]string{"summary.json": string(text)}))
	for _, want := range []string{"class-0000", "class-0499", "class-1000", "class-1499", "500 classes of middle size"} {
		if !strings.Contains(page, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if strings.Contains(page, "class-0500") {
		t.Error("class-0500 is on the page")
	}
}
