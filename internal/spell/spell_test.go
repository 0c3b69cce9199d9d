package spell

import (
	"testing"

	"pgregory.net/rapid"
)

func TestNearest(t *testing.T) {
	known := []string{"lambda", "lr", "lr-schedule", "Label", "label-noise", "batch"}
	for word, want := range map[string]string{
		"lamda": "lambda", "lrr": "lr", "label": "Label", "labelnoise": "label-noise", "bacth": "batch", "quite-another-thing": "",
	} {
		if got := Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

// TestDistance: the laws of a metric.
func TestDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[a-c]{0,6}`)
		a, b, c := word.Draw(t, "a"), word.Draw(t, "b"), word.Draw(t, "c")
		ab, ba, bc, ac := distance(a, b), distance(b, a), distance(b, c), distance(a, c)
		if ab != ba || (ab == 0) != (a == b) || ac > ab+bc || ab > max(len(a), len(b)) {
			t.Fatalf("distances %d %d %d %d", ab, ba, bc, ac)
		}
	})
}
