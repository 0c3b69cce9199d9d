package train

import (
	"slices"
	"testing"
)

func TestBaseOf(t *testing.T) {
	for method, want := range map[string]string{
		"erm": "", "la": "erm", "cb": "erm", "absgd": "erm", "absgd+la": "la", "absgd[lambda=inf@0,2@0.6]+la[tau=2]": "la[tau=2]",
		"absgd+cb": "cb", "cb+la": "la", "absgd+la+cb": "la+cb", "nonsense": "", "la[": "",
	} {
		if got, ok := BaseOf(method); got != want || ok != (want != "") {
			t.Errorf("%s stands on %q (%v), expected %q", method, got, ok, want)
		}
	}
}

func TestSplitMethods(t *testing.T) {
	got := SplitMethods("erm, absgd[lambda=inf@0,2@0.6,gamma=1]+la,cb")
	if want := []string{"erm", "absgd[lambda=inf@0,2@0.6,gamma=1]+la", "cb"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
