package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestBagValues: the numbers of another program, written from Bag's comment.
func TestBagValues(t *testing.T) {
	for _, c := range []struct {
		text    string
		buckets int
		want    []entry
	}{
		{"Free money!! FREE", 16, []entry{{5, 0.25}, {6, -0.5}, {8, 0.75}, {9, 0.25}, {13, 0.25}}},
		{"Ünïté, a", 64, []entry{{2, -0.333333333}, {10, 0.333333333}, {17, 0.333333333}, {28, 0.333333333}, {39, 0.333333333},
			{43, -0.333333333}, {51, -0.333333333}, {55, 0.333333333}, {63, 0.333333333}}},
		{" .,-", 16, nil},
	} {
		if got := newCounter(c.buckets).bag(c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.text, got, c.want)
		}
	}
}

// TestBagLaws: norm 1, places in order and in range, no trace of the text before,
// and case and punctuation do not count.
func TestBagLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		buckets := rapid.IntRange(2, 300).Draw(t, "buckets")
		text := rapid.String().Draw(t, "text")
		c := newCounter(buckets)
		c.bag(rapid.String().Draw(t, "before"))
		got := c.bag(text)
		if !slices.Equal(got, newCounter(buckets).bag(text)) {
			t.Fatal("the text before has left a trace")
		}
		norm := 0.0
		for i, e := range got {
			norm += float64(e.v) * float64(e.v)
			if e.at < 0 || int(e.at) >= buckets || i > 0 && e.at <= got[i-1].at || e.v == 0 {
				t.Fatalf("entry %d of %v", i, got)
			}
		}
		if got != nil && math.Abs(norm-1) > 1e-5 {
			t.Fatalf("norm %v", norm)
		}
	})
	c := newCounter(256)
	if !slices.Equal(c.bag("Don't PANIC"), c.bag(" don't -- panic!")) || slices.Equal(c.bag("a b"), c.bag("b a")) {
		t.Error("case or marks count, or the order of words does not")
	}
}

// reviews is a table whose texts are nearly all different.
func reviews(rows int) string {
	var b strings.Builder
	b.WriteString("n,review,class\n")
	for i := range rows {
		review := fmt.Sprintf("order %d, it was a %s thing", i*7919, []string{"dull", "fine", "splendid"}[i%3])
		if i%10 == 4 {
			review = ""
		}
		fmt.Fprintf(&b, "%d,%q,%c\n", i*i%37, review, 'a'+i%3%2)
	}
	return b.String()
}

func TestTextColumn(t *testing.T) {
	file := write(t, "r.csv", []byte(reviews(200)))
	d := open(t, Spec{Data: file, Text: "review", TextBuckets: 64})
	if d.Features() != 1+64+1 || len(d.Prep.Features) != 2 || !d.Prep.Features[1].IsText() || !d.Prep.Features[1].Missing {
		t.Fatalf("prepared as %+v", d.Prep)
	}
	if names := d.Prep.Values(); names[1] != "review bucket 0" || names[65] != "review missing" {
		t.Errorf("values %q", names)
	}
	x := make([]float32, 66)
	for i := range d.Train.Len() {
		d.Train.Read(x, i)
		norm := 0.0
		for _, v := range x[1:65] {
			norm += float64(v) * float64(v)
		}
		missing := float32(0)
		if d.Train.ID(i)%10 == 4 {
			missing = 1
		}
		if math.Abs(norm-float64(1-missing)) > 1e-5 || x[65] != missing {
			t.Errorf("row %d: norm %v, flag %v", d.Train.ID(i), norm, x[65])
		}
	}
	// New rows by the stored preprocessing, among them words never seen.
	again := open(t, Spec{Data: file, Prep: &d.Prep, Unlabelled: true})
	y := make([]float32, 66)
	for i := range d.Test.Len() {
		d.Test.Read(x, i)
		if again.Test.Read(y, d.Test.ID(i)); !slices.Equal(x, y) {
			t.Errorf("row %d is read as %v, in the test part as %v", d.Test.ID(i), y, x)
		}
	}
	arff := "@relation r\n@attribute n numeric\n@attribute review string\n@attribute class {a,b}\n@data\n" + strings.ReplaceAll(strings.SplitN(reviews(200), "\n", 2)[1], `""`, "?")
	if same := open(t, Spec{Data: write(t, "r.arff", []byte(arff)), Text: "review", TextBuckets: 64}); same.Fingerprint != d.Fingerprint {
		t.Errorf("as ARFF it is prepared as %+v", same.Prep.Features[0])
	}
}

// TestManyTexts: more than a category may have are all told apart.
func TestManyTexts(t *testing.T) {
	var b strings.Builder
	b.WriteString("note,class\n")
	for i := range 66_000 {
		fmt.Fprintf(&b, "ticket %d,%d\n", i, i%2)
	}
	d := open(t, Spec{Data: write(t, "m.csv", []byte(b.String())), Text: "note", Cache: t.TempDir()})
	x := make([]float32, d.Features())
	d.Train.Read(x, d.Train.Len()-1)
	if c := newCounter(DefaultBuckets).bag(fmt.Sprintf("ticket %d", d.Train.ID(d.Train.Len()-1))); x[c[0].at] != c[0].v {
		t.Errorf("the last row is not that of its text")
	}
}

func TestTextErrors(t *testing.T) {
	file := write(t, "r.csv", []byte(reviews(60)))
	for _, c := range []struct {
		s    Spec
		want string
	}{
		{Spec{Text: "class"}, "--text"},
		{Spec{Text: "nothing"}, `"nothing"`},
		{Spec{Text: "review", Drop: "review"}, "--text"},
		{Spec{Text: "review", Categorical: "review"}, "--text"},
		{Spec{Text: "review", TextBuckets: 1}, "1 buckets"},
		{Spec{Text: `"review`}, "text"},
	} {
		c.s.Data = file
		if _, err := Open(t.Context(), c.s); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v does not name %s", c.s, err, c.want)
		}
	}
	d := open(t, Spec{Data: write(t, "many.csv", []byte(reviews(200)))})
	if all := fmt.Sprint(d.Warnings); !strings.Contains(all, "--text review") {
		t.Errorf("a column of texts is left out without a word of --text: %s", all)
	}
	bad := open(t, Spec{Data: file, Text: "review"}).Prep
	bad.Features = slices.Clone(bad.Features)
	bad.Features[0], bad.Features[1] = bad.Features[1], bad.Features[0]
	if _, err := Open(t.Context(), Spec{Data: file, Prep: &bad}); err == nil || !strings.Contains(err.Error(), "before texts") {
		t.Errorf("features out of order: error %v", err)
	}
}

func BenchmarkBag(b *testing.B) {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 5)
	c := newCounter(DefaultBuckets)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		c.bag(text)
	}
}
