package study

import (
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/internal/rng"
	"github.com/ballast-ml/ballast/train"
)

// small is a base of quick models on a table of two classes, one of them rare.
func small(t testing.TB) train.Config {
	t.Helper()
	var b strings.Builder
	noise := rng.New(3, rng.Glyph, 1)
	for i := range 240 {
		class := 0
		if i%6 == 0 {
			class = 1
		}
		fmt.Fprintf(&b, "%.4f,%.4f,%d\n", noise.Norm(uint64(2*i))+float64(class), noise.Norm(uint64(2*i+1)), class)
	}
	path := filepath.Join(t.TempDir(), "table.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	c := train.Defaults()
	c.Data, c.Model, c.Epochs, c.Batch = "csv:"+path, "mlp:6", 2, 40
	return c
}

// counting is a grid that counts what it trains.
func counting(dir string) (*Grid, *[]string) {
	var trained []string
	return &Grid{Dir: dir, Parallel: 3, Progress: func(_, _ int, c Cell, r Result, earlier bool) {
		if !earlier {
			trained = append(trained, fmt.Sprint(c.Method, " ", r.Seed))
		}
	}}, &trained
}

// TestCompareResumes: what is finished is not trained again, also when methods
// are added; and the table is the same.
func TestCompareResumes(t *testing.T) {
	dir := t.TempDir()
	g, trained := counting(dir)
	c := Comparison{Base: small(t), Methods: []string{"absgd+la"}, Seeds: []uint64{1, 2}}
	first, err := c.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	if len(*trained) != 6 { // erm, la, absgd+la
		t.Errorf("trained %v", *trained)
	}
	g, trained = counting(dir)
	c.Methods = []string{"absgd+la", "cb"}
	second, err := c.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(*trained)
	if !slices.Equal(*trained, []string{"cb 1", "cb 2"}) {
		t.Errorf("trained %v, expected cb alone", *trained)
	}
	if a, b := first.Rows[2], second.Rows[2]; a.Method != "absgd+la" || a.Results[0].Summary.ModelSHA256 != b.Results[0].Summary.ModelSHA256 {
		t.Errorf("%+v, then %+v", a, b)
	}
}

// TestComparePairs: the methods of a seed share their rows, and each is beside
// what it stands on.
func TestComparePairs(t *testing.T) {
	g, _ := counting(t.TempDir())
	c := Comparison{Base: small(t), Methods: []string{"absgd+la", "erm"}, Seeds: []uint64{1, 2, 3}, Figures: []string{"recall@top=5"}}
	table, err := c.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		for _, row := range table.Rows[1:] {
			if row.Results[i].Fingerprint != table.Rows[0].Results[i].Fingerprint || row.Results[i].Seed != table.Rows[0].Results[i].Seed {
				t.Errorf("%s: result %d is of other rows than that of %s", row.Method, i, table.Rows[0].Method)
			}
		}
	}
	var got []string
	for _, p := range table.Pairs() {
		if p.Figure == "balanced_accuracy" {
			got = append(got, p.Method+" - "+p.Against)
		}
	}
	if want := []string{"la - erm", "absgd+la - la", "absgd+la - erm"}; !slices.Equal(got, want) {
		t.Errorf("pairs %v, expected %v", got, want)
	}
	checkFiles(t, table, 9)
}

// TestRivals: a rival has a row and its own settings, and the methods that were
// asked for are compared with it, those they stand on not.
func TestRivals(t *testing.T) {
	g, trained := counting(t.TempDir())
	base := small(t)
	linear := base
	linear.Model, linear.Method = "logistic", "cb"
	c := Comparison{Base: base, Methods: []string{"la"}, Rivals: []Rival{{Name: "linear", Config: linear}}, Seeds: []uint64{1, 2}}
	table, err := c.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(*trained, "linear 2") || len(*trained) != 6 {
		t.Errorf("trained %v", *trained)
	}
	var got []string
	for _, p := range table.Pairs() {
		if p.Figure == "balanced_accuracy" {
			got = append(got, p.Method+" - "+p.Against)
		}
	}
	if want := []string{"la - erm", "la - linear"}; !slices.Equal(got, want) {
		t.Errorf("pairs %v, expected %v", got, want)
	}
	if a, b := table.Rows[0].Results[0], table.Rows[2].Results[0]; a.Summary.Method == b.Summary.Method || a.Fingerprint != b.Fingerprint {
		t.Errorf("erm %+v, linear %+v", a.Summary, b.Summary)
	}
	c.Rivals[0].Name = "erm"
	if _, err := c.Run(t.Context(), g); err == nil || !strings.Contains(err.Error(), "a method has this name") {
		t.Errorf("a rival called erm: %v", err)
	}
}

