package study

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/train"
)

// TestSearch: every round trains fewer settings for more epochs, the last one
// in full; the best of all rounds is first, with the epochs that it was best
// with; and a second run trains nothing and finds the same.
func TestSearch(t *testing.T) {
	dir := t.TempDir()
	g, trained := counting(dir)
	base := small(t)
	base.Method, base.Epochs, base.ValFraction = "absgd+la", 4, 0.3
	s := Search{Base: base, Seeds: []uint64{1, 2}, Trials: 4, Keep: 2}
	found, err := s.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	if found.Rounds != 3 || len(*trained) != 2*(4+2+1) {
		t.Errorf("%d rounds, %d models: %v", found.Rounds, len(*trained), *trained)
	}
	rounds := map[int]int{}
	for i, c := range found.Candidates {
		rounds[c.Round]++
		if i > 0 && c.Score > found.Candidates[i-1].Score {
			t.Errorf("%v stands behind %v", c, found.Candidates[i-1])
		}
		if c.Config.Epochs > 1<<(c.Round-1) {
			t.Errorf("%d epochs, and %d rounds", c.Config.Epochs, c.Round)
		}
		if got := scoreOf(t, dir, c.Config, s.Seeds); got != c.Score {
			t.Errorf("%v was found with %v, its runs say %v", c.Config, c.Score, got)
		}
	}
	if rounds[1] != 2 || rounds[2] != 1 || rounds[3] != 1 {
		t.Errorf("candidates by rounds: %v", rounds)
	}
	if best := found.Best(); best.LR == 0 || best.Seed != base.Seed {
		t.Errorf("the settings found are %+v", best)
	}
	var b strings.Builder
	if err := found.Markdown(&b, 2); err != nil || !strings.Contains(b.String(), "2 more were worse") {
		t.Errorf("%v: %s", err, b.String())
	}
	g, trained = counting(dir)
	again, err := s.Run(t.Context(), g)
	if err != nil || len(*trained) != 0 || !slices.Equal(again.Trials(), found.Trials()) {
		t.Errorf("again: trained %v, order %v, then %v (%v)", *trained, found.Trials(), again.Trials(), err)
	}
}

// scoreOf returns the mean score of the finished runs of settings.
func scoreOf(t *testing.T, dir string, c train.Config, seeds []uint64) float64 {
	t.Helper()
	g := Grid{Dir: dir}
	var results []Result
	for _, seed := range seeds {
		c.Seed = seed
		r, err := g.read(Cell{Config: c})
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	return validation(results, "balanced_accuracy")
}

// TestSearchSpace: a search of its own space varies that alone; a space of fewer
// settings than trials is searched whole, each setting once; and epochs that are
// part of it shrink with the rounds.
func TestSearchSpace(t *testing.T) {
	base := small(t)
	base.ValFraction, base.Epochs = 0.3, 4
	s := Search{Base: base, Seeds: []uint64{1}, Trials: 20, Keep: 2, Rounds: 2, Space: []Dimension{
		{Name: "epochs", Values: []string{"2", "4"}, Set: func(c *train.Config, value string) (err error) {
			c.Epochs, err = strconv.Atoi(value)
			return err
		}},
		{Name: "embed", Values: []string{"none", "ple:4"}, Set: func(c *train.Config, value string) error {
			c.Embed = value
			return nil
		}},
	}}
	g, trained := counting(t.TempDir())
	found, err := s.Run(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]bool{}
	for _, c := range found.Candidates {
		settings[fmt.Sprint(c.full.Epochs, c.full.Embed)] = true
		if n := c.Config.Epochs; n != c.full.Epochs/2 && (c.Round == 1 || n != c.full.Epochs) || c.full.LR != found.Candidates[0].full.LR {
			t.Errorf("%s: %d epochs in round %d, lr %v", c.Settings, n, c.Round, c.full.LR)
		}
	}
	// The shorter half of a setting is another's whole: 1, 2 and 2, 4 epochs.
	if len(settings) != 4 || len(found.Candidates) != 4 || len(*trained) > 4+2 {
		t.Errorf("settings %v, %d candidates, trained %v", settings, len(found.Candidates), *trained)
	}
	if best := found.Best(); best.Norm != "auto" || best.LR != 0 {
		t.Errorf("what was automatic is %s, %v: it may depend on what is drawn", best.Norm, best.LR)
	}
	if names := s.Varied(); !slices.Equal(names, []string{"epochs", "embed"}) {
		t.Errorf("varied %v", names)
	}
	s.Space[0].Values = []string{"two"}
	if _, err := s.Run(t.Context(), g); err == nil || !strings.Contains(err.Error(), "epochs two") {
		t.Errorf("epochs two: %v", err)
	}
}

// TestDimensionValue: numbers fill their range evenly over the logarithm, and
// every value of a list is drawn.
func TestDimensionValue(t *testing.T) {
	d := Dimension{Low: 0.001, High: 0.1}
	for draw, want := range map[float64]string{0: "0.001", 0.25: "0.00316", 0.5: "0.01", 0.999999: "0.1"} {
		if got := d.Value(draw); got != want {
			t.Errorf("draw %v: %s, expected %s", draw, got, want)
		}
	}
	d = Dimension{Values: []string{"a", "b", "c"}}
	for draw, want := range map[float64]string{0: "a", 0.34: "b", 0.999999: "c"} {
		if got := d.Value(draw); got != want {
			t.Errorf("draw %v: %s, expected %s", draw, got, want)
		}
	}
}

func TestSearchRefuses(t *testing.T) {
	base := small(t)
	whole := base
	whole.ValFraction = 0.2
	g, _ := counting(t.TempDir())
	for want, s := range map[string]Search{
		"--val-fraction": {Base: base, Seeds: []uint64{1}, Trials: 2, Keep: 2},
		"--keep":         {Base: whole, Seeds: []uint64{1}, Trials: 2},
	} {
		if _, err := s.Run(t.Context(), g); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, expected %q", err, want)
		}
	}
}
