package train

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/metrics"
)

// TestReadoutOfMethods: without validation rows the method's own formula is
// what corrects; with them it is fitted, stored in the model, and better.
func TestReadoutOfMethods(t *testing.T) {
	for method, want := range map[string]float64{"erm": 0, "la": 1, "absgd+la": 1} {
		cfg, data := smallRun(t, func(c *Config) { c.Method, c.ValFraction = method, 0 })
		r, err := testJob(t, cfg, data).fitReadout(metrics.Scores{Classes: 3})
		if err != nil {
			t.Fatal(err)
		}
		if r.Strength != want || r.Scale != 1 || r.Rows != 0 || r.Decision != nil {
			t.Errorf("%s: %+v", method, r)
		}
	}
	cfg, data := smallRun(t, func(c *Config) { c.Method, c.Epochs, c.ValFraction, c.Decide = "la", 4, 0.3, "macro_f1" })
	out, err := trainJobs(t.Context(), testJob(t, cfg, data), testJob(t, cfg, data))
	if err != nil {
		t.Fatal(err)
	}
	val := out[0].Val
	if val == nil || val.Corrected == nil || !(val.Corrected.LogLoss < val.LogLoss) {
		t.Errorf("validation: %+v, corrected %+v", val, val.Corrected)
	}
}

// TestReadoutFile: what is written is read, and what no run writes is refused.
func TestReadoutFile(t *testing.T) {
	r := Readout{
		Correction: metrics.Correction{Scale: 1.0 / 3, Strength: -0.1, Prior: []float64{0.9, 0.1}, Rows: 7},
		Use:        []float64{0.5, 0.5}, Decision: []float64{0, math.Pi},
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := parseReadout(string(text), 2); err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("%s became %+v (%v)", text, back, err)
	}
	for _, c := range []struct {
		old, new string
		classes  int
	}{{"", "", 3}, {"0.1]", "0]", 2}, {"0.333", "-0.333", 2}, {"0.5,0.5", "0.5", 2}, {"{", "[", 2}} {
		if got, err := parseReadout(strings.Replace(string(text), c.old, c.new, 1), c.classes); err == nil {
			t.Errorf("%q for %q is read: %+v", c.new, c.old, got)
		}
	}
	if old, err := parseReadout("", 4); err != nil || old.Scale != 1 || len(old.Prior) != 4 {
		t.Errorf("a model from before: %+v, %v", old, err)
	}
}

func TestUse(t *testing.T) {
	classes := []string{"good", "b=d"}
	for _, c := range []struct {
		prior, data string
		tail        float64
		want        []float64
	}{
		{"train", "glyphs", 0, nil},
		{"auto", "glyphs", 0, []float64{0.5, 0.5}},
		{"auto", "glyphs", 1, nil},
		{"auto", "idx:x", 100, []float64{0.5, 0.5}},
		{"auto", "idx:x", 0, nil},
		{"auto", "csv:x", 100, nil}, // its test part is not balanced by anything
		{"balanced", "csv:x", 0, []float64{0.5, 0.5}},
		{"good=3,b=d=1", "csv:x", 0, []float64{0.75, 0.25}},
	} {
		cfg := Defaults()
		cfg.Prior, cfg.Data, cfg.LongTail = c.prior, c.data, c.tail
		kind := dataset.Image
		if strings.HasPrefix(c.data, "csv:") {
			kind = dataset.Table
		}
		cfg, err := cfg.Resolve(kind)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := cfg.use(classes); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s on %s: %v (%v), expected %v", c.prior, c.data, got, err, c.want)
		}
	}
	for _, prior := range []string{"good=1", "good=1,bad=1"} {
		cfg := Defaults()
		cfg.Prior = prior
		if got, err := cfg.use(classes); err == nil {
			t.Errorf("%s is %v", prior, got)
		}
	}
}
