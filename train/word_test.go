package train

import (
	"math"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/model"
)

// TestOwnOptions: an option without a flag is part of the method's name, in one
// spelling, and reaches the word that it belongs to.
func TestOwnOptions(t *testing.T) {
	var got Params
	register(Word{
		Name: "testloss", Role: RoleLoss,
		Options: []Option{
			{Name: "q", Default: "0.7", Check: IsNumber(0, 1)},
			{Name: "a", Default: "2", Check: IsNumber(0, 9)},
		},
		Loss:     func(_ Ingredients, p Params) (model.Loss, error) { got = p; return model.CrossEntropy{}, nil },
		Strength: func(_ Ingredients, p Params) float64 { return p.Float("a") },
	})
	defer delete(words, "testloss")
	m, err := ParseMethod("testloss[q=0.5,a=3]+absgd[lambda=2]")
	if err != nil {
		t.Fatal(err)
	}
	if want := "absgd+testloss[a=3,q=0.5]"; m.String() != want {
		t.Errorf("%s, expected %s", m, want)
	}
	in := Ingredients{Config: Defaults(), Counts: []int{3, 1}}
	if _, _, err := m.build(in); err != nil || got.Float("q") != 0.5 || got.Float("a") != 3 {
		t.Errorf("made with %v (%v)", got, err)
	}
	if s := m.strength(in); s != 3 {
		t.Errorf("strength %v", s)
	}
	if m, err = ParseMethod("testloss"); err != nil || m.own(words["testloss"])["q"] != "0.7" {
		t.Errorf("defaults %v (%v)", m.own(words["testloss"]), err)
	}
	for text, want := range map[string]string{
		"testloss[q=2]":  "want a number from 0 to 1",
		"testloss[r=2]":  "it takes a, q",
		"testloss+la":    "two base losses",
		"testloss[q=.5]": "",
	} {
		if _, err := ParseMethod(text); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, expected %q", text, err, want)
		}
	}
}

// TestStrength: what the methods take out of the scores.
func TestStrength(t *testing.T) {
	in := Ingredients{Config: Defaults(), Counts: []int{1000, 100, 10}, Mass: []float64{1000, 100, 10}}
	in.Config.Tau = 0.8
	in.Config.CBBeta = 0.9999999999 // so near to 1 that the weights are one over the counts
	for text, want := range map[string]float64{"erm": 0, "absgd": 0, "la": 0.8, "absgd+la": 0.8, "cb": 1, "absgd+cb": 1, "cb+la": 1.8} {
		m, err := ParseMethod(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := m.strength(in); math.Abs(got-want) > 1e-4 {
			t.Errorf("%s: strength %v, expected %v", text, got, want)
		}
	}
	in.Config.CBBeta = 0
	if got := balancedStrength(in, nil); got != 0 {
		t.Errorf("equal weights have strength %v", got)
	}
}

// TestWordsAreWhole: every word has a note and builds with its defaults, and
// every value to try is one that it takes.
func TestWordsAreWhole(t *testing.T) {
	for _, w := range Words() {
		if w.Note == "" {
			t.Errorf("%s has no note", w.Name)
		}
		texts := []string{w.Name}
		for _, o := range w.Options {
			for _, v := range o.Try {
				texts = append(texts, w.Name+"["+o.Name+"="+v+"]")
			}
		}
		for _, text := range texts {
			c := Defaults()
			c.Method = text
			if err := c.Validate(); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			if c, err := c.Resolve("image"); err != nil {
				t.Errorf("%s: %v", text, err)
			} else if m, err := ParseMethod(c.Method); err != nil {
				t.Errorf("%s: %v", c.Method, err)
			} else if _, _, err := m.build(Ingredients{Config: c, Counts: []int{5, 3}, Mass: []float64{5, 3}}); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}
