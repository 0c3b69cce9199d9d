package train

import (
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
)

// TestTextIsLearnt: without the text there is nothing to go by, with it the rows
// are told apart, by what the model file says too.
func TestTextIsLearnt(t *testing.T) {
	c := Defaults()
	c.Data, c.Label, c.Method, c.Model, c.Epochs = "csv:"+writeReviews(t, 600), "class", "erm", "mlp:16", 30
	blind := c
	blind.Drop = "review"
	if s := inProcess(t, blind, 1); s.Test.BalancedAccuracy > 0.65 {
		t.Fatalf("balanced accuracy %v without the text: the test tests nothing", s.Test.BalancedAccuracy)
	}
	c.Text = "review"
	s := inProcess(t, c, 1)
	if s.Test.BalancedAccuracy < 0.97 {
		t.Errorf("balanced accuracy %v with the text", s.Test.BalancedAccuracy)
	}
	data, err := dataset.Open(t.Context(), c.spec())
	if err != nil {
		t.Fatal(err)
	}
	net, err := c.network(data)
	if err != nil {
		t.Fatal(err)
	}
	if f := net.Fields; len(f) != 2 || f[0].Width != 0 || f[1].Values != dataset.DefaultBuckets || f[1].Width != 16 {
		t.Errorf("fields %+v", f)
	}
}

func TestTextSize(t *testing.T) {
	for _, word := range []string{"", "4096", "1x16", "4096x0", "65536x16", "x", "4096x16x2", "ax2"} {
		c := Defaults()
		c.TextSize = word
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "--text-size") {
			t.Errorf("%q: error %v", word, err)
		}
	}
}