// checkFiles reads what a table writes as other programs would.
func checkFiles(t *testing.T, table *Table, models int) {
	t.Helper()
	dir := t.TempDir()
	if err := table.Write(dir); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	lines, err := csv.NewReader(strings.NewReader(read("compare.csv"))).ReadAll()
	if err != nil || len(lines) != models+1 || !slices.Contains(lines[0], "recall@top=5") {
		t.Errorf("%d lines (%v): %v", len(lines), err, lines[0])
	}
	d := xml.NewDecoder(strings.NewReader(read("compare.svg")))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if tex := read("compare.tex"); strings.Count(tex, "\\\\") != len(table.Rows)+1 || strings.Contains(tex, "worst_class") {
		t.Errorf("LaTeX: %s", tex)
	}
	if md := read("compare.md"); !strings.Contains(md, "| absgd+la − la |") {
		t.Errorf("Markdown: %s", md)
	}
}

// TestTrials: each method gets the same number of settings, and what is chosen
// is best on the validation part, not on the test part.
func TestTrials(t *testing.T) {
	g, trained := counting(t.TempDir())
	c := Comparison{Base: small(t), Methods: []string{"la"}, Seeds: []uint64{1, 2}, Trials: 3}
	if _, err := c.Run(t.Context(), g); err == nil || !strings.Contains(err.Error(), "--val-fraction is missing") {
		t.Errorf("choosing without validation rows: %v", err)
	}
	c.Base.ValFraction = 0.3
	table, err := c.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	if len(*trained) != 12 {
		t.Errorf("%d models, expected 2 methods, 3 trials, 2 seeds", len(*trained))
	}
	for _, row := range table.Rows {
		all, _, err := c.cells(t.Context(), &Grid{}, row.Method)
		if err != nil {
			t.Fatal(err)
		}
		results, err := g.Run(t.Context(), all)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			if validation(results[2*n:2*n+2], "balanced_accuracy") > validation(row.Results, "balanced_accuracy") {
				t.Errorf("%s: trial %d is better on the validation part than trial %d", row.Method, n, row.Trial)
			}
		}
	}
}

// TestGridStops: an error ends the grid, names its model, and keeps what was
// finished.
func TestGridStops(t *testing.T) {
	dir := t.TempDir()
	g, _ := counting(dir)
	g.Parallel = 1
	good := small(t)
	bad := good
	bad.Data = "csv:" + filepath.Join(dir, "nothing.csv")
	_, err := g.Run(t.Context(), []Cell{{Method: "erm", Config: good}, {Method: "la", Config: bad}})
	if _, usage := errors.AsType[*train.UsageError](err); err == nil || !usage || !strings.Contains(err.Error(), "la, seed 1") {
		t.Errorf("%v", err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("%d files", len(files))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Run(ctx, []Cell{{Method: "cb", Config: small(t)}}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, Cell{Config: good}.name()), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := g.Run(t.Context(), []Cell{{Method: "erm", Config: good}}); err == nil || !strings.Contains(err.Error(), "remove it") {
		t.Errorf("a broken result: %v", err)
	}
}

func TestMethods(t *testing.T) {
	got, err := Methods([]string{"absgd[lambda=inf@0,2@0.6]+la", "cb"})
	if want := []string{"erm", "la", "absgd[lambda=inf@0,2@0.6]+la", "cb"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q (%v)", got, err)
	}
	if _, err := Methods([]string{"xyz"}); err == nil {
		t.Error("xyz is a method")
	}
}

func TestWithOption(t *testing.T) {
	for _, c := range [][3]string{
		{"absgd+la", "5", "absgd[lambda=5]+la"},
		{"absgd[lambda=inf@0,2@0.6,gamma=1]+la[tau=2]", "inf@0,5@0.8", "absgd[gamma=1,lambda=inf@0,5@0.8]+la[tau=2]"},
	} {
		if got := withOption(c[0], "absgd", "lambda", c[1]); got != c[2] {
			t.Errorf("%s, expected %s", got, c[2])
		}
	}
}

// TestTrialsOfAllMethodsShareDraws: the same learning rates for all methods, and
// trial 0 is what was given.
func TestTrialsOfAllMethodsShareDraws(t *testing.T) {
	base := small(t)
	base.LR, base.WeightDecay = 0.01, 1e-3
	rates := map[string][]float64{}
	for _, method := range []string{"erm", "absgd+la+cb"} {
		base.Method = method
		dims, err := usual(base)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 5 {
			c, said, err := trial(base, dims, n, 7)
			if err == nil {
				err = c.Validate()
			}
			if err != nil {
				t.Errorf("trial %d (%s): %v", n, said, err)
			}
			rates[method] = append(rates[method], c.LR)
		}
	}
	if r := rates["erm"]; r[0] != 0.01 || r[1] == r[2] || !slices.Equal(r, rates["absgd+la+cb"]) {
		t.Errorf("%v", rates)
	}
}
