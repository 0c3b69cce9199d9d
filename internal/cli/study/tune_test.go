package study

import (
	"slices"
	"strings"
	"testing"
)

// TestSearch: every round trains fewer settings for more epochs, the last one
// in full; the best is first; and a second run trains nothing and finds the
// same.
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
	var epochs []int
	for _, c := range found.Candidates {
		epochs = append(epochs, c.Epochs)
	}
	if !slices.Equal(epochs, []int{4, 2, 1, 1}) {
		t.Errorf("epochs %v", epochs)
	}
	if a, b := found.Candidates[2], found.Candidates[3]; a.Score < b.Score {
		t.Errorf("of those that went out first %v stands before %v", a, b)
	}
	if best := found.Best(); best.Epochs != 4 || best.LR == 0 {
		t.Errorf("the settings found are %+v", best)
	}
	var b strings.Builder
	if err := found.Markdown(&b, 2); err != nil || !strings.Contains(b.String(), "2 more went out") {
		t.Errorf("%v: %s", err, b.String())
	}
	g, trained = counting(dir)
	again, err := s.Run(t.Context(), g)
	if err != nil || len(*trained) != 0 || !slices.Equal(again.Trials(), found.Trials()) {
		t.Errorf("again: trained %v, order %v, then %v (%v)", *trained, found.Trials(), again.Trials(), err)
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
