package parquet

import (
	"encoding/binary"
	"math"
	"math/big"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/ballast-ml/ballast/dataset/frame"
)

// cell returns the value of a cell that is not null: a text, or nil and a
// number.
type cell func(v parquet.Value) (x float64, text []byte)

// cellOf returns how values of a type are read, and of what kind they are; nil
// if they are not.
func cellOf(t parquet.Type) (cell, frame.Kind) {
	var logical any
	if l := t.LogicalType(); l != nil {
		logical = l.Value
	}
	switch kind := t.Kind(); l := logical.(type) {
	case nil:
		return physical(kind)
	case *format.DateType:
		return integer(kind, true, 1)
	case *format.TimestampType:
		return seconds(kind, l.Unit)
	case *format.TimeType:
		return seconds(kind, l.Unit)
	case *format.IntType:
		return integer(kind, l.IsSigned, 1)
	case *format.DecimalType:
		return decimal(kind, int(l.Scale))
	case *format.StringType, *format.EnumType, *format.JsonType:
		if kind == parquet.ByteArray {
			return text, frame.Text
		}
	}
	return nil, 0
}

// physical is cellOf for types that stand for nothing else.
func physical(kind parquet.Kind) (cell, frame.Kind) {
	switch kind {
	case parquet.Boolean:
		return func(v parquet.Value) (float64, []byte) { return 0, strconv.AppendBool(nil, v.Boolean()) }, frame.Text
	case parquet.Int32, parquet.Int64:
		return integer(kind, true, 1)
	case parquet.Int96: // nanoseconds of a day and the day, counted from 4714 BC
		return func(v parquet.Value) (float64, []byte) {
			t := v.Int96()
			const epoch = 2440588
			days := float64(int32(t[2])) - epoch
			return float64(days*86400) + float64(int64(uint64(t[1])<<32|uint64(t[0])))/1e9, nil
		}, frame.Number
	case parquet.Float:
		return func(v parquet.Value) (float64, []byte) { return float64(v.Float()), nil }, frame.Number
	case parquet.Double:
		return func(v parquet.Value) (float64, []byte) { return v.Double(), nil }, frame.Number
	case parquet.ByteArray:
		return text, frame.Text
	}
	return nil, 0
}

func text(v parquet.Value) (float64, []byte) { return 0, v.ByteArray() }

// integer reads whole numbers, divided by a number.
func integer(kind parquet.Kind, signed bool, by float64) (cell, frame.Kind) {
	switch {
	case kind == parquet.Int32 && signed:
		return func(v parquet.Value) (float64, []byte) { return float64(v.Int32()) / by, nil }, frame.Number
	case kind == parquet.Int32:
		return func(v parquet.Value) (float64, []byte) { return float64(v.Uint32()) / by, nil }, frame.Number
	case kind == parquet.Int64 && signed:
		return func(v parquet.Value) (float64, []byte) { return float64(v.Int64()) / by, nil }, frame.Number
	case kind == parquet.Int64:
		return func(v parquet.Value) (float64, []byte) { return float64(v.Uint64()) / by, nil }, frame.Number
	}
	return nil, 0
}

// seconds reads times that are counted in a unit.
func seconds(kind parquet.Kind, unit format.TimeUnit) (cell, frame.Kind) {
	switch unit.Value.(type) {
	case *format.MilliSeconds:
		return integer(kind, true, 1e3)
	case *format.MicroSeconds:
		return integer(kind, true, 1e6)
	case *format.NanoSeconds:
		return integer(kind, true, 1e9)
	}
	return nil, 0
}

// most is the largest scale of decimal numbers that is read.
const most = 300

// decimal reads numbers with so many digits behind the point, each rounded once
// to the nearest float64.
func decimal(kind parquet.Kind, scale int) (cell, frame.Kind) {
	if scale < 0 || scale > most {
		return nil, 0
	}
	var digits func(v parquet.Value) []byte
	switch kind {
	case parquet.Int32, parquet.Int64:
		digits = func(v parquet.Value) []byte {
			if kind == parquet.Int32 {
				return strconv.AppendInt(nil, int64(v.Int32()), 10)
			}
			return strconv.AppendInt(nil, v.Int64(), 10)
		}
	case parquet.ByteArray, parquet.FixedLenByteArray:
		digits = func(v parquet.Value) []byte { return twosComplement(v.ByteArray()).Append(nil, 10) }
	default:
		return nil, 0
	}
	suffix := "e-" + strconv.Itoa(scale)
	return func(v parquet.Value) (float64, []byte) {
		x, err := strconv.ParseFloat(string(digits(v))+suffix, 64)
		if err != nil {
			return math.Inf(1), nil // the caller refuses it
		}
		return x, nil
	}, frame.Number
}

// twosComplement returns a whole number in big-endian order.
func twosComplement(b []byte) *big.Int {
	if len(b) <= 8 && len(b) > 0 {
		var word [8]byte
		copy(word[8-len(b):], b)
		x := int64(binary.BigEndian.Uint64(word[:]))
		shift := 64 - 8*len(b)
		return big.NewInt(x << shift >> shift)
	}
	x := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0] >= 0x80 {
		x.Sub(x, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return x
}
