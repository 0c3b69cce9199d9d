package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/ballast-ml/ballast/train"
)

// The files of a run directory.
const (
	metricsName = "metrics.jsonl"
	summaryName = "summary.json"
	configName  = "config.yaml"
)

// Run is what a run directory holds.
type Run struct {
	Dir     string
	Summary *train.Summary // nil: there is none yet

	title    string
	metrics  *history
	settings []setting
	rings    []tiding
	missing  []string // what is not there, for people
}

// Read reads a run directory. What is missing or damaged in it is told by the
// page; an error is a file that is there and cannot be read.
func Read(dir string) (*Run, error) {
	r := &Run{Dir: dir}
	var missing []string
	var err error
	if r.Summary, missing, err = readSummary(dir); err != nil {
		return nil, err
	}
	r.missing = append(r.missing, missing...)
	if r.metrics, missing, err = readMetrics(dir); err != nil {
		return nil, err
	}
	r.missing = append(r.missing, missing...)
	var lacks string
	if r.settings, lacks, err = readSettings(dir); err != nil {
		return nil, err
	}
	r.lacks(lacks)
	if r.rings, lacks, err = readRings(dir); err != nil {
		return nil, err
	}
	r.lacks(lacks)
	return r, nil
}

func (r *Run) lacks(what string) {
	if what != "" {
		r.missing = append(r.missing, what)
	}
}

func readSummary(dir string) (*train.Summary, []string, error) {
	text, err := os.ReadFile(filepath.Join(dir, summaryName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, []string{"summary.json is missing: the run is under way or was stopped; its figures on the test rows are not known"}, nil
	} else if err != nil {
		return nil, nil, err
	}
	s := &train.Summary{}
	err = json.Unmarshal(text, s)
	if err == nil {
		err = sane(s)
	}
	if err != nil {
		return nil, []string{fmt.Sprintf("summary.json was left out, since it is damaged or not of a run: %v", err)}, nil
	}
	return s, nil, nil
}

// sane refuses a summary whose parts do not fit together.
func sane(s *train.Summary) error {
	n := len(s.Classes)
	if s.Method == "" || s.ModelSHA256 == "" {
		return errors.New("it names no method or no model")
	}
	if len(s.TrainCounts) != n {
		return fmt.Errorf("it counts the rows of %d classes, expected %d", len(s.TrainCounts), n)
	}
	for _, row := range s.Test.Confusion {
		if len(row) != n || len(s.Test.Confusion) != n {
			return fmt.Errorf("its confusion matrix is not of %d classes", n)
		}
	}
	return nil
}
