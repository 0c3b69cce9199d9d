package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFill(t *testing.T) {
	table := func(g group, methods []string, _ rows) (string, error) {
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

// A row that was trained with more seeds elsewhere stays as it is.
func TestTableKeepsRows(t *testing.T) {
	s := study{out: t.TempDir(), seeds: []string{"0", "1"}}
	g := group{name: "g", methods: []string{"a", "b"}}
	train := func(method, seed string, accuracy float64) {
		dir := s.dir(g, method, seed)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf(`{"test": {"balanced_accuracy": %g, "worst_class_recall": 0.5, "ece": 0.25}}`, accuracy)
		if err := os.WriteFile(filepath.Join(dir, "summary.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.table(g, g.methods, nil); err == nil || !strings.Contains(err.Error(), "a has not been trained") {
		t.Errorf("nothing is there: %v", err)
	}
	train("a", "0", 0.5)
	train("b", "0", 0.75)
	train("b", "1", 0.75)
	kept := "| `a` | 2 | 0.1 | 0.2 | 0.3 |\n"
	got, err := s.table(g, g.methods, rowsOf("| run | seeds | balanced accuracy |\n|---|---|---|\n"+kept+"| `b` | 1 | 0.4 | 0.5 | 0.6 |\n"))
	want := kept + "| `b` | 2 | 0.7500 ± 0.0000 | 0.5000 ± 0.0000 | 0.2500 ± 0.0000 |\n"
	if _, body, _ := strings.Cut(got, "|---|---|---|---|---|\n"); err != nil || body != want {
		t.Errorf("%v\n%s", err, got)
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
