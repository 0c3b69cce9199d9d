package train

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// trainedFile trains on a table with a header and returns the paths of table
// and model, and the settings.
func trainedFile(t *testing.T, edit func(*Config)) (table, model string, cfg Config) {
	t.Helper()
	text, err := os.ReadFile(writeTable(t, 300))
	if err != nil {
		t.Fatal(err)
	}
	table = writeFile(t, "named.csv", append([]byte("a,b,c,d,e,class\n"), text...))
	cfg = Defaults()
	cfg.Data, cfg.Label, cfg.Model, cfg.Method, cfg.Epochs, cfg.Batch = "csv:"+table, "class", "mlp:8", "la", 6, 30
	if edit != nil {
		edit(&cfg)
	}
	data, err := Open(t.Context(), cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := Alone(t.Context(), cfg, data, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return table, writeFile(t, "model.safetensors", file), cfg
}

func predictions(ctx context.Context, model, data string, o PredictOptions) (classes []string, list []Prediction, err error) {
	cfg := Defaults()
	cfg.Data = data
	err = Predict(ctx, model, cfg, o, func(names []string) error { classes = names; return nil }, func(p Prediction) error {
		p.Probs = append([]float64{}, p.Probs...)
		list = append(list, p)
		return nil
	})
	return classes, list, err
}

// TestPredict: rows without a label column, and with other columns around, give
// the same probabilities as the file that was trained on; all rows are there, in
// order; and probabilities sum to 1.
func TestPredict(t *testing.T) {
	table, model, _ := trainedFile(t, nil)
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	var bare strings.Builder
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.TrimSpace(line), ",")
		fmt.Fprintf(&bare, "%s,%s\n", "x", strings.Join(cells[:5], ","))
	}
	without := writeFile(t, "bare.csv", []byte(strings.Replace(bare.String(), "x,", "note,", 1)))
	classes, want, err := predictions(t.Context(), model, "csv:"+table, PredictOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, got, err := predictions(t.Context(), model, "csv:"+without, PredictOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if len(classes) != 3 || len(want) != 300 || len(got) != 300 {
		t.Fatalf("%d classes, %d and %d rows", len(classes), len(want), len(got))
	}
	for i, p := range got {
		var sum float64
		for k := range p.Probs {
			sum += p.Probs[k]
			if p.Probs[k] != want[i].Probs[k] {
				t.Fatalf("row %d: %v, with its label %v", i, p.Probs, want[i].Probs)
			}
		}
		if p.Row != i || p.Class != want[i].Class || math.Abs(sum-1) > 1e-12 {
			t.Fatalf("row %d: %+v", i, p)
		}
	}
}

// TestPredictPrior: a class that is more frequent where the rows come from is
// more probable there, and the decision stays.
func TestPredictPrior(t *testing.T) {
	table, model, _ := trainedFile(t, nil)
	_, trained, err := predictions(t.Context(), model, "csv:"+table, PredictOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, rare, err := predictions(t.Context(), model, "csv:"+table, PredictOptions{Prior: "0=1,1=1,2=8"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range rare {
		if rare[i].Probs[2] <= trained[i].Probs[2] || rare[i].Class != trained[i].Class {
			t.Fatalf("row %d: %+v, as in training %+v", i, rare[i], trained[i])
		}
	}
	for prior, want := range map[string]string{"2=1": "class 0 is missing", "auto": "want train", "x=1,0=1,1=1": "no class"} {
		if _, _, err := predictions(t.Context(), model, "csv:"+table, PredictOptions{Prior: prior}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", prior, err)
		}
	}
	if _, _, err := predictions(t.Context(), model, "glyphs", PredictOptions{}); err == nil || !strings.Contains(err.Error(), "--data glyphs") {
		t.Errorf("glyphs: %v", err)
	}
}

// TestSuspects: labels that were changed have higher losses than others, the
// list says where they are, and how well they are found.
func TestSuspects(t *testing.T) {
	table, model, cfg := trainedFile(t, func(c *Config) {
		c.LabelNoise, c.ValFraction, c.Epochs, c.LR = "sym:0.2", 0.1, 20, 0.01
	})
	s, err := Suspects(t.Context(), model, cfg, "", 20)
	if err != nil {
		t.Fatal(err)
	}
	if s.Flipped < s.Rows/10 || s.Flipped > s.Rows/3 || !(s.Detection > 0.75) {
		t.Errorf("%d rows, %d changed, AUROC %v", s.Rows, s.Flipped, s.Detection)
	}
	text, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	hits := 0
	for i, v := range s.Suspects {
		if i > 0 && v.Loss > s.Suspects[i-1].Loss {
			t.Errorf("suspect %d has a higher loss than the one before", i)
		}
		if v.Place != fmt.Sprintf("%s:%d", table, v.ID+2) {
			t.Errorf("row %d is at %s", v.ID, v.Place)
		}
		inFile := strings.HasSuffix(lines[v.ID+1], ","+v.Label)
		if inFile == v.Flipped {
			t.Errorf("line %q, label %s, changed: %v", lines[v.ID+1], v.Label, v.Flipped)
		}
		if v.Flipped {
			hits++
		}
	}
	if hits < 12 {
		t.Errorf("%d of the first 20 were changed", hits)
	}
	cfg.LabelNoise = ""
	if s, err = Suspects(t.Context(), model, cfg, "", 3); err != nil || s.Detection == s.Detection || len(s.Suspects) != 3 {
		t.Errorf("without noise: %+v (%v)", s, err)
	}
}
