package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
)

// weighted is a table whose column w follows of.
func weighted(rows int, of func(i int) string) string {
	var b strings.Builder
	b.WriteString("x,w,class\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d,%s,%c\n", i*i%101, of(i), 'a'+i%3%2)
	}
	return b.String()
}

func openWeighted(t *testing.T, of func(i int) string) *Data {
	t.Helper()
	return open(t, Spec{Data: "csv:" + write(t, "w.csv", []byte(weighted(100, of))), Weight: "w", ValFraction: 0.2})
}

// TestWeights: 1 in the mean over the training rows, of the ratios in the file,
// and no feature; validation and test rows have none.
func TestWeights(t *testing.T) {
	d := openWeighted(t, func(i int) string { return fmt.Sprint(1 + i%4) })
	if d.Features() != 1 {
		t.Errorf("values %q, want x alone", d.Prep.Values())
	}
	var sum, mass float64
	for i, w := range d.Train.weights {
		sum += float64(w)
		if unit := float64(w) / float64(1+d.Train.ID(i)%4); math.Abs(unit-float64(d.Train.weights[0])/float64(1+d.Train.ID(0)%4)) > 1e-6 {
			t.Errorf("row %d weighs %v, not in proportion", d.Train.ID(i), w)
		}
	}
	for _, m := range d.Train.Mass() {
		mass += m
	}
	n := float64(d.Train.Len())
	if math.Abs(sum-n) > 1e-4 || math.Abs(mass-n) > 1e-4 {
		t.Errorf("weights of %v rows sum to %v, those of classes to %v", n, sum, mass)
	}
	if d.Val.Weighted() || d.Test.Weighted() || d.Val.Len() == 0 {
		t.Error("rows of validation or testing have weights")
	}
	l := NewLoader(d.Train, Plan{Rows: d.Train.Len(), Batch: 10, Epochs: 1}, 3, 0, 3, 0)
	defer l.Close()
	for range 3 {
		b, err := l.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range b.Parts {
			for k, id := range p.IDs {
				if at := slices.Index(d.Train.ids, id); p.W[k] != d.Train.weights[at] {
					t.Errorf("the loader gives row %d the weight %v, want %v", id, p.W[k], d.Train.weights[at])
				}
			}
		}
	}
}

// TestEqualWeightsAreNone: the fingerprint is that of the table without them.
func TestEqualWeightsAreNone(t *testing.T) {
	d := openWeighted(t, func(int) string { return "0.3" })
	if d.Train.Weighted() {
		t.Error("equal weights are kept")
	}
	same := open(t, Spec{Data: "csv:" + write(t, "w.csv", []byte(weighted(100, func(int) string { return "0.3" }))), Drop: "w", ValFraction: 0.2})
	other := openWeighted(t, func(i int) string { return fmt.Sprint(1 + i) })
	if d.Fingerprint != same.Fingerprint || other.Fingerprint == same.Fingerprint {
		t.Error("fingerprints: equal weights are to be none, and others some")
	}
}

// TestWeightZero: such rows are not trained on, and not fitted to, but for
// validation and testing they are rows as others.
func TestWeightZero(t *testing.T) {
	all := openWeighted(t, func(int) string { return "2" })
	d := openWeighted(t, func(i int) string { return fmt.Sprint(i % 2) })
	for i := range d.Train.Len() {
		if d.Train.ID(i)%2 == 0 {
			t.Errorf("row %d of weight 0 is trained on", d.Train.ID(i))
		}
	}
	if d.Train.Weighted() || !slices.Equal(d.Val.ids, all.Val.ids) || !slices.Equal(d.Test.ids, all.Test.ids) {
		t.Error("weights of 0 have moved other rows")
	}
	if d.Prep.Features[0].Mean == all.Prep.Features[0].Mean {
		t.Error("rows of weight 0 are fitted to")
	}
}

func TestWeightErrors(t *testing.T) {
	for name, c := range map[string]struct {
		of   func(i int) string
		edit func(*Spec)
		want []string
	}{
		"negative": {func(i int) string { return fmt.Sprint(5 - i) }, nil, []string{"w.csv:8", `"w"`, "-1"}},
		"no number": {func(i int) string {
			if i == 7 {
				return "heavy"
			}
			return "1"
		}, nil, []string{"w.csv:9", `"w"`, `"heavy"`}},
		"missing": {func(i int) string {
			if i > 50 {
				return "?"
			}
			return "1"
		}, nil, []string{"w.csv:", `"w"`, "missing"}},
		"far apart": {func(i int) string { return fmt.Sprintf("1e%d", 3*i) }, nil, []string{"w.csv:2", "1e+297"}},
		"all zero":  {func(int) string { return "0" }, nil, []string{"w.csv", `"w"`, "weight 0"}},
		"no column": {func(int) string { return "1" }, func(s *Spec) { s.Weight = "wt" }, []string{"--weight", `"wt"`, `"w"`}},
		"label":     {func(int) string { return "1" }, func(s *Spec) { s.Weight = "class" }, []string{"--weight", "label"}},
		"images":    {func(int) string { return "1" }, func(s *Spec) { s.Data = "glyphs" }, []string{"weight", "table"}},
	} {
		s := Spec{Data: "csv:" + write(t, "w.csv", []byte(weighted(100, c.of))), Weight: "w", TestData: "csv:" + write(t, "t.csv", []byte(weighted(10, func(int) string { return "-3" })))}
		if c.edit != nil {
			c.edit(&s)
		}
		if s.Data == "glyphs" {
			s.TestData = ""
		}
		_, err := Open(t.Context(), s)
		for _, word := range c.want {
			if err == nil || !strings.Contains(err.Error(), word) {
				t.Errorf("%s: error %v does not name %s", name, err, word)
			}
		}
	}
}
