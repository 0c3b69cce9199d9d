package tfevents

import (
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of the fields, from TensorFlow's event.proto and summary.proto.
const (
	eventWallTime    = 1 // double, seconds
	eventStep        = 2 // int64
	eventFileVersion = 3 // string
	eventSummary     = 5 // Summary
	eventSessionLog  = 7 // SessionLog

	summaryValue = 1 // repeated Value
	valueTag     = 1 // string
	valueSimple  = 2 // float

	sessionStatus = 1 // enum
	sessionStart  = 1 // its value START
)

// version is the format's, the only one in use.
const version = "brain.Event:2"

// Scalar is one figure; figures of one tag make a curve.
type Scalar struct {
	Tag   string
	Value float64 // written in single precision
}

// AppendVersion appends the record that a file begins with.
func AppendVersion(b []byte, at time.Time) []byte {
	return appendEvent(b, at, 0, eventFileVersion, []byte(version))
}

// AppendStart appends the record which says that a run begins, or goes on, with
// a step: a reader forgets what it has read of this step and later ones.
func AppendStart(b []byte, at time.Time, step int) []byte {
	log := protowire.AppendTag(nil, sessionStatus, protowire.VarintType)
	return appendEvent(b, at, step, eventSessionLog, protowire.AppendVarint(log, sessionStart))
}

// AppendScalars appends the record of the figures of a step.
func AppendScalars(b []byte, at time.Time, step int, figures []Scalar) []byte {
	var summary, value []byte
	for _, f := range figures {
		value = protowire.AppendTag(value[:0], valueTag, protowire.BytesType)
		value = protowire.AppendString(value, f.Tag)
		value = protowire.AppendTag(value, valueSimple, protowire.Fixed32Type)
		value = protowire.AppendFixed32(value, math.Float32bits(float32(f.Value)))
		summary = protowire.AppendTag(summary, summaryValue, protowire.BytesType)
		summary = protowire.AppendBytes(summary, value)
	}
	return appendEvent(b, at, step, eventSummary, summary)
}

// appendEvent appends an Event with one field beside its time and step.
func appendEvent(b []byte, at time.Time, step int, field protowire.Number, content []byte) []byte {
	e := protowire.AppendTag(nil, eventWallTime, protowire.Fixed64Type)
	e = protowire.AppendFixed64(e, math.Float64bits(float64(at.UnixMicro())/1e6))
	if step != 0 {
		e = protowire.AppendTag(e, eventStep, protowire.VarintType)
		e = protowire.AppendVarint(e, uint64(step))
	}
	e = protowire.AppendTag(e, field, protowire.BytesType)
	return appendRecord(b, protowire.AppendBytes(e, content))
}
