package study

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/internal/rng"
	"github.com/ballast-ml/ballast/internal/stats"
	"github.com/ballast-ml/ballast/train"
)

// sites is a base of quick models on rows of three sites, which differ, and a
// fourth with few rows.
func sites(t testing.TB) train.Config {
	t.Helper()
	var b strings.Builder
	b.WriteString("site,x,y,class\n")
	noise := rng.New(3, rng.Glyph, 1)
	for i := range 186 {
		class, site := i/3%4/3, i%3
		name := []string{"oslo", "rome", "a|b"}[site]
		if i >= 180 {
			name = "bern"
		}
		fmt.Fprintf(&b, "%s,%.4f,%.4f,%d\n", name, noise.Norm(uint64(2*i))+float64(class*(1+site)), noise.Norm(uint64(2*i+1))-float64(site), class)
	}
	path := filepath.Join(t.TempDir(), "sites.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	c := train.Defaults()
	c.Data, c.Model, c.Epochs, c.Batch, c.Split = "csv:"+path, "mlp:6", 2, 40, "leave:site"
	return c
}

// TestLeaveEach: every value of the column is left out once for each method and
// seed, to the bits of a run that leaves it out; what is finished stays.
func TestLeaveEach(t *testing.T) {
	dir := t.TempDir()
	g, trained := counting(dir)
	c := Comparison{Base: sites(t), Methods: []string{"la"}, Seeds: []uint64{1, 2}}
	table, err := c.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	if len(*trained) != 12 {
		t.Errorf("%d models, want 2 methods × 2 seeds × 3 sites: %v", len(*trained), *trained)
	}
	cfg := c.Base
	cfg.Method, cfg.Seed, cfg.Split = "la", 2, "leave:site=oslo"
	data, err := train.Open(t.Context(), cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	_, want, err := train.Alone(t.Context(), cfg, data, train.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(table.Rows[1].Results, func(r Result) bool { return r.Domain == "oslo" && r.Seed == 2 })
	if i < 0 || table.Rows[1].Results[i].Summary.ModelSHA256 != want.ModelSHA256 {
		t.Errorf("result %d of %s is not that of %s", i, table.Rows[1].Method, cfg.Split)
	}
	g, trained = counting(dir)
	c.Seeds = []uint64{1, 2, 3}
	if _, err := c.Run(t.Context(), g); err != nil || len(*trained) != 6 {
		t.Errorf("with a seed more %v were trained (%v)", *trained, err)
	}
}

// TestLeaveEachFigures: means and the worst are over the sites of each seed, and
// pairs are of one site and one seed.
func TestLeaveEachFigures(t *testing.T) {
	g, _ := counting(t.TempDir())
	c := Comparison{Base: sites(t), Methods: []string{"la"}, Seeds: []uint64{1, 2}}
	table, err := c.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	row, name := table.Rows[1], "balanced_accuracy"
	for k, seed := range c.Seeds {
		var of []float64
		for _, r := range row.Results {
			if r.Seed == seed {
				v, _ := r.Summary.Test.Value(name)
				of = append(of, v)
			}
		}
		if mean, worst := table.figure(row, name)[k], table.worst(row, name)[k]; len(of) != 3 || mean != stats.Mean(of) || worst != slices.Min(of) {
			t.Errorf("seed %d: mean %v and worst %v of %v", seed, mean, worst, of)
		}
	}
	if worst := table.worst(row, "log_loss")[0]; worst != slices.Max(row.values("log_loss")[:3]) {
		t.Errorf("the worst log-loss is %v of %v", worst, row.values("log_loss")[:3])
	}
	for i, one := range table.domains.left {
		for k := range c.Seeds {
			if r := row.Results[3*k+i]; r.Domain != one.Value || r.Seed != c.Seeds[k] {
				t.Errorf("result %d is of %s, seed %d", 3*k+i, r.Domain, r.Seed)
			}
			if v, _ := row.Results[3*k+i].Summary.Test.Value(name); table.in(row, name, i)[k] != v {
				t.Errorf("%s, seed %d: %v, want %v", one.Value, c.Seeds[k], table.in(row, name, i)[k], v)
			}
		}
	}
	for _, p := range table.Pairs() {
		if p.Figure == name && p.Mean != stats.Mean(differences(row.values(name), table.Rows[0].values(name))) {
			t.Errorf("%+v", p)
		}
	}
	var md, tex strings.Builder
	if err := table.Markdown(&md); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Each value of column site is left out in training and tested, 3 of 4. Not left out: bern (6 rows: fewer than 20 rows).",
		"| balanced accuracy without | rows | erm | la |", "| a\\|b | 60 | 0.", "| mean |  | 0.", "| worst |  | 0.",
		"| la | 2 |", "domains × seeds better / worse",
	} {
		if !strings.Contains(md.String(), want) {
			t.Errorf("Markdown without %q:\n%s", want, md.String())
		}
	}
	if err := table.LaTeX(&tex); err != nil || strings.Count(tex.String(), "\\begin{tabular}") != 2 || !strings.Contains(tex.String(), "oslo & 60 & $") {
		t.Errorf("LaTeX (%v):\n%s", err, tex.String())
	}
	var lines strings.Builder
	if err := table.CSV(&lines); err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(strings.NewReader(lines.String())).ReadAll()
	if err != nil || len(records) != 13 || records[0][4] != "left_out" || records[1][4] != "a|b" {
		t.Errorf("CSV (%v):\n%s", err, lines.String())
	}
}

func differences(x, y []float64) []float64 {
	d := make([]float64, len(x))
	for i := range x {
		d[i] = x[i] - y[i]
	}
	return d
}

// TestLeaveEachTrials: settings are chosen by the validation parts of all sites
// together, and rivals leave out the same.
func TestLeaveEachTrials(t *testing.T) {
	g, trained := counting(t.TempDir())
	base := sites(t)
	base.ValFraction = 0.2
	linear := base
	linear.Model = "logistic"
	c := Comparison{Base: base, Methods: []string{"erm"}, Seeds: []uint64{1}, Trials: 2, Rivals: []Rival{{"linear", linear}}}
	table, err := c.Run(t.Context(), g)
	if err != nil || len(*trained) != 9 {
		t.Fatalf("%d models (%v)", len(*trained), err)
	}
	for i, r := range table.Rows[1].Results {
		if r.Domain != table.domains.left[i].Value || r.Fingerprint != table.Rows[0].Results[i].Fingerprint {
			t.Errorf("linear without %s is of other rows than erm", r.Domain)
		}
	}
}

func TestLeaveEachRefuses(t *testing.T) {
	g, _ := counting(t.TempDir())
	base := sites(t)
	for split, want := range map[string]string{
		"leave:sites": `--split: column "sites"`,
		"leave:class": "--split leave:class: no value can be left out: 0 (",
	} {
		base.Split = split
		_, err := Comparison{Base: base, Methods: []string{"la"}, Seeds: []uint64{1}}.Run(t.Context(), g)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", split, err, want)
		}
	}
}
