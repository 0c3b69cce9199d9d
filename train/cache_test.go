package train

import (
	"path/filepath"
	"testing"
)

// TestCacheIsUsed: a run keeps the table that it has parsed, where it is told.
func TestCacheIsUsed(t *testing.T) {
	cfg, dir := Defaults(), t.TempDir()
	cfg.Data = "csv:" + writeTable(t, 40_000) // above the size that is worth it
	for _, want := range []int{1, 1} {
		if _, err := prepare(t.Context(), cfg, Options{Cache: dir}); err != nil {
			t.Fatal(err)
		}
		if entries, err := filepath.Glob(filepath.Join(dir, "*.frame")); err != nil || len(entries) != want {
			t.Errorf("%d entries (%v), want %d", len(entries), err, want)
		}
	}
}
