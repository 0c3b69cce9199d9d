package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/ballast-ml/ballast/train"
)

// The names of the events, in a line's field "event".
const (
	eventDataReady  = "data_ready"
	eventJoined     = "joined"
	eventRingFormed = "ring_formed"
	eventStepDone   = "step_done"
	eventEvaluated  = "evaluated"
	eventFinished   = "finished"
	eventFailed     = "failed"
)

// stepInterval is the least time between two reports of steps: they are for
// eyes, and metrics.jsonl has every step.
const stepInterval = 100 * time.Millisecond

// Failed is the error that a node ends with.
type Failed struct {
	Message string `json:"message"`
	Code    int    `json:"code"` // its exit code
	Lost    bool   `json:"lost"` // the failure is another node's, which this one has lost
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
		DataReady:  func(v train.DataReady) { r.write(eventDataReady, v) },
		Joined:     func(v train.Joined) { r.write(eventJoined, v) },
		RingFormed: func(v train.RingFormed) { r.write(eventRingFormed, v) },
		StepDone:   r.stepDone,
		Evaluated:  func(v train.Evaluation) { r.write(eventEvaluated, v) },
		Finished:   func(v train.Summary) { r.write(eventFinished, v) },
	}
}

func (r *Reporter) stepDone(v train.StepDone) {
	now := r.now()
	if v.Step != v.Steps && now.Sub(r.last) < stepInterval {
		return
	}
	r.last = now
	r.write(eventStepDone, v)
}

// Failed writes the error that the node ends with.
func (r *Reporter) Failed(err error) {
	r.write(eventFailed, Failed{Message: err.Error(), Code: ExitCode(err), Lost: train.OfAnother(err)})
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
// failed. It returns an error if the line is not such a line.
func Dispatch(line []byte, o train.Observer, failed func(Failed)) error {
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
	case eventRingFormed:
		return pass(line, o.RingFormed)
	case eventStepDone:
		return pass(line, o.StepDone)
	case eventEvaluated:
		return pass(line, o.Evaluated)
	case eventFinished:
		return pass(line, o.Finished)
	case eventFailed:
		return pass(line, failed)
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
