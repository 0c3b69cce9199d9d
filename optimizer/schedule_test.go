package optimizer

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestAt(t *testing.T) {
	for _, tt := range []struct {
		fraction     float64
		steps, first int
	}{{0, 30, 0}, {0.1, 30, 3}, {0.6, 20 * 469, 12 * 469}, {0.7, 10, 7}, {0.8, 9, 8}, {0.3, 1, 1}, {1, 5, 5}, {1. / 3, 9, 3}} {
		for k := range tt.steps + 1 {
			if got := (At{k, tt.steps}).Reached(tt.fraction); got != (k >= tt.first) {
				t.Errorf("%v of %d steps: reached at step %d is %v, want from %d on", tt.fraction, tt.steps, k, got, tt.first)
			}
		}
	}
	if (At{5, 0}).Reached(0.1) || !(At{}).Reached(0) || (At{5, 0}).Progress() != 0 {
		t.Error("without a planned total something but the start is reached")
	}
	if p := (At{12, 10}).Progress(); p != 1 {
		t.Errorf("progress beyond the end is %v", p)
	}
}

// TestSchedules lists the factors of a run of ten steps.
func TestSchedules(t *testing.T) {
	const r = 1e-15
	tests := []struct {
		text   string
		warmup int
		want   []float64
	}{
		{"constant", 0, []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"constant", 4, []float64{.25, .5, .75, 1, 1, 1, 1, 1, 1, 1}},
		{"step:0.3:0.5", 0, []float64{1, 1, 1, .5, .5, .5, .25, .25, .25, .125}},
		{"step:1:0.5", 0, []float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
		{"multistep:0.6,0.8:0.1", 0, []float64{1, 1, 1, 1, 1, 1, .1, .1, .01, .01}},
		{"multistep:0.1:0.5", 2, []float64{.5, .5, .5, .5, .5, .5, .5, .5, .5, .5}},
		{"cosine", 0, []float64{1, 0.9755282581475768, 0.9045084971874737, 0.7938926261462366, 0.6545084971874737,
			0.5, 0.3454915028125263, 0.2061073738537634, 0.0954915028125263, 0.02447174185242323}},
		{"cosine", 2, []float64{.5, 0.9755282581475768, 0.9045084971874737, 0.7938926261462366, 0.6545084971874737,
			0.5, 0.3454915028125263, 0.2061073738537634, 0.0954915028125263, 0.02447174185242323}},
	}
	for _, tt := range tests {
		s, err := ParseSchedule(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if s.String() != tt.text {
			t.Errorf("%q prints as %q", tt.text, s)
		}
		if tt.warmup > 0 {
			s = WarmUp{tt.warmup, s}
		}
		for k, want := range tt.want {
			if got := s.Factor(At{k, 10}); math.Abs(got-want) > r {
				t.Errorf("%s, step %d: factor %v, want %v", s, k, got, want)
			}
		}
	}
}

func TestParseScheduleRefuses(t *testing.T) {
	for text, part := range map[string]string{
		"":                        "unknown name",
		"linear":                  "unknown name",
		"constant:1":              "takes no arguments",
		"cosine:":                 "takes no arguments",
		"step":                    "step:EVERY:FACTOR",
		"step:0.3":                "step:EVERY:FACTOR",
		"step:0.3:0.1:2":          "step:EVERY:FACTOR",
		"step:x:0.1":              `EVERY: "x" is not a number`,
		"step:30:0.1":             "EVERY is 30",
		"step:0:0.1":              "EVERY is 0",
		"step:0.3:-1":             "FACTOR is -1",
		"step:0.3:inf":            "FACTOR is +Inf",
		"multistep:0.6,0.8":       "multistep:START",
		"multistep:0.8,0.6:0.1":   "ascending",
		"multistep:0.6,,0.8:0.1":  "is not a number",
		"multistep:0.6,nan:0.1":   "is not a number",
		"multistep:0.6,1.5:0.1":   "START is 1.5",
		"multistep:0x1p-1,0.8:.1": "is not a number",
	} {
		_, err := ParseSchedule(text)
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("ParseSchedule(%q): %v, want an error with %q", text, err, part)
		}
	}
}

func TestParseLambda(t *testing.T) {
	inf := math.Inf(1)
	for text, want := range map[string]Lambda{
		"2":                 {{2, 0}},
		"-0.5":              {{-0.5, 0}},
		"inf":               {{inf, 0}},
		"2@0.8":             {{2, 0.8}},
		"inf@0,2@0.6":       {{inf, 0}, {2, 0.6}},
		" inf@0 , 5@0.6 ":   {{inf, 0}, {5, 0.6}},
		"9@0,3@0.3,-1@0.99": {{9, 0}, {3, 0.3}, {-1, 0.99}},
	} {
		got, err := ParseLambda(text)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("ParseLambda(%q): %v\n%s", text, err, diff)
		}
	}
	for text, part := range map[string]string{
		"":            "is not a number",
		"0":           "lambda is 0",
		"nan":         "is not a number",
		"-inf":        "lambda is -Inf",
		"1e-40":       "lambda is 1e-40",
		"1e999":       "is not a number",
		"1,2":         "VALUE@START",
		"2@":          "the start of item",
		"2@x":         "the start of item",
		"2@1.5":       "[0, 1]",
		"2@-0.1":      "[0, 1]",
		"2@0.6,3@0.6": "ascending",
		"2@0.6,3@0.2": "ascending",
		"2@0,":        "VALUE@START",
	} {
		_, err := ParseLambda(text)
		if err == nil || !strings.Contains(err.Error(), part) || !strings.HasPrefix(err.Error(), "lambda ") {
			t.Errorf("ParseLambda(%q): %v, want an error with %q", text, err, part)
		}
	}
}

