package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"time"
)

// metricsFile is metrics.jsonl: one line for each committed step and each
// evaluation, in the order of the steps, each once, whoever has written it.
//
// Every node that shares the directory keeps the last lines in memory, and one
// of them writes. A node that takes the pen looks how far the file reaches,
// cuts off what is torn or lies beyond the step that the run is at, and writes
// what is missing. That one operation covers a change of the writer, a resume,
// a step that is repeated, and a disk that was full for a while.
//
// A line is one write, without a buffer: what a killed process has written is
// in the file, and tail -f shows it at once. What is written is written as
// TensorBoard's events too, if these are wanted.
type metricsFile struct {
	path string
	warn func(error) // told when writing fails, once until it works again
	now  func() time.Time

	events *eventFile // nil: none
	recent []metricsLine
	writes bool        // this node has the pen
	file   *os.File    // nil without the pen, or after a failure
	tail   metricsTail // of the file when it was opened
	err    error       // why there is no file
	retry  time.Time
}

// lineKey says what a line is about. The lines of a step come before those of
// the next, and the step itself before its evaluations.
type lineKey struct {
	Step  int    `json:"step"`
	Split string `json:"split"` // of an evaluation; empty for the step itself
}

type metricsLine struct {
	key   lineKey
	value any
	at    time.Time // when it came
}

const (
	// recentLines is how many lines can be missing from the file when another
	// node takes the pen: minutes of the shortest steps.
	recentLines = 4096
	// retryMetrics is the time between attempts to write again.
	retryMetrics = time.Second
)

func newMetricsFile(path string) *metricsFile {
	return &metricsFile{path: path, warn: func(error) {}, now: time.Now}
}

// begin takes the pen, at a run that has committed step steps. If it fails, it
// is tried again with the lines that come.
func (m *metricsFile) begin(step int) error {
	m.rest(step)
	m.writes = true
	m.note(m.open(step))
	return m.err
}

// rest lays the pen down, if this node had it. Lines of later steps are
// forgotten: they are going to come again.
func (m *metricsFile) rest(step int) {
	m.writes = false
	_ = errors.Join(m.closeFile(), m.events.rest()) // every line has been written, or its failure noted
	kept := m.recent[:0]
	for _, l := range m.recent {
		if l.key.Step <= step {
			kept = append(kept, l)
		}
	}
	clear(m.recent[len(kept):])
	m.recent = kept
}

// add takes a line, and writes it if this node has the pen.
func (m *metricsFile) add(key lineKey, value any) {
	line := metricsLine{key, value, m.now()}
	if len(m.recent) == 2*recentLines {
		n := copy(m.recent, m.recent[recentLines:])
		clear(m.recent[n:])
		m.recent = m.recent[:n]
	}
	m.recent = append(m.recent, line)
	switch {
	case !m.writes:
	case m.file != nil:
		// A ring that begins at the end of an epoch evaluates it again.
		if !m.tail.has(key) {
			m.note(m.write(line))
		}
	case !m.now().Before(m.retry):
		m.note(m.open(math.MaxInt))
	}
}

// open opens the file, cuts it after the last whole line of at most the given
// step, and writes the recent lines that are not in it.
func (m *metricsFile) open(step int) error {
	file, err := os.OpenFile(m.path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	m.file = file
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if m.tail, err = readTail(file, info.Size(), step); err != nil {
		return err
	}
	if m.tail.end < info.Size() {
		if err := file.Truncate(m.tail.end); err != nil {
			return err
		}
	}
	m.events.begin(m.tail.last + 1)
	for _, line := range m.recent {
		if m.tail.has(line.key) {
			continue
		}
		if err := m.write(line); err != nil {
			return err
		}
	}
	return nil
}

func (m *metricsFile) write(line metricsLine) error {
	text, err := json.Marshal(line.value)
	if err != nil {
		return err
	}
	if err := m.events.add(line); err != nil {
		return err
	}
	_, err = m.file.Write(append(text, '\n'))
	return err
}

// note keeps the state of the file after an attempt to write.
func (m *metricsFile) note(err error) {
	if err == nil {
		m.err = nil
		return
	}
	err = fmt.Errorf("%s: %w", m.path, errors.Join(err, m.closeFile()))
	m.retry = m.now().Add(retryMetrics)
	if m.err == nil {
		m.warn(err)
	}
	m.err = err
}

func (m *metricsFile) closeFile() error {
	if m.file == nil {
		return nil
	}
	err := m.file.Close()
	m.file = nil
	return err
}

// close tries a last time to write what is missing, and reports if it still is.
func (m *metricsFile) close() error {
	if m.writes && m.file == nil {
		m.note(m.open(math.MaxInt))
	}
	if err := errors.Join(m.closeFile(), m.events.rest()); err != nil {
		m.note(err)
	}
	m.writes = false
	return m.err
}
