package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ballast-ml/ballast/train"
)

// The names of the events, in a line's field "event".
const (
	eventDataReady         = "data_ready"
	eventJoined            = "joined"
	eventWaiting           = "waiting"
	eventRingFormed        = "ring_formed"
	eventRingLost          = "ring_lost"
	eventDiverged          = "diverged"
	eventStepDone          = "step_done"
	eventEvaluated         = "evaluated"
	eventCheckpointWritten = "checkpoint_written"
	eventCheckpointFailed  = "checkpoint_failed"
	eventCheckpointSkipped = "checkpoint_skipped"
	eventResumed           = "resumed"
	eventFinished          = "finished"
	eventServing           = "serving"
	eventLeft              = "left"
	eventFailed            = "failed"
)

// stepInterval is the least time between two reports of steps: they are for
// eyes, and metrics.jsonl has every step.
const stepInterval = 100 * time.Millisecond

// Failed is the error that a node ends with.
type Failed struct {
	Message string `json:"message"`
	Code    int    `json:"code"`    // its exit code
	Lost    bool   `json:"lost"`    // the failure is another node's, which this one has lost
	Numeric bool   `json:"numeric"` // every node comes to it in the same step, again and again
}

// Left says that a node has left the run to the others, as it was asked to.
type Left struct{}

// Told receives what a node says of itself besides the events of its training.
// The fields may be nil.
type Told struct {
	Serving func(Serving)
	Left    func(Left)
	Failed  func(Failed)
}

// Reporter writes a node's events, one JSON object per line.
type Reporter struct {
	mu struct {
		sync.Mutex
		w io.Writer
	}
	now  func() time.Time
	last time.Time // of the last step that was reported
}

// NewReporter returns a reporter that writes to w and reads the time from now.
func NewReporter(w io.Writer, now func() time.Time) *Reporter {
	r := &Reporter{now: now}
	r.mu.w = w
	return r
}

// Observer returns the observer that writes the events.
func (r *Reporter) Observer() train.Observer {
	return train.Observer{
		DataReady:         writes[train.DataReady](r, eventDataReady),
		Joined:            writes[train.Joined](r, eventJoined),
		Waiting:           writes[train.Waiting](r, eventWaiting),
		RingFormed:        writes[train.RingFormed](r, eventRingFormed),
		RingLost:          writes[train.RingLost](r, eventRingLost),
		Diverged:          writes[train.Diverged](r, eventDiverged),
		StepDone:          r.stepDone,
		Evaluated:         writes[train.Evaluation](r, eventEvaluated),
		CheckpointWritten: writes[train.CheckpointWritten](r, eventCheckpointWritten),
		CheckpointFailed:  writes[train.CheckpointFailed](r, eventCheckpointFailed),
		CheckpointSkipped: writes[train.CheckpointSkipped](r, eventCheckpointSkipped),
		Resumed:           writes[train.Resumed](r, eventResumed),
		Finished:          writes[train.Summary](r, eventFinished),
	}
}

// writes returns a function that writes its argument as an event.
func writes[T any](r *Reporter, event string) func(T) {
	return func(v T) { r.write(event, v) }
}

func (r *Reporter) stepDone(v train.StepDone) {
	now := r.now()
	if v.Step != v.Steps && now.Sub(r.last) < stepInterval {
		return
	}
	r.last = now
	r.write(eventStepDone, v)
}

// Serving writes where the node's figures are to be had.
func (r *Reporter) Serving(v Serving) { r.write(eventServing, v) }

// Left writes that the node has left the run to the others.
func (r *Reporter) Left() { r.write(eventLeft, Left{}) }

// Failed writes the error that the node ends with.
func (r *Reporter) Failed(err error) {
	_, numeric := errors.AsType[*train.NumericError](err)
	r.write(eventFailed, Failed{Message: err.Error(), Code: ExitCode(err), Lost: train.OfAnother(err), Numeric: numeric})
}

// write puts the event's name before the fields of v. A launcher that does not
// read any more is gone, which the lifeline tells.
func (r *Reporter) write(event string, v any) {
	fields, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("cli: event %s: %v", event, err))
	}
	line := fmt.Appendf(nil, `{"event":%q`, event)
	if rest := bytes.TrimPrefix(fields, []byte("{")); len(rest) > 1 {
		line = append(append(line, ','), rest...)
	} else {
		line = append(line, '}')
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	_, _ = r.mu.w.Write(append(line, '\n'))
}

// Dispatch decodes a line that a [Reporter] wrote and calls the observer, or
// told. It returns an error if the line is not such a line.
func Dispatch(line []byte, o train.Observer, told Told) error {
	var head struct {
		Event string `json:"event"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return fmt.Errorf("not an event: %w", err)
	}
	switch head.Event {
	case eventDataReady:
		return pass(line, o.DataReady)
	case eventJoined:
		return pass(line, o.Joined)
	case eventWaiting:
		return pass(line, o.Waiting)
	case eventRingFormed:
		return pass(line, o.RingFormed)
	case eventRingLost:
		return pass(line, o.RingLost)
	case eventDiverged:
		return pass(line, o.Diverged)
	case eventStepDone:
		return pass(line, o.StepDone)
	case eventEvaluated:
		return pass(line, o.Evaluated)
	case eventCheckpointWritten:
		return pass(line, o.CheckpointWritten)
	case eventCheckpointFailed:
		return pass(line, o.CheckpointFailed)
	case eventCheckpointSkipped:
		return pass(line, o.CheckpointSkipped)
	case eventResumed:
		return pass(line, o.Resumed)
	case eventFinished:
		return pass(line, o.Finished)
	case eventServing:
		return pass(line, told.Serving)
	case eventLeft:
		return pass(line, told.Left)
	case eventFailed:
		return pass(line, told.Failed)
	default:
		return fmt.Errorf("unknown event %q", head.Event)
	}
}

// pass decodes the line's fields and hands them to f, which may be nil.
func pass[T any](line []byte, f func(T)) error {
	var v T
	if err := json.Unmarshal(line, &v); err != nil {
		return fmt.Errorf("not an event: %w", err)
	}
	if f != nil {
		f(v)
	}
	return nil
}