// TestDamped: the values of a damped item, and where they start.
func TestDamped(t *testing.T) {
	l, err := ParseLambda("inf@0,80..10/4@0.2,-2..-8/3@0.6")
	if err != nil {
		t.Fatal(err)
	}
	want := Lambda{{math.Inf(1), 0}, {80, 0.2}, {40, 0.3}, {20, 0.4}, {10, 0.5}, {-2, 0.6}, {-4, 0.6 + 0.4/3}, {-8, 0.6 + 0.8/3}}
	if diff := cmp.Diff(want, l, cmpopts.EquateApprox(1e-14, 0)); diff != "" {
		t.Error(diff)
	}
	if l, err = ParseLambda("8..1/2"); err != nil || l.String() != "8@0,1@0.5" {
		t.Errorf("%v (%v)", l, err)
	}
	for _, text := range []string{"8..1", "8..1/1", "8..1/x", "8..-1/3", "inf..1/3", "0..1/3", "8../3", "..8/3", "8..1/1001", "8..1/3@0.5,2@0.5"} {
		if l, err := ParseLambda(text); err == nil {
			t.Errorf("%s is taken: %v", text, l)
		}
	}
}

func TestLambdaAt(t *testing.T) {
	l, err := ParseLambda("4@0.2,2@0.6")
	if err != nil {
		t.Fatal(err)
	}
	inf := math.Inf(1)
	for k, want := range []float64{inf, inf, 4, 4, 4, 4, 2, 2, 2, 2} {
		if got := l.At(At{k, 10}); got != want {
			t.Errorf("step %d: λ = %v, want %v", k, got, want)
		}
	}
}

func FuzzParseLambda(f *testing.F) {
	for _, s := range []string{"2", "inf@0,2@0.6", "-5@0.5", "nan", "0", "1@0,2@0.1,inf@1", "1e-30", "@", ",", "2@-0", "inf@0,50..5/4@0.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, err := ParseLambda(text)
		if err != nil {
			return
		}
		again, err := ParseLambda(l.String())
		if diff := cmp.Diff(l, again); err != nil || diff != "" {
			t.Fatalf("%q -> %q -> %v\n%s", text, l, err, diff)
		}
		if _, err := NewABSGD(ABSGDConfig{Lambda: l, Gamma: 1, Alpha: 1}); err != nil {
			t.Fatalf("%q parses, but %v", text, err)
		}
	})
}

func FuzzParseSchedule(f *testing.F) {
	for _, s := range []string{"constant", "cosine", "step:0.3:0.1", "multistep:0.6,0.8:0.1", "step::", "multistep:,:1", "step:1e-4:2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSchedule(text)
		if err != nil {
			return
		}
		again, err := ParseSchedule(s.String())
		if diff := cmp.Diff(s, again); err != nil || diff != "" {
			t.Fatalf("%q -> %q -> %v\n%s", text, s, err, diff)
		}
		for k := range 8 {
			if v := s.Factor(At{k, 8}); !(v >= 0) {
				t.Fatalf("%q: factor %v at step %d", text, v, k)
			}
		}
	})
}
