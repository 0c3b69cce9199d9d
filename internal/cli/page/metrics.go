package page

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/ballast-ml/ballast/train"
)

// The quantities of a step, by their place in its track. The phases begin at
// data, in the order of phaseNames.
const (
	loss = iota
	weightedLoss
	learningRate
	effective // sample size, as a share of the batch
	logU
	lambda
	gradNorm
	rows
	seconds
	rate
	data
)

var phaseNames = []string{"data", "forward", "normalizer", "backward", "all-reduce", "optimizer"}

func phasesOf(p train.Phases) []float64 {
	return []float64{p.Data, p.Forward, p.Normalizer, p.Backward, p.AllReduce, p.Optimizer}
}

// The figures of an evaluation that are drawn, by their place in its track.
var judged = []string{"accuracy", "balanced_accuracy", "worst_class_recall", "auroc", "auprc", "worst_group", "log_loss", "ece"}

// history is what is kept of metrics.jsonl.
type history struct {
	steps   track
	val     track // of evaluations
	test    track
	phases  [7]times // and their sum
	last    train.StepDone
	skipped int // steps whose loss or gradient was not finite

	foreign, firstForeign int // lines that were not understood, and where
	again                 int // lines of steps that were there before
	torn                  bool
}

// readMetrics reads metrics.jsonl of a run directory.
func readMetrics(dir string) (m *history, missing []string, err error) {
	m = &history{}
	file, err := os.Open(filepath.Join(dir, metricsName))
	if errors.Is(err, fs.ErrNotExist) {
		return m, []string{"metrics.jsonl is missing: nothing is known of the steps"}, nil
	} else if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	if err := m.read(file); err != nil {
		return nil, nil, err
	}
	return m, m.missing(), nil
}

func (m *history) read(r io.Reader) error {
	return eachLine(r, func(n int, line []byte, whole bool) {
		e, ok := parseLine(line)
		switch {
		case !ok && !whole:
			m.torn = true
		case !ok:
			if m.foreign++; m.foreign == 1 {
				m.firstForeign = n
			}
		case e.eval != nil:
			m.evaluated(*e.eval)
		case e.step.Step <= m.last.Step:
			m.again++
		default:
			m.done(e.step)
		}
	})
}

func (m *history) done(v train.StepDone) {
	m.last = v
	if v.Skipped != "" {
		m.skipped++
	}
	phases, sum := phasesOf(v.Phases), 0.0
	for i, s := range phases {
		m.phases[i].add(s)
		sum += s
	}
	m.phases[len(phases)].add(sum)
	m.steps.add(v.Step, append([]float64{
		loss: float64(v.Loss), weightedLoss: float64(v.WeightedLoss), learningRate: v.LR,
		effective: v.ESS / float64(v.Rows), logU: float64(v.LogU), lambda: float64(v.Lambda),
		gradNorm: float64(v.GradNorm), rows: float64(v.Rows), seconds: sum, rate: float64(v.Rows) / sum,
	}, phases...)...)
}

func (m *history) evaluated(v train.Evaluation) {
	var t *track
	switch v.Split {
	case "val":
		t = &m.val
	case "test":
		t = &m.test
	default:
		return // of a group
	}
	if len(t.columns) > 0 && v.Step < t.first {
		m.again++
		return
	}
	values := make([]float64, len(judged))
	for i, name := range judged {
		values[i] = math.NaN()
		if x, ok := v.Value(name); ok {
			values[i] = x
		}
	}
	t.add(v.Step, values...)
}

// missing says what was not as a run writes it.
func (m *history) missing() (list []string) {
	if m.last.Step == 0 {
		list = append(list, "metrics.jsonl has no step")
	}
	if m.foreign > 0 {
		list = append(list, fmt.Sprintf("lines of metrics.jsonl that are not of a run and were left out: %d, the first is line %d", m.foreign, m.firstForeign))
	}
	if m.again > 0 {
		list = append(list, fmt.Sprintf("lines of metrics.jsonl that are not in the order of their steps and were left out: %d", m.again))
	}
	if m.torn {
		list = append(list, "the last line of metrics.jsonl is not whole")
	}
	if m.skipped > 0 {
		list = append(list, fmt.Sprintf("steps that were left out of training because of a loss or gradient that was not finite (--on-nan skip): %d", m.skipped))
	}
	return list
}
