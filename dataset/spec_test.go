package dataset

import (
	"context"
	"errors"
	"math"
	"testing"
)

func TestCheck(t *testing.T) {
	for _, s := range []Spec{
		{Data: "glyphs"},
		{Data: "idx:some/dir", LongTail: 100, LabelNoise: "sym:0.4", ValFraction: 0.1},
		{Data: "csv:f.csv", TestData: "csv:g.csv", Label: "-1", Header: "auto"},
		{Data: "csv:C:\\f.csv", LongTail: 1, LabelNoise: "sym:0"},
		{Data: "idx:https://host/dir"},
		{Data: "some/table.CSV.gz", TestData: "t.arff"},
		{Data: "https://host/f.libsvm?key=f.none"},
	} {
		if err := Check(s); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
}

func TestCheckErrors(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want []string
	}{
		{Spec{}, []string{`data ""`, "glyphs", "idx:DIR", "csv:FILE"}},
		{Spec{Data: "mnits"}, []string{`"mnits"`, "idx:DIR"}},
		{Spec{Data: "csv:"}, []string{`"csv:"`, "path"}},
		{Spec{Data: "csv"}, []string{`"csv"`, "csv:FILE"}},
		{Spec{Data: "glyphs:x"}, []string{`"glyphs:x"`, "expected glyphs"}},
		{Spec{Data: "idx:s3://bucket/dir"}, []string{`"idx:s3://bucket/dir"`, "https://HOST/FILE"}},
		{Spec{Data: "feather:f"}, []string{`"feather:f"`, "csv:FILE"}},
		{Spec{Data: "glyphs", TestData: "csv:f"}, []string{"test data", "beside"}},
		{Spec{Data: "csv:f", TestData: "idx:d"}, []string{"test data", "csv:FILE"}},
		{Spec{Data: "csv:f", TestData: "f"}, []string{"test data", `"f"`}},
		{Spec{Data: "glyphs", LongTail: 0.5}, []string{"long tail 0.5", "at least 1"}},
		{Spec{Data: "glyphs", LongTail: -3}, []string{"long tail -3"}},
		{Spec{Data: "glyphs", LongTail: math.NaN()}, []string{"long tail NaN"}},
		{Spec{Data: "glyphs", LongTail: math.Inf(1)}, []string{"long tail +Inf"}},
		{Spec{Data: "glyphs", LabelNoise: "0.4"}, []string{`"0.4"`, "sym:RATE"}},
		{Spec{Data: "glyphs", LabelNoise: "sym:1"}, []string{`"sym:1"`, "less than 1"}},
		{Spec{Data: "glyphs", LabelNoise: "sym:-0.1"}, []string{`"sym:-0.1"`}},
		{Spec{Data: "glyphs", LabelNoise: "asym:0.1"}, []string{`"asym:0.1"`, "sym:RATE"}},
		{Spec{Data: "glyphs", ValFraction: 1}, []string{"validation fraction 1", "less than 1"}},
		{Spec{Data: "glyphs", ValFraction: -0.1}, []string{"validation fraction -0.1"}},
		{Spec{Data: "glyphs", ValFraction: math.NaN()}, []string{"validation fraction NaN"}},
		{Spec{Data: "csv:f", Header: "maybe"}, []string{`header "maybe"`, "auto, yes or no"}},
		// Everything wrong is said at once.
		{Spec{Data: "x", LongTail: -1, LabelNoise: "y", ValFraction: 2, Header: "z"},
			[]string{`"x"`, "long tail", `"y"`, "validation", `"z"`}},
	} {
		wantError(t, Check(c.spec), c.want...)
		_, err := Open(t.Context(), c.spec)
		wantError(t, err, c.want...)
	}
}

// A long tail that leaves a class without rows, and an end in the middle.
func TestOpenErrors(t *testing.T) {
	path := write(t, "f.csv", []byte(plain))
	_, err := Open(t.Context(), Spec{Data: "csv:" + path, LongTail: 50})
	wantError(t, err, path, "long tail 50", "would keep 0", "at most 2")

	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	for _, data := range []string{"glyphs", "csv:" + path, "idx:" + writeAll(t, idxFiles())} {
		if _, err := Open(ctx, Spec{Data: data}); !errors.Is(err, why) {
			t.Errorf("%s: %v, want the cause of the end", data, err)
		}
	}
}

// Noise may leave a class without rows; that is said, not trained on.
func TestNoiseEmptiesClass(t *testing.T) {
	path := write(t, "f.csv", []byte("1,a\n2,b\n3,c\n"))
	for seed := range uint64(50) {
		_, err := Open(t.Context(), Spec{Data: "csv:" + path, LabelNoise: "sym:0.9", Seed: seed})
		if err != nil {
			wantError(t, err, path, "no training sample", "3 classes")
			return
		}
	}
	t.Error("no seed leaves a class empty")
}

// Noise and validation touch what is left of the training rows, and nothing
// touches the test rows.
func TestStagesCompose(t *testing.T) {
	files := idxFiles()
	var y []byte
	for i := range 5000 {
		y = append(y, byte(i%5))
	}
	files["train-images-idx3-ubyte"] = idxImagesOf(5000, 2, 3)
	files["train-labels-idx1-ubyte"] = idxLabelsOf(y...)
	s := Spec{Data: "idx:" + writeAll(t, files), Seed: 4, LongTail: 2}
	plain := open(t, s)
	s.LabelNoise, s.ValFraction = "sym:0.3", 0.25
	all := open(t, s)
	if rowsDigest(all.Test) != rowsDigest(plain.Test) {
		t.Error("test rows differ")
	}
	label := map[int]int32{}
	for _, s := range []*Set{all.Train, all.Val} {
		for i := range s.Len() {
			label[s.ID(i)] = s.Label(i)
		}
	}
	if n := plain.Train.Len(); len(label) != n || all.Train.Len()+all.Val.Len() != n {
		t.Fatalf("%d + %d rows, %d different; want %d", all.Train.Len(), all.Val.Len(), len(label), n)
	}
	flipped := 0
	for i := range plain.Train.Len() {
		y, ok := label[plain.Train.ID(i)]
		if !ok {
			t.Fatalf("row %d is gone", plain.Train.ID(i))
		}
		if y != plain.Train.Label(i) {
			flipped++
		}
	}
	if rate := float64(flipped) / float64(len(label)); math.Abs(rate-0.3) > 0.03 {
		t.Errorf("%.3f of the labels are flipped", rate)
	}
	for c, n := range all.Val.Counts() { // stratified by the labels that training sees
		if want := float64(n+all.Train.Counts()[c]) / 4; math.Abs(float64(n)-want) > 0.5 {
			t.Errorf("class %d: %d validation rows, want %g", c, n, want)
		}
	}
}
