package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A section that was not measured here keeps its place in the page.
func TestPageKeepsSections(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "page.md")
	kept := "\n## The ring, beside gloo\n\nOld text.\n\n| bytes |\n|---|\n| 8 |\n"
	before := "# Performance\n\n" + begin + "\n\n## Kernels\n\nSlow.\n" + kept + "\n" + end + "\n\n## Behind\n"
	if err := os.WriteFile(page, []byte(before), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writePage(page, dir); err != nil {
		t.Fatal(err)
	}
	if text := read(t, page); text != before {
		t.Errorf("nothing was measured, and the page is\n%s", text)
	}
	measured := table{Title: "Kernels", Text: "Fast.", Head: []string{"product"}, Rows: [][]string{{"a·b"}}, Rounds: 2}
	if err := measured.save(filepath.Join(dir, "kernels.json")); err != nil {
		t.Fatal(err)
	}
	if err := writePage(page, dir); err != nil {
		t.Fatal(err)
	}
	text := read(t, page)
	if strings.Contains(text, "Slow") || !strings.Contains(text, "Fast. 2 rounds") || !strings.Contains(text, kept) || !strings.HasSuffix(text, end+"\n\n## Behind\n") {
		t.Errorf("kernels were measured, and the page is\n%s", text)
	}
	if strings.Index(text, "## Kernels") > strings.Index(text, "## The ring") {
		t.Error("the sections have changed places")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
