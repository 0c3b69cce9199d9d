package main

import (
	"strings"
	"testing"
)

func TestFill(t *testing.T) {
	table := func(g group, methods []string) (string, error) {
		return g.name + " " + strings.Join(methods[:2], " ") + "\n", nil
	}
	page := "one\n\n<!-- learning: noise; gce; sce -->\n\nold\n" + end + "\n\ntwo\n\n<!-- learning: tail -->\n" + end + "\n"
	want := "one\n\n<!-- learning: noise; gce; sce -->\n\nnoise gce sce\n\n" + end + "\n\ntwo\n\n<!-- learning: tail -->\n\ntail erm focal\n\n" + end + "\n"
	got, err := fill(page, table)
	if err != nil || got != want {
		t.Errorf("%v\n%s", err, got)
	}
	if again, err := fill(got, table); err != nil || again != got {
		t.Errorf("a second time: %v\n%s", err, again)
	}
	for page, why := range map[string]string{
		"<!-- learning: none -->\n" + end: "no group",
		"<!-- learning: tail -->\n":       "no line",
	} {
		if _, err := fill(page, table); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%q: %v", page, err)
		}
	}
}

func TestCell(t *testing.T) {
	if got := cell([]float64{0.5}); got != "0.5000" {
		t.Error(got)
	}
	if got := cell([]float64{0.5, 0.7}); got != "0.6000 ± 0.1414" {
		t.Error(got)
	}
}
