// Command tables writes docs/results/tables.md's tables to standard output, from
// what scripts/tables.sh has left in a directory:
//
//	go run ./scripts/tables runs/tables
package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/stats"
)

// table is a data set with what scikit-learn 1.2.1 reaches on the same splits:
// gradient boosting (60 rounds, 15 leaves) and logistic regression with balanced
// class weights, and a plain network with a hidden layer of 64.
type table struct {
	name                string
	trees, worst, auroc float64 // of the trees: balanced accuracy, worst class, AUROC
	linear, small       float64 // balanced accuracy
}

var tables = []table{
	{"shuttle", 0.9951, 0.9656, 1, 0.9792, 0.6400},
	{"adult", 0.8416, 0.8081, 0.9252, 0.8197, 0.7761},
	{"mammography", 0.8971, 0.8205, 0.9649, 0.8824, 0.7078},
	{"credit-default", 0.7156, 0.6461, 0.7851, 0.6743, 0.6595},
	{"wine-quality-white", 0.4212, 0, 0.8410, 0.3063, 0.2297},
	{"thyroid-sick", 0.9565, 0.9275, 0.9972, 0.8891, 0.7532},
	{"nsl-kdd", 0.8162, 0.6627, 0.9565, 0.7723, 0.7959},
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run ./scripts/tables DIR, where scripts/tables.sh has left its results")
	}
	dir := os.Args[1]
	var settings, beside, every strings.Builder
	keys := []string{"embed", "model", "norm", "method", "dropout", "lr", "ensemble", "epochs"}
	settings.WriteString("| table | `--" + strings.Join(keys, "` | `--") + "` |\n|---" + strings.Repeat("|---", len(keys)) + "|\n")
	beside.WriteString("| table | balanced accuracy | trees | logistic | small network | worst class | trees | AUROC | trees |\n|---|---|---|---|---|---|---|---|---|\n")
	every.WriteString("| table | run | balanced accuracy | worst class | AUROC | ECE | ECE, corrected | found − run |\n|---|---|---|---|---|---|---|---|\n")
	for _, t := range tables {
		c, err := read(filepath.Join(dir, t.name, "compare.csv"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			log.Fatal(err)
		}
		var best []string
		for _, key := range keys {
			value, err := setting(filepath.Join(dir, t.name+"-refined", "best.yaml"), key)
			if err != nil {
				log.Fatal(err)
			}
			best = append(best, value)
		}
		fmt.Fprintf(&settings, "| %s | %s |\n", t.name, strings.Join(best, " | "))
		title := t.name
		if n := best[slices.Index(keys, "ensemble")]; n != "1" {
			title += " ×" + n
		}
		method := best[slices.Index(keys, "method")]
		found := c.values[method]
		fmt.Fprintf(&beside, "| %s | %s | %.3f | %.3f | %.3f | %s | %.3f | %s | %.3f |\n", title,
			cell(found["balanced_accuracy"]), t.trees, t.linear, t.small, cell(found["worst_class_recall"]), t.worst, cell(found["auroc"]), t.auroc)
		for i, name := range c.names {
			v := c.values[name]
			if i > 0 {
				title = ""
			}
			fmt.Fprintf(&every, "| %s | `%s` |", title, name)
			for _, figure := range []string{"balanced_accuracy", "worst_class_recall", "auroc", "ece", "corrected_ece"} {
				fmt.Fprintf(&every, " %s |", cell(v[figure]))
			}
			fmt.Fprintf(&every, " %s |\n", difference(found["balanced_accuracy"], v["balanced_accuracy"], name == method))
		}
	}
	fmt.Println(settings.String())
	fmt.Println(beside.String())
	fmt.Print(every.String())
}

// comparison is what compare.csv holds: by run and figure a value for each seed.
type comparison struct {
	names  []string
	values map[string]map[string][]float64
}

func read(path string) (comparison, error) {
	c := comparison{values: map[string]map[string][]float64{}}
	f, err := os.Open(path)
	if err != nil {
		return c, err
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return c, err
	}
	for _, line := range lines[1:] {
		name := line[0]
		if c.values[name] == nil {
			c.names = append(c.names, name)
			c.values[name] = map[string][]float64{}
		}
		for i, text := range line {
			if x, err := strconv.ParseFloat(text, 64); err == nil {
				c.values[name][lines[0][i]] = append(c.values[name][lines[0][i]], x)
			}
		}
	}
	return c, nil
}

// setting reads a line of config.yaml.
func setting(path, key string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, key+": "); ok {
			value, _, _ = strings.Cut(value, " #")
			return strings.Trim(strings.TrimSpace(value), `"'`), nil
		}
	}
	return "", fmt.Errorf("%s: no %s", path, key)
}

func cell(values []float64) string {
	if len(values) == 0 {
		return "–"
	}
	if d := stats.Deviation(values); d == d {
		return fmt.Sprintf("%.3f ± %.3f", stats.Mean(values), d)
	}
	return fmt.Sprintf("%.3f", stats.Mean(values))
}

// difference says by how much a is above b, seed by seed, and for how many.
func difference(a, b []float64, same bool) string {
	if same || len(a) != len(b) {
		return ""
	}
	var d []float64
	above := 0
	for i := range a {
		d = append(d, a[i]-b[i])
		if a[i] > b[i] {
			above++
		}
	}
	return fmt.Sprintf("%+.3f, %d of %d", stats.Mean(d), above, len(d))
}
