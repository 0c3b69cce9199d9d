package train

import (
	"bytes"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/model"
)

func testModel(t testing.TB, arch model.Config) []byte {
	t.Helper()
	net, err := model.New(arch)
	if err != nil {
		t.Fatal(err)
	}
	file, err := encodeModel(arch, net, dataset.Prep{Kind: dataset.Image, Shape: arch.Input, Classes: []string{"a", "b", "c"}},
		plainReadout(arch.Classes))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestModelFileRoundTrip: reading and writing again gives the same bytes.
func TestModelFileRoundTrip(t *testing.T) {
	for _, arch := range []model.Config{
		{Arch: "mlp:7,5", Input: []int{4}, Classes: 3, Seed: 3, Norm: "batch", Dropout: 0.5},
		{Arch: "resmlp:8x1", Input: []int{4}, Classes: 3, Seed: 3, Fields: []model.Field{
			{Values: 1, Edges: []float32{-1.5, 0.1, 7e20}, Width: 2, Rectified: true}, {Values: 1, Frequencies: 2, Sigma: 0.1}, {Values: 2},
		}},
		{Arch: "lenet", Input: []int{1, 28, 28}, Classes: 3, Seed: 3},
	} {
		file := testModel(t, arch)
		m, err := decodeModel(file)
		if err != nil {
			t.Fatal(err)
		}
		again, err := encodeModel(m.Arch, m.Net, m.Prep, m.Readout)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file, again) {
			t.Errorf("%s: the file changed", arch.Arch)
		}
	}
}

// TestModelFileRefuses files that are whole, but not of this program or not of
// the network that they describe.
func TestModelFileRefuses(t *testing.T) {
	good := testModel(t, model.Config{Arch: "mlp:7", Input: []int{4}, Classes: 3, Seed: 3})
	for name, c := range map[string]struct{ old, new, want string }{
		"format":       {`"ballast-model"`, `"somethingels3"`, "not a model"},
		"architecture": {`mlp:7`, `mlp:8`, "expected"},
		"classes":      {`classes\":3`, `classes\":x`, "network"},
		"input":        {`[4]`, `[x]`, "network"},
	} {
		bad := bytes.Replace(good, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(bad, good) {
			t.Fatalf("%s: %q is not in the file", name, c.old)
		}
		if _, err := decodeModel(bad); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, expected one with %q", name, err, c.want)
		}
	}
	for _, n := range []int{0, 7, 8, 100, len(good) - 1} {
		if _, err := decodeModel(good[:n]); err == nil {
			t.Errorf("a file cut to %d bytes is read", n)
		}
	}
}
