package train

import (
	"os"
	"strings"
	"testing"
)

// TestWordsAreDocumented: every word has its line in the list of methods, which
// leads to a page that has its options.
func TestWordsAreDocumented(t *testing.T) {
	list, err := os.ReadFile("../docs/methods/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range Words() {
		line := "| `" + w.Name + "` | " + w.Note + " | [" + w.Name + "](" + w.Name + ".md) |"
		if !strings.Contains(string(list), line) {
			t.Errorf("docs/methods/README.md lacks the line\n%s", line)
		}
		page, err := os.ReadFile("../docs/methods/" + w.Name + ".md")
		if err != nil {
			t.Error(err)
			continue
		}
		for _, part := range []string{"# " + w.Name + ": ", "**When**", "**When not**", "../results/"} {
			if !strings.Contains(string(page), part) {
				t.Errorf("docs/methods/%s.md lacks %q", w.Name, part)
			}
		}
		for _, o := range w.Options {
			name := o.Flag
			if name == "" {
				name = o.Name
			} else {
				name = "--" + name
			}
			if !strings.Contains(string(page), "| `"+name+"` |") {
				t.Errorf("docs/methods/%s.md has no row for `%s`", w.Name, name)
			}
		}
	}
}
