package page

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"math"

	"github.com/ballast-ml/ballast/train"
)

// maxLine is the longest line that is read, in bytes: the evaluation of tens of
// thousands of classes.
const maxLine = 16 << 20

// eachLine calls f with each line of a text and its number, from 1; whole is
// false for a last one that does not end. A line that is longer than maxLine is
// given as nil. The line is valid during the call.
func eachLine(r io.Reader, f func(n int, line []byte, whole bool)) error {
	in := bufio.NewReaderSize(r, 64<<10)
	var line []byte
	for n := 1; ; n++ {
		line = line[:0]
		size := 0
		for {
			piece, err := in.ReadSlice('\n')
			size += len(piece)
			if size <= maxLine {
				line = append(line, piece...)
			}
			if errors.Is(err, bufio.ErrBufferFull) {
				continue
			}
			if err != nil && !errors.Is(err, io.EOF) {
				return err
			}
			if size > maxLine {
				f(n, nil, err == nil)
			} else if size > 0 {
				f(n, line, err == nil)
			}
			if err != nil {
				return nil
			}
			break
		}
	}
}

// event is one line of metrics.jsonl: a step, or an evaluation.
type event struct {
	step train.StepDone
	eval *train.Evaluation // nil: a step
}

// parseLine reads a line of metrics.jsonl; ok is false for one that no run has
// written.
func parseLine(line []byte) (e event, ok bool) {
	var v struct {
		Split string `json:"split"`
		train.StepDone
	}
	v.LogU, v.Lambda, v.Objective = absent, absent, absent // of older files
	if json.Unmarshal(line, &v) != nil || v.Step < 1 {
		return e, false
	}
	if v.Split == "" {
		known := v.Steps == 0 || v.Step <= v.Steps
		return event{step: v.StepDone}, known && v.Rows > 0 && v.ESS >= 0 && sound(v.Phases)
	}
	e.eval = &train.Evaluation{}
	return e, json.Unmarshal(line, e.eval) == nil
}

var absent = train.Num(math.NaN())

// sound tells whether times are such.
func sound(p train.Phases) bool {
	for _, s := range phasesOf(p) {
		if s < 0 || s > 1e9 {
			return false
		}
	}
	return true
}
