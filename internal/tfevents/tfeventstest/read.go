// Package tfeventstest reads TensorBoard's event files in tests, more strictly
// than TensorBoard does. It has nothing in common with the writer.
package tfeventstest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Event is one record.
type Event struct {
	Wall    float64 // seconds
	Step    int64
	Version string
	Starts  bool // readers forget this step and later ones
	Figures []Figure
}

// Figure is one scalar of an event.
type Figure struct {
	Tag   string
	Value float64
}

// Read returns the events of a file. It refuses what is torn, what a checksum
// does not fit, and fields that are not expected.
func Read(b []byte) (all []Event, err error) {
	for len(b) > 0 {
		if len(b) < 12 {
			return all, errors.New("a torn head")
		}
		n := binary.LittleEndian.Uint64(b)
		if binary.LittleEndian.Uint32(b[8:]) != checksum(b[:8]) {
			return all, errors.New("the length's checksum is wrong")
		}
		if uint64(len(b)) < 12+n+4 {
			return all, errors.New("torn data")
		}
		data := b[12 : 12+n]
		if binary.LittleEndian.Uint32(b[12+n:]) != checksum(data) {
			return all, errors.New("the data's checksum is wrong")
		}
		e, err := event(data)
		if err != nil {
			return all, err
		}
		all = append(all, e)
		b = b[12+n+4:]
	}
	return all, nil
}

func checksum(b []byte) uint32 {
	c := crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli))
	return (c>>15 | c<<17) + 0xa282ead8
}

func event(b []byte) (e Event, err error) {
	err = fields(b, func(number protowire.Number, bits uint64, content []byte) error {
		switch number {
		case 1:
			e.Wall = math.Float64frombits(bits)
		case 2:
			e.Step = int64(bits)
		case 3:
			e.Version = string(content)
		case 5:
			return fields(content, func(_ protowire.Number, _ uint64, value []byte) error {
				f, err := figure(value)
				e.Figures = append(e.Figures, f)
				return err
			})
		case 7:
			e.Starts = string(content) == "\x08\x01"
		default:
			return fmt.Errorf("field %d is not expected", number)
		}
		return nil
	})
	return e, err
}

func figure(b []byte) (f Figure, err error) {
	err = fields(b, func(number protowire.Number, bits uint64, content []byte) error {
		switch number {
		case 1:
			f.Tag = string(content)
		case 2:
			f.Value = float64(math.Float32frombits(uint32(bits)))
		default:
			return fmt.Errorf("field %d of a value is not expected", number)
		}
		return nil
	})
	return f, err
}

// fields goes through a message: a number comes as its bits, all else as it is.
func fields(b []byte, each func(number protowire.Number, bits uint64, content []byte) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		var bits uint64
		var content []byte
		switch kind {
		case protowire.VarintType:
			bits, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			bits, n = protowire.ConsumeFixed64(b)
		case protowire.Fixed32Type:
			var short uint32
			short, n = protowire.ConsumeFixed32(b)
			bits = uint64(short)
		case protowire.BytesType:
			content, n = protowire.ConsumeBytes(b)
		default:
			return fmt.Errorf("a field of kind %d is not expected", kind)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := each(number, bits, content); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
