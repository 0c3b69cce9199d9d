package cli

import "testing"

func TestRange(t *testing.T) {
	for _, tt := range []struct {
		text  string
		want  Range
		least int
	}{
		{"0", Range{}, 0}, {"3", Range{Min: 3}, 0}, {"2:8", Range{2, 8}, 2}, {"1:1", Range{1, 1}, 1},
	} {
		got, err := ParseRange(tt.text)
		if err != nil || got != tt.want || got.Least() != tt.least || got.String() != tt.text {
			t.Errorf("%s: %+v, at least %d, printed %q; %v", tt.text, got, got.Least(), got, err)
		}
	}
	for _, text := range []string{"", "x", "-1", "1:", ":2", "0:2", "3:2", "1:2:3", "1.5", "2:-1"} {
		if r, err := ParseRange(text); err == nil {
			t.Errorf("%q is read as %v", text, r)
		}
	}
	if got, want := (Range{2, 3}).Times(4), (Range{8, 12}); got != want {
		t.Errorf("2:3 machines of 4 nodes are %v, want %v", got, want)
	}
}

// FuzzParseRange: what is read prints as something that reads the same.
func FuzzParseRange(f *testing.F) {
	for _, text := range []string{"0", "4", "2:4", "+1", "01:2", "9999999999999999999"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRange(text)
		if err != nil {
			return
		}
		if again, err := ParseRange(r.String()); err != nil || again != r {
			t.Errorf("%q is %v, which is read as %v, %v", text, r, again, err)
		}
	})
}
