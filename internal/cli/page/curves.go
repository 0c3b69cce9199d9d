package page

import (
	"fmt"
	"strings"

	"github.com/ballast-ml/ballast/internal/plot"
)

// curve returns one quantity of a track as a line.
func (t *track) curve(quantity int) (list []plot.Sample) {
	for i, c := range t.columns {
		if c.lines > 0 {
			v := c.of[quantity]
			list = append(list, plot.Sample{X: t.middle(i), Y: v.mean(), Low: v.low, High: v.high})
		}
	}
	return list
}

// draw draws a line of each run.
func draw(runs []*Run, title, unit string, log bool, of func(*Run) []plot.Sample) []block {
	var lines []plot.Line
	for i, r := range runs {
		name := r.title
		if len(runs) == 1 {
			name = ""
		}
		lines = append(lines, plot.Line{Name: name, Paint: paint(i), Samples: of(r)})
	}
	return picture(plot.Lines(plot.Labels{Title: title, Across: "step", Up: unit}, lines, log), title+" over the steps")
}

// overSteps draws a quantity of the steps.
func overSteps(runs []*Run, title, unit string, log bool, quantity int) []block {
	return draw(runs, title, unit, log, func(r *Run) []plot.Sample { return r.metrics.steps.curve(quantity) })
}

// weights shows the losses and what the weights did.
func weights(runs []*Run) section {
	s := section{Title: "Loss and weights"}
	for _, c := range []struct {
		title, unit string
		log         bool
		quantity    int
	}{
		{"Loss: the mean of the batch", "nats", true, loss},
		{"Weighted loss: the sum of weight times loss", "nats", true, weightedLoss},
		{"Effective sample size: how much of the batch carries the weight", "share of the batch", false, effective},
		{"log u: ABSGD's moving average of the mean exp(loss/λ)", "log u", false, logU},
		{"λ of the weights (infinite, which is plain averaging, is not drawn)", "λ, in nats", false, lambda},
		{"Learning rate", "per step", false, learningRate},
		{"Norm of the gradient, before clipping", "norm", true, gradNorm},
	} {
		s.Blocks = append(s.Blocks, overSteps(runs, c.title, c.unit, c.log, c.quantity)...)
	}
	if len(s.Blocks) > 0 {
		s.Blocks = append(s.Blocks, paragraph("An effective sample size of 1 means that all samples of a batch weigh the same; of 0.1, that they count like a tenth of them. "+
			"The files of a run do not say which classes and rows it is that weigh most; launcher suspects lists the training rows of the highest loss."))
	}
	return s
}

// named is a figure in the words of the tables.
func named(figure string) string {
	switch figure {
	case "worst_class_recall":
		return "worst-class recall"
	case "log_loss":
		return "log-loss"
	case "ece":
		return "calibration error"
	case "auroc":
		return "AUROC"
	case "auprc":
		return "average precision"
	}
	return strings.ReplaceAll(figure, "_", " ")
}

// progress shows the figures of the evaluations on the way.
func progress(runs []*Run) section {
	s := section{Title: "Figures on the way"}
	for _, part := range []struct {
		name string
		of   func(*history) *track
	}{
		{"validation rows", func(m *history) *track { return &m.val }},
		{"test rows", func(m *history) *track { return &m.test }},
	} {
		for i, name := range judged {
			words := named(name)
			unit := "figure"
			if name == "log_loss" {
				unit = "nats"
			}
			s.Blocks = append(s.Blocks, draw(runs, fmt.Sprintf("%s, %s", words, part.name), unit, false, func(r *Run) []plot.Sample {
				return part.of(r.metrics).curve(i)
			})...)
		}
	}
	return s
}
