package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestNewRows: cells are handed on as they are written, in the rows' order, and
// categories that the model does not know are told.
func TestNewRows(t *testing.T) {
	trained := open(t, Spec{Data: "csv:" + write(t, "f.csv", []byte(strings.ReplaceAll(sites(), "\n,", "\nbern,")))})
	dir := t.TempDir()
	one := filepath.Join(dir, "new-1.csv")
	for name, text := range map[string]string{"new-1.csv": "007;1;9;rome\n\n\"a;\"\"b\";2;10;paris\n", "new-2.csv": "1e3;2;9;paris\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("id;x;year;site\n"+text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s := Spec{Data: "csv:" + filepath.Join(dir, "new-?.csv"), Prep: &trained.Prep, Unlabelled: true}
	texts, err := Texts(t.Context(), s, []string{"id", "-1"})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(texts[0], []string{"007", `a;"b`, "1e3"}) || !slices.Equal(texts[1], []string{"rome", "paris", "paris"}) {
		t.Errorf("texts %q", texts)
	}
	d := open(t, s)
	if len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], `("site"): 2 of 3 rows`) || !strings.Contains(d.Warnings[0], `"paris" at `+one+":4") {
		t.Errorf("told: %q", d.Warnings)
	}
	if _, err := Texts(t.Context(), s, []string{"ids"}); err == nil || !strings.Contains(err.Error(), `did you mean "id"`) {
		t.Errorf("a column that is not there: %v", err)
	}
	if _, err := Texts(t.Context(), Spec{Data: "glyphs"}, []string{"id"}); err == nil || !strings.Contains(err.Error(), "only a text") {
		t.Errorf("glyphs: %v", err)
	}
}
