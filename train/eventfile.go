package train

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ballast-ml/ballast/internal/tfevents"
)

// eventFile writes the lines of metrics.jsonl for TensorBoard as well, each
// just before the line itself. So metrics.jsonl is the one record of how far
// the run is: where it is cut, a word in the next event has readers forget the
// same steps.
//
// A node that takes the pen begins a file of its own, which readers take up
// behind those that are there, since another node may have written last. A
// record is one write at the end of the last whole one: what has failed halfway
// is written over.
type eventFile struct {
	dir  string
	now  func() time.Time
	file *os.File
	end  int64 // behind the last whole record
	from int   // readers are to forget the steps from here on; 0: they know
}

func newEventFile(dir string) *eventFile { return &eventFile{dir: dir, now: time.Now} }

// begin goes on at a step. e may be nil, as in all methods: then there are no
// events.
func (e *eventFile) begin(step int) {
	if e != nil {
		e.from = step
	}
}

// add writes a line's figures.
func (e *eventFile) add(l metricsLine) error {
	if e == nil {
		return nil
	}
	return e.write(l.at, l.key.Step, figuresOf(l.value))
}

func (e *eventFile) write(at time.Time, step int, figures []tfevents.Scalar) error {
	if err := e.open(); err != nil {
		return err
	}
	var b []byte
	if e.end == 0 {
		b = tfevents.AppendVersion(b, at)
	}
	if e.from > 0 {
		b = tfevents.AppendStart(b, at, e.from)
	}
	b = tfevents.AppendScalars(b, at, step, figures)
	if _, err := e.file.WriteAt(b, e.end); err != nil {
		return errors.Join(err, e.file.Truncate(e.end))
	}
	e.end, e.from = e.end+int64(len(b)), 0
	return nil
}

// open makes the file that this node writes while it has the pen. There is none
// before there is something to write.
func (e *eventFile) open() error {
	if e.file != nil {
		return nil
	}
	name, err := tfevents.Name(e.dir, e.now())
	if err == nil {
		e.file, err = os.OpenFile(filepath.Join(e.dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	}
	e.end = 0
	return err
}

// rest ends the file: the pen is laid down.
func (e *eventFile) rest() error {
	if e == nil || e.file == nil {
		return nil
	}
	err := e.file.Close()
	e.file = nil
	return err
}

// finish writes the figures of the model that the run ends with. They have
// names of their own: the epochs' may be of another model, and are fewer.
func (e *eventFile) finish(s Summary) error {
	if e == nil {
		return nil
	}
	figures := scalarsOf("final/test/", s.Test)
	if s.Val != nil {
		figures = append(figures, scalarsOf("final/val/", *s.Val)...)
	}
	for group, m := range s.TestGroups {
		figures = append(figures, scalarsOf("final/test/"+group+"/", m)...)
	}
	slices.SortFunc(figures, func(a, b tfevents.Scalar) int { return strings.Compare(a.Tag, b.Tag) })
	return e.write(e.now(), s.Steps, figures)
}

// figuresOf returns what TensorBoard shows of a line.
func figuresOf(value any) []tfevents.Scalar {
	switch v := value.(type) {
	case StepDone:
		return stepScalars(v)
	case Evaluation:
		return scalarsOf(v.Split+"/", v.Metrics)
	default:
		panic("train: a line of metrics that is neither a step nor an evaluation")
	}
}

// stepScalars returns the figures of a step. A loss that is no number is shown as
// such; a temperature or an average that is not in use is left out.
func stepScalars(v StepDone) []tfevents.Scalar {
	list := []tfevents.Scalar{
		{Tag: "train/loss", Value: float64(v.Loss)},
		{Tag: "train/weighted_loss", Value: float64(v.WeightedLoss)},
		{Tag: "train/objective", Value: float64(v.Objective)},
		{Tag: "train/ess_ratio", Value: v.ESS / float64(max(v.Rows, 1))},
		{Tag: "train/learning_rate", Value: v.LR},
		{Tag: "train/gradient_norm", Value: float64(v.GradNorm)},
		{Tag: "train/lambda", Value: float64(v.Lambda)},
		{Tag: "train/log_u", Value: float64(v.LogU)},
		{Tag: "seconds/data", Value: v.Phases.Data},
		{Tag: "seconds/forward", Value: v.Phases.Forward},
		{Tag: "seconds/normalizer", Value: v.Phases.Normalizer},
		{Tag: "seconds/backward", Value: v.Phases.Backward},
		{Tag: "seconds/allreduce", Value: v.Phases.AllReduce},
		{Tag: "seconds/optimizer", Value: v.Phases.Optimizer},
	}
	return slices.DeleteFunc(list, func(s tfevents.Scalar) bool {
		unused := s.Tag == "train/lambda" || s.Tag == "train/log_u"
		return unused && (math.IsNaN(s.Value) || math.IsInf(s.Value, 0))
	})
}

// scalarsOf returns the figures of an evaluation under a prefix.
func scalarsOf(prefix string, m Metrics) []tfevents.Scalar {
	var list []tfevents.Scalar
	for name, v := range m.Values() {
		list = append(list, tfevents.Scalar{Tag: prefix + name, Value: v})
	}
	return list
}
