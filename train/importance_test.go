package train

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/model"
)

// toldTable is a table whose class is told by a number and, in part, by a
// category; a second number says nothing.
func toldTable(rows int) []byte {
	b := []byte("noise,tells,hint,class\n")
	for i := range rows {
		y := i * 7 % 3 % 2
		hint := []string{"red", "blue"}[(y+i%5/4)%2]
		b = fmt.Appendf(b, "%d.5,%d,%s,%s\n", i*37%101, 10*y+i%4, hint, []string{"no", "yes"}[y])
	}
	return b
}

// TestPermute: the column that tells the class is worth most, one that says
// nothing is worth nothing, and the same seed gives the same figures.
func TestPermute(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Label, cfg.Model, cfg.Method, cfg.Epochs, cfg.Batch = "csv:"+writeFile(t, "told.csv", toldTable(400)), "class", "logistic", "erm", 10, 20
	cfg.LR = 0.05
	data, err := Open(t.Context(), cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := Alone(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	path := writeFile(t, "model.safetensors", file)
	o := ImportanceOptions{Repeats: 4, Samples: 40}
	a, err := Permute(t.Context(), path, cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	if a.Figure != "balanced_accuracy" || a.Rows != data.Test.Len() || len(a.Columns) != 3 {
		t.Fatalf("%+v", a)
	}
	if first := a.Columns[0]; first.Column != "tells" || first.Drop < 0.3 || !(first.Interval.Low > 0) {
		t.Errorf("%+v", a.Columns)
	}
	for _, c := range a.Columns[1:] {
		if c.Drop > 0.1 || c.Drop < -0.1 {
			t.Errorf("%+v", c)
		}
	}
	if b, err := Permute(t.Context(), path, cfg, o); err != nil || !slices.Equal(a.Columns, b.Columns) {
		t.Errorf("again: %+v, %v", b, err)
	}
	o.Figure = "log_loss" // of which more is worse
	if l, err := Permute(t.Context(), path, cfg, o); err != nil || l.Columns[0].Column != "tells" || l.Columns[0].Drop <= 0 {
		t.Errorf("log-loss: %+v, %v", l, err)
	}
	for figure, want := range map[string]string{"aurco": "did you mean", "worst_group": "do not define it"} {
		o.Figure = figure
		if _, err := Permute(t.Context(), path, cfg, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", figure, err)
		}
	}
	if _, err := Permute(t.Context(), filepath.Join(t.TempDir(), "none"), cfg, o); err == nil {
		t.Error("a model that is not there")
	}
}

// TestSwapsReuse: scores with what is reused are those of a pass over all rows.
func TestSwapsReuse(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Label = "csv:"+writeFile(t, "told.csv", toldTable(90)), "class"
	data, err := Open(t.Context(), cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	net, err := model.New(model.Config{Arch: "mlp:6", Input: data.Shape, Classes: 2, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	by, _ := metrics.Parse("auroc")
	p := newProber(&Model{Net: net, Arch: net.Config()}, data.Test, metrics.Setup{}, by)
	defer p.crew.close()
	p.seed, p.repeats = 5, 6
	at := 0
	for _, f := range data.Prep.Features {
		lo, hi := at, at+f.Width()
		at = hi
		swapped := p.swaps(lo, hi)
		for r := range p.repeats {
			order := p.shuffle(r)
			got := swapped.scores(order)
			want := p.logits(len(order), func(dst []float32, i int) {
				copy(dst, p.row(i))
				copy(dst[lo:hi], p.row(int(order[i]))[lo:hi])
			})
			if !slices.Equal(got.Logits, want) {
				t.Fatalf("%s, shuffle %d: other scores than row by row", f.Name, r)
			}
		}
	}
}
