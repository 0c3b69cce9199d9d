package frame

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Array is an array of NumPy's.
type Array struct {
	Shape []int
	// Bytes are the elements of an array of unsigned bytes, in C order; nil for
	// all other types.
	Bytes []uint8
	// Values are the elements of all other types, in C order.
	Values []float64
}

// Len returns the number of elements.
func (a *Array) Len() int {
	n := 1
	for _, d := range a.Shape {
		n *= d
	}
	return n
}

// At returns element i as a number.
func (a *Array) At(i int) float64 {
	if a.Bytes != nil {
		return float64(a.Bytes[i])
	}
	return a.Values[i]
}

// The parts of the head of an NPY file, a Python dictionary.
var (
	npyDescr   = regexp.MustCompile(`'descr':\s*'([<>|=]?)([a-zA-Z])(\d*)'`)
	npyFortran = regexp.MustCompile(`'fortran_order':\s*(True|False)`)
	npyShape   = regexp.MustCompile(`'shape':\s*\(([\d,\s]*)\)`)
)

// ParseNPY reads an array of NumPy's NPY format, of numbers of any width or
// truth values, in C or Fortran order.
func ParseNPY(content []byte) (*Array, error) {
	head, body, err := npyHead(content)
	if err != nil {
		return nil, err
	}
	descr, fortran, shape := npyDescr.FindSubmatch(head), npyFortran.FindSubmatch(head), npyShape.FindSubmatch(head)
	if descr == nil || fortran == nil || shape == nil {
		return nil, fmt.Errorf("expected an array of numbers, the head says %s", quote(head))
	}
	a := &Array{}
	for _, word := range strings.FieldsFunc(string(shape[1]), func(r rune) bool { return r == ',' || r == ' ' }) {
		d, err := strconv.Atoi(word)
		if err != nil || d < 1 || d > math.MaxInt32 {
			return nil, fmt.Errorf("expected sides of at least 1, the shape is (%s)", shape[1])
		}
		a.Shape = append(a.Shape, d)
	}
	size, read, err := npyType(string(descr[1]), string(descr[2])+string(descr[3]))
	if err != nil {
		return nil, err
	}
	n := 1
	for _, d := range a.Shape {
		if d > len(body)/size/n {
			return nil, fmt.Errorf("the head says %v elements of %d bytes, the file holds %d bytes", a.Shape, size, len(body))
		}
		n *= d
	}
	if n*size != len(body) {
		return nil, fmt.Errorf("the head says %v elements of %d bytes, the file holds %d bytes", a.Shape, size, len(body))
	}
	switch {
	case read == nil:
		a.Bytes = slices.Clone(body)
	default:
		a.Values = make([]float64, n)
		for i := range a.Values {
			a.Values[i] = read(body[i*size:])
		}
	}
	if string(fortran[1]) == "True" {
		a.toC()
	}
	return a, nil
}

// npyHead cuts a file into the text of its head and its elements.
func npyHead(content []byte) (head, body []byte, err error) {
	if !bytes.HasPrefix(content, []byte("\x93NUMPY")) || len(content) < 12 {
		return nil, nil, errors.New("expected a file of NumPy's NPY format")
	}
	from, n := 10, int(binary.LittleEndian.Uint16(content[8:]))
	if content[6] > 1 {
		from, n = 12, int(min(binary.LittleEndian.Uint32(content[8:]), math.MaxInt32))
	}
	if n > len(content)-from {
		return nil, nil, errors.New("the file ends in its head; it is cut short")
	}
	return content[from : from+n], content[from+n:], nil
}

// npyType returns the size of an element and what reads it; nil for unsigned
// bytes.
func npyType(order, kind string) (size int, read func([]byte) float64, err error) {
	var o binary.ByteOrder = binary.LittleEndian
	if order == ">" {
		o = binary.BigEndian
	}
	switch kind {
	case "u1", "b1":
		return 1, nil, nil
	case "i1":
		return 1, func(b []byte) float64 { return float64(int8(b[0])) }, nil
	case "u2":
		return 2, func(b []byte) float64 { return float64(o.Uint16(b)) }, nil
	case "i2":
		return 2, func(b []byte) float64 { return float64(int16(o.Uint16(b))) }, nil
	case "f2":
		return 2, func(b []byte) float64 { return half(o.Uint16(b)) }, nil
	case "u4":
		return 4, func(b []byte) float64 { return float64(o.Uint32(b)) }, nil
	case "i4":
		return 4, func(b []byte) float64 { return float64(int32(o.Uint32(b))) }, nil
	case "f4":
		return 4, func(b []byte) float64 { return float64(math.Float32frombits(o.Uint32(b))) }, nil
	case "u8":
		return 8, func(b []byte) float64 { return float64(o.Uint64(b)) }, nil
	case "i8":
		return 8, func(b []byte) float64 { return float64(int64(o.Uint64(b))) }, nil
	case "f8":
		return 8, func(b []byte) float64 { return math.Float64frombits(o.Uint64(b)) }, nil
	}
	return 0, nil, fmt.Errorf("expected elements of type u1..u8, i1..i8, f2..f8 or b1, found %q", kind)
}

// half returns the value of a half-precision number.
func half(b uint16) float64 {
	sign := 1.0
	if b>>15 == 1 {
		sign = -1
	}
	exponent, fraction := int(b>>10&31), float64(b&1023)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return nan
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}

// toC puts the elements of an array in Fortran order in C order.
func (a *Array) toC() {
	n := a.Len()
	from := make([]int, n) // the place of each element
	index := make([]int, len(a.Shape))
	for i := range from {
		at, step := 0, 1
		for d, k := range index {
			at += k * step
			step *= a.Shape[d]
		}
		from[i] = at
		for d := len(index) - 1; d >= 0; d-- {
			if index[d]++; index[d] < a.Shape[d] {
				break
			}
			index[d] = 0
		}
	}
	if a.Bytes != nil {
		a.Bytes = pickAll(a.Bytes, from)
	} else {
		a.Values = pickAll(a.Values, from)
	}
}

func pickAll[T any](all []T, from []int) []T {
	out := make([]T, len(from))
	for i, at := range from {
		out[i] = all[at]
	}
	return out
}

// FromArrays makes a frame of a matrix x, and of a vector y of labels that
// becomes its last column; y may be nil. NaN is a missing cell.
func FromArrays(path string, x, y *Array) (*Frame, error) {
	if len(x.Shape) != 2 {
		return nil, fmt.Errorf("%s: expected a matrix with a row for each sample, its shape is %v", path, x.Shape)
	}
	rows, width := x.Shape[0], x.Shape[1]
	columns := width
	if y != nil {
		if y.Len() != rows {
			return nil, fmt.Errorf("%s: %d rows and labels of shape %v; expected a label for each row", path, rows, y.Shape)
		}
		columns++
	}
	f := &Frame{Path: path, Rows: rows, Columns: make([]Column, columns), Cells: make([]float64, 0, rows*columns)}
	for i := range f.Columns {
		f.Columns[i].Kind = Number
	}
	for r := range rows {
		for i := range width {
			v := x.At(r*width + i)
			if math.IsInf(v, 0) {
				return nil, fmt.Errorf("%s: row %d, column %d: expected a finite number, found %g", path, r, i, v)
			}
			f.Cells = append(f.Cells, v)
		}
		if y != nil {
			f.Cells = append(f.Cells, y.At(r))
		}
	}
	return f, nil
}
