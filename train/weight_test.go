package train

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/rng"
)

// fullBatch trains on a table in one batch of all its rows for some steps, and
// returns the parameters.
func fullBatch(t *testing.T, table, weight, method string) ([]float32, Summary) {
	t.Helper()
	c := Defaults()
	c.Data, c.TestData, c.Weight, c.Method = "csv:"+table, "csv:"+table, weight, method
	c.Lambda, c.Gamma, c.Scale, c.Model, c.Dropout, c.CBFrom = "inf@0,1@0.4", 0.5, dataset.ScaleNone, "mlp:6", 0, 0
	c.Epochs, c.Optimizer, c.LR, c.LRSchedule, c.Warmup, c.Shards, c.Clip = 8, "sgd", 0.05, "constant", 0, 3, 0
	data, err := dataset.Open(t.Context(), c.spec())
	if err != nil {
		t.Fatal(err)
	}
	c.Batch = data.Train.Len()
	j := testJob(t, c, data)
	s, err := trainJobs(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	return j.net.Params(), s[0]
}

// TestWeightsAreRepeatedRows: in full batches, a row of weight n trains as n
// rows do, one of weight 0 as none, and weights that are all alike change no bit.
func TestWeightsAreRepeatedRows(t *testing.T) {
	draws := rng.New(3, rng.Glyph)
	var weighted, repeated, alike, bare strings.Builder
	for _, b := range []*strings.Builder{&weighted, &repeated, &alike, &bare} {
		b.WriteString("x,y,w,class\n")
	}
	for i := range 60 {
		x, y, n, class := draws.Norm(uint64(2*i)), draws.Norm(uint64(2*i+1)), i%4, i%5/3
		fmt.Fprintf(&weighted, "%.3f,%.3f,%d,%d\n", x+float64(class), y, n, class)
		fmt.Fprintf(&alike, "%.3f,%.3f,7,%d\n", x+float64(class), y, class)
		fmt.Fprintf(&bare, "%.3f,%.3f,1,%d\n", x+float64(class), y, class)
		for range n {
			fmt.Fprintf(&repeated, "%.3f,%.3f,1,%d\n", x+float64(class), y, class)
		}
	}
	file := func(b *strings.Builder) string { return writeFile(t, "rows.csv", []byte(b.String())) }
	for _, method := range []string{"erm", "erm+la", "cb", "absgd", "absgd+la", "absgd[ess=0.6]", "cvar[alpha=0.4]", "rgd", "groupdro", "chi2"} {
		t.Run(method, func(t *testing.T) {
			want, _ := fullBatch(t, file(&repeated), "w", method)
			got, _ := fullBatch(t, file(&weighted), "w", method)
			var most, size float64
			for i := range want {
				most = max(most, math.Abs(float64(got[i]-want[i])))
				size = max(size, math.Abs(float64(want[i])))
			}
			tolerance := 1e-5
			if method == "cb" { // its class weights follow from the number of rows
				tolerance = 2e-3
			}
			if !(most <= tolerance*size) {
				t.Errorf("parameters differ by %v from those of repeated rows, of a size of %v", most, size)
			}
			plain, _ := fullBatch(t, file(&bare), "w", method)
			same, _ := fullBatch(t, file(&alike), "w", method)
			for i := range plain {
				if plain[i] != same[i] {
					t.Fatalf("equal weights change parameter %d from %v to %v", i, plain[i], same[i])
				}
			}
		})
	}
}
