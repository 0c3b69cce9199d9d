package dataset

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mixed is a table with numbers, categories, codes and missing cells.
func mixed(rows int) string {
	var b strings.Builder
	b.WriteString("age,job,code,key,class\n")
	for i := range rows {
		age, job := fmt.Sprint(20+i%50), []string{"cook", "smith", "?"}[i%3]
		if i%10 == 0 {
			age = ""
		}
		if i == 7 {
			job = "king"
		}
		fmt.Fprintf(&b, "%s,%s,%d,key-%d,%c\n", age, job, i%4, i, 'a'+i*i%7%2)
	}
	return b.String()
}

// What a model sees of each kind of column.
func TestMixedTable(t *testing.T) {
	path := write(t, "mixed.csv", []byte(mixed(200)))
	test := write(t, "test.csv", []byte("class,key,code,job,age\nb,k,1,smith,\na,k,9,baker,30\nb,k,2,NA,31\n"))
	d := open(t, Spec{Data: "csv:" + path, TestData: "csv:" + test, Label: "class", Categorical: "code"})
	want := []string{"age", "age missing", "job=cook", "job=smith", "job rare", "job missing", "code=0", "code=1", "code=2", "code=3"}
	if got := d.Prep.Values(); !slices.Equal(got, want) {
		t.Fatalf("values %q, want %q", got, want)
	}
	if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], `"key"`) || !strings.Contains(d.Warnings[0], "names or keys") {
		t.Errorf("warnings %q, want one about the keys", d.Warnings)
	}
	age := d.Prep.Features[0]
	scaled := func(x float64) float32 { return float32((x - age.Mean) / age.Std) }
	for i, want := range [][]float32{
		{0, 1, 0, 1, 0, 0, 0, 1, 0, 0},
		{scaled(30), 0, 0, 0, 1, 0, 0, 0, 0, 0}, // a job and a code never seen
		{scaled(31), 0, 0, 0, 0, 1, 0, 0, 1, 0},
	} {
		x := make([]float32, d.Features())
		for j := range x {
			x[j] = 7 // Read writes all values
		}
		d.Test.Read(x, i)
		if diff := cmp.Diff(want, x); diff != "" {
			t.Errorf("test row %d: %s", i, diff)
		}
	}

	// Statistics are of the training rows alone: other test rows change none.
	alone := open(t, Spec{Data: "csv:" + path, TestData: "csv:" + write(t, "t.csv", []byte("age,job,code,key,class\n1e9,x,7,k,a\n")),
		Label: "class", Categorical: "code"})
	if diff := cmp.Diff(d.Prep, alone.Prep); diff != "" {
		t.Error(diff)
	}

	// A model stores all of it.
	text, err := json.Marshal(d.Prep)
	if err != nil {
		t.Fatal(err)
	}
	var p Prep
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	again := open(t, Spec{Data: "csv:" + path, TestData: "csv:" + test, Prep: &p})
	if again.Fingerprint != d.Fingerprint {
		t.Error("stored preprocessing reads other rows")
	}
}

// A target makes two classes, whatever else occurs in the test rows.
func TestTarget(t *testing.T) {
	train := write(t, "f.csv", []byte("1,ok.\n2,smurf.\n3,ok.\n4,back.\n"))
	test := write(t, "g.csv", []byte("1,new\n2,ok\n"))
	d := open(t, Spec{Data: "csv:" + train, TestData: "csv:" + test, Target: "ok."})
	if !slices.Equal(d.Classes, []string{"ok.", "other"}) || d.Test.Label(0) != 1 || d.Test.Label(1) != 0 ||
		!slices.Equal(d.Train.Counts(), []int{2, 2}) {
		t.Errorf("classes %q, training %v, test labels %d and %d", d.Classes, d.Train.Counts(), d.Test.Label(0), d.Test.Label(1))
	}
}

// A text on fewer training rows than rareRows has no value of its own, and no
// column has more than maxCategories.
func TestCategories(t *testing.T) {
	var b strings.Builder
	for i := range 6 * (maxCategories + 10) {
		few := "often"
		if i < rareRows-1 {
			few = "rarely"
		}
		if i == 50 {
			few = "usual"
		}
		fmt.Fprintf(&b, "%d,c%d,%s,%c\n", i, i%(maxCategories+10), few, 'a'+i/7%2)
	}
	path := "csv:" + write(t, "f.csv", []byte(b.String()))
	d := open(t, Spec{Data: path, TestData: path})
	many, few := d.Prep.Features[1], d.Prep.Features[2]
	if len(many.Categories) != maxCategories || !many.Rare || !slices.IsSorted(many.Categories) || slices.Contains(many.Categories, "c999") {
		t.Errorf("%d categories, rare %v", len(many.Categories), many.Rare)
	}
	if !slices.Equal(few.Categories, []string{"often"}) || !few.Rare || few.Missing {
		t.Errorf("few: %+v", few)
	}
}

func TestScales(t *testing.T) {
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "%g,%d,%c\n", math.Exp(float64(i*37%500)/25), i%2, 'a'+i%2)
	}
	path := "csv:" + write(t, "f.csv", []byte(b.String()))
	x := make([]float32, 2)
	d := open(t, Spec{Data: path, TestData: path, Scale: ScaleQuantile})
	var below, outside int
	for i := range d.Test.Len() {
		d.Test.Read(x, i)
		if x[0] < -1 {
			below++
		}
		if math.Abs(float64(x[0])) > 3.1 || math.Abs(float64(x[1])) > 1 {
			outside++
		}
	}
	if below < 75 || below > 84 || outside != 0 { // 15.87 % of 500
		t.Errorf("quantile: %d of 500 rows below -1, %d outside", below, outside)
	}
	d = open(t, Spec{Data: path, TestData: path, Scale: ScaleNone})
	if d.Test.Read(x, 3); x[0] != float32(math.Exp(111.0/25)) || x[1] != 1 {
		t.Errorf("none: %v", x)
	}
}

// normal against tables of the normal distribution, and its symmetry.
func TestNormal(t *testing.T) {
	for p, want := range map[float64]float64{
		0.5: 0, 0.975: 1.959963984540054, 0.025: -1.959963984540054, 0.9: 1.2815515655446004,
		1e-3: -3.090232306167813, 0.999: 3.090232306167813, 1e-12: -7.034483825301131,
	} {
		if got := normal(p); math.Abs(got-want) > 1e-12 {
			t.Errorf("normal(%g) = %.17g, want %.17g", p, got, want)
		}
	}
}

// deviate rises with x, and takes the middle of ranks that are equal.
func TestDeviate(t *testing.T) {
	values := []float64{-math.MaxFloat64, 0, 0, 0, 0, 0, 1, 2, 3, math.MaxFloat64}
	q := quantiles(slices.Clone(values))
	last := math.Inf(-1)
	for _, x := range []float64{-math.MaxFloat64, -1e300, -1, 0, 0.5, 1, 1.5, 2, 3, 1e300, math.MaxFloat64} {
		got := deviate(q, x)
		if got < last || !finite(got) {
			t.Errorf("deviate(%g) = %g, after %g", x, got, last)
		}
		last = got
	}
	if got := deviate([]float64{0, 1, 1, 1, 2}, 1); got != 0 {
		t.Errorf("the middle is %g, want 0", got)
	}
}
