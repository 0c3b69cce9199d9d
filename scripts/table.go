//go:build ignore

// Table prints a Markdown table of finished runs, one row for each group of
// runs whose directories differ only in the last part of their path (the seed):
//
//	go run scripts/table.go results/erm/1 results/erm/2 results/la/1 ...
//
// Cells are means over the group, with the sample standard deviation.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"math"
	"os"
	"path/filepath"
)

type summary struct {
	SamplesPerSecond float64 `json:"samples_per_second"`
	WallSeconds      float64 `json:"wall_seconds"`
	Test             struct {
		Accuracy         float64 `json:"accuracy"`
		BalancedAccuracy float64 `json:"balanced_accuracy"`
		WorstClassRecall float64 `json:"worst_class_recall"`
		MacroF1          float64 `json:"macro_f1"`
		ECE              float64 `json:"ece"`
	} `json:"test"`
}

func main() {
	log.SetFlags(0)
	var order []string
	groups := map[string][]summary{}
	for _, dir := range os.Args[1:] {
		text, err := os.ReadFile(filepath.Join(dir, "summary.json"))
		if err != nil {
			log.Fatal(err)
		}
		var s summary
		if err := json.Unmarshal(text, &s); err != nil {
			log.Fatalf("%s: %v", dir, err)
		}
		name := filepath.Base(filepath.Dir(dir))
		if groups[name] == nil {
			order = append(order, name)
		}
		groups[name] = append(groups[name], s)
	}
	fmt.Println("| run | seeds | accuracy | balanced | worst class | macro-F1 | ECE | samples/s | seconds |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, name := range order {
		g := groups[name]
		cell := func(format string, of func(summary) float64) string { return meanAndDeviation(format, g, of) }
		fmt.Printf("| %s | %d | %s | %s | %s | %s | %s | %s | %s |\n", name, len(g),
			cell("%.4f", func(s summary) float64 { return s.Test.Accuracy }),
			cell("%.4f", func(s summary) float64 { return s.Test.BalancedAccuracy }),
			cell("%.4f", func(s summary) float64 { return s.Test.WorstClassRecall }),
			cell("%.4f", func(s summary) float64 { return s.Test.MacroF1 }),
			cell("%.4f", func(s summary) float64 { return s.Test.ECE }),
			cell("%.0f", func(s summary) float64 { return s.SamplesPerSecond }),
			cell("%.1f", func(s summary) float64 { return s.WallSeconds }))
	}
}

func meanAndDeviation(format string, g []summary, of func(summary) float64) string {
	var sum, square float64
	for _, s := range g {
		sum += of(s)
	}
	mean := sum / float64(len(g))
	if len(g) == 1 {
		return fmt.Sprintf(format, mean)
	}
	for _, s := range g {
		square += (of(s) - mean) * (of(s) - mean)
	}
	return fmt.Sprintf(format+" ± "+format, mean, math.Sqrt(square/float64(len(g)-1)))
}
