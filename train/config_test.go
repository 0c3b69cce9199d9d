package train

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/dataset"
)

func TestDefaultsAreValid(t *testing.T) {
	for _, kind := range []dataset.Kind{dataset.Image, dataset.Table} {
		c, err := Defaults().Resolve(kind)
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if again, err := c.Resolve(kind); err != nil || again != c {
			t.Errorf("%s: resolving twice gives %+v (%v), once %+v", kind, again, err, c)
		}
		canonical := strings.NewReplacer("header=auto\n", "", "separator=auto\n", "", "missing=auto\n", "", "image-size=auto\n", "").Replace(c.Canonical()) // the content decides these
		if strings.Contains(canonical, "auto") {
			t.Errorf("%s: something is still auto:\n%s", kind, c.Canonical())
		}
	}
}

// TestValidateNamesFlags: each mistake is told with its flag, and all at once.
func TestValidateNamesFlags(t *testing.T) {
	for flag, edit := range map[string]func(*Config){
		"--lr":           func(c *Config) { c.LR = -1 },
		"--lambda":       func(c *Config) { c.Lambda = "0" },
		"--gamma":        func(c *Config) { c.Gamma = 0 },
		"--alpha":        func(c *Config) { c.Alpha = 0 },
		"--batch":        func(c *Config) { c.Batch = 0 },
		"--epochs":       func(c *Config) { c.Epochs = 0 },
		"--shards":       func(c *Config) { c.Shards = 0 },
		"--fold -2":      func(c *Config) { c.Fold = -2 },
		"--fold 1":       func(c *Config) { c.Fold = 1 },
		"--fold 3":       func(c *Config) { c.Fold = 3 },
		"--fold 8":       func(c *Config) { c.Fold = 8 },
		"--momentum":     func(c *Config) { c.Momentum = 1 },
		"--dropout":      func(c *Config) { c.Dropout = 1 },
		"--optimizer":    func(c *Config) { c.Optimizer = "sdg" },
		"--model":        func(c *Config) { c.Model = "mlp:" },
		"--init-scale":   func(c *Config) { c.InitScale = 0 },
		"--embed":        func(c *Config) { c.Embed = "ple:0" },
		"--ensemble":     func(c *Config) { c.Ensemble = 0 },
		"--norm":         func(c *Config) { c.Norm = "batches" },
		"--method":       func(c *Config) { c.Method = "absgd[gamma=x]" },
		"--lr-schedule":  func(c *Config) { c.LRSchedule = "linear" },
		"--u-init":       func(c *Config) { c.UInit = "one" },
		"--cb-beta":      func(c *Config) { c.CBBeta = 1 },
		"--weight-decay": func(c *Config) { c.WeightDecay = -2 },
		"--order":        func(c *Config) { c.Order = "random" },
		"--augment":      func(c *Config) { c.Augment = "rotate" },
		"header":         func(c *Config) { c.Header = "maybe" },
	} {
		c := Defaults()
		edit(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%s: error %v does not name it", flag, err)
		}
	}
	c := Defaults()
	c.LR, c.Lambda, c.Batch = -1, "0", 0
	err := c.Validate()
	for _, flag := range []string{"--lr", "--lambda", "--batch"} {
		if err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("three mistakes: error %v does not name %s", err, flag)
		}
	}
}

// TestCanonical: two ways to write one run compare equal, two runs do not, and
// where the data lies is nobody's business.
func TestCanonical(t *testing.T) {
	resolve := func(edit func(*Config)) string {
		c := Defaults()
		edit(&c)
		r, err := c.Resolve(dataset.Image)
		if err != nil {
			t.Fatal(err)
		}
		return r.Canonical()
	}
	base := resolve(func(*Config) {})
	one := uint64(1)
	for name, edit := range map[string]func(*Config){
		"order of words":     func(c *Config) { c.Method = "la+absgd" },
		"bracketed defaults": func(c *Config) { c.Method = "absgd[gamma=0.9]+la[tau=1]" },
		"no shift":           func(c *Config) { c.Augment = "crop=0" },
		"explicit auto":      func(c *Config) { c.Optimizer, c.LR = "sgd", 0.05 },
		"data seed":          func(c *Config) { c.DataSeed = &one },
	} {
		if got := resolve(edit); got != base {
			t.Errorf("%s: canonical text differs:\n%s", name, got)
		}
	}
	if a, b := resolve(func(c *Config) { c.Data = "idx:/a" }), resolve(func(c *Config) { c.Data = "idx:/b" }); a != b {
		t.Error("the place of the data is part of the configuration")
	}
	for name, edit := range map[string]func(*Config){
		"seed":   func(c *Config) { c.Seed = 2 },
		"lambda": func(c *Config) { c.Lambda = "2" },
		"shards": func(c *Config) { c.Shards = 4 },
		"data":   func(c *Config) { c.Data = "idx:/a" },
		"header": func(c *Config) { c.Header = "yes" },
		"flip":   func(c *Config) { c.Augment = "flip" },
	} {
		if resolve(edit) == base {
			t.Errorf("%s: another run has the same canonical text", name)
		}
	}
}

// TestCanonicalForgetsNothing: every field has a key of its own and a line in the
// text, and another value makes it another text; but where the data lies does
// not.
func TestCanonicalForgetsNothing(t *testing.T) {
	base := Defaults()
	var keys []string
	for i := range reflect.TypeFor[Config]().NumField() {
		field := reflect.TypeFor[Config]().Field(i)
		key := field.Tag.Get("koanf")
		if key == "" || slices.Contains(keys, key) {
			t.Fatalf("field %s has the key %q, expected one of its own", field.Name, key)
		}
		keys = append(keys, key)
		c := base
		switch v := reflect.ValueOf(&c).Elem().Field(i); v.Kind() {
		case reflect.String:
			v.SetString(v.String() + "x")
		case reflect.Bool:
			v.SetBool(!v.Bool())
		case reflect.Int:
			v.SetInt(v.Int() + 1)
		case reflect.Uint64:
			v.SetUint(v.Uint() + 1)
		case reflect.Float64:
			v.SetFloat(v.Float() + 1)
		case reflect.Pointer: // to a seed
			seed := base.Seed + 1
			v.Set(reflect.ValueOf(&seed))
		default:
			t.Fatalf("field %s is of a kind that this test does not change", field.Name)
		}
		if placed := slices.Contains(elsewhere, key); (c.Canonical() == base.Canonical()) != placed {
			t.Errorf("%s: another value gives another text: %v, expected %v", key, placed, !placed)
		}
	}
	lines := strings.Split(strings.TrimSuffix(base.Canonical(), "\n"), "\n")
	if len(lines) != len(keys)-len(elsewhere) || !slices.IsSorted(lines) {
		t.Errorf("%d lines for %d keys, or not in order:\n%s", len(lines), len(keys), base.Canonical())
	}
}

// TestAugmentWantsImages: a table is told so.
func TestAugmentWantsImages(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Augment, cfg.Batch = "csv:"+writeTable(t, 60), "crop,flip", 10
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newJob(cfg, data); err == nil || !strings.Contains(err.Error(), "--augment crop,flip: the samples are rows of a table") {
		t.Errorf("error %v", err)
	}
}
