package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/train"
)

func fileOf(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.yaml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestReadSpace: lists and ranges become dimensions that set what the flags of
// their names would set.
func TestReadSpace(t *testing.T) {
	dims, err := ReadSpace(fileOf(t, "lr: 0.001..0.01\nembed: [none, \"ple:8,4\"]\ndropout: [auto, 0.5]\nmethod: [\"drs[from=0]\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := train.Defaults()
	for _, d := range dims {
		if err := d.Set(&c, d.Value(0.99)); err != nil {
			t.Fatal(err)
		}
	}
	want := train.Defaults()
	want.LR, want.Embed, want.Dropout, want.Method = 0.00977, "ple:8,4", 0.5, "drs[from=0]"
	if c.Canonical() != want.Canonical() || len(dims) != 4 {
		t.Errorf("%d dimensions; set\n%s, expected\n%s", len(dims), c.Canonical(), want.Canonical())
	}
}

func TestReadSpaceRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"lr: 0.001":                       "want a list of values, or a range",
		"lr: 0.01..0.001":                 "want a list of values, or a range",
		"lr: 0..1":                        "want a list of values, or a range",
		"lr: []":                          "at least one value",
		"lr: [fast]":                      `lr: "fast"`,
		"epochs: 5..20":                   "epochs",
		"larning-rate: [1]":               "no setting of a model",
		"dropuot: [0.1]\nlr: 0.001..0.01": `did you mean "dropout"?`,
		"out: [a, b]":                     "no setting of a model",
		"- lr":                            "expected YAML",
	} {
		if _, err := ReadSpace(fileOf(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, expected %q", text, err, want)
		}
	}
	if _, err := ReadSpace("no/such.yaml"); err == nil || !strings.Contains(err.Error(), "--space") {
		t.Errorf("a file that is not there: %v", err)
	}
}

// TestReadRivals: a rival has the settings of the base but for what it names.
func TestReadRivals(t *testing.T) {
	base := train.Defaults()
	base.Embed, base.LR = "ple:32", 0.004
	rivals, err := ReadRivals(fileOf(t, "small: {model: \"mlp:64\", lr: auto}\nlinear: {model: logistic, embed: none, method: \"cb[from=0]\"}\n"), base)
	if err != nil {
		t.Fatal(err)
	}
	linear, small := base, base
	linear.Model, linear.Embed, linear.Method = "logistic", "none", "cb[from=0]"
	small.Model, small.LR = "mlp:64", 0
	if len(rivals) != 2 || rivals[0].Name != "linear" || rivals[0].Config != linear || rivals[1].Config != small {
		t.Errorf("%+v", rivals)
	}
	for text, want := range map[string]string{
		"small: {modle: x}": `small: modle: no setting of a model; did you mean "model"?`,
		"small: 3":          "expected YAML",
		"small: {lr: x}":    "small: lr",
	} {
		if _, err := ReadRivals(fileOf(t, text), base); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, expected %q", text, err, want)
		}
	}
}
