package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// metadataKey is the one name in a header that is not a tensor's.
const metadataKey = "__metadata__"

// float32Size is the number of bytes of one element.
const float32Size = 4

// Tensor is one named array. Data is in row-major order and its length is the
// product of Shape; an empty Shape is a scalar with one element.
type Tensor struct {
	Name  string
	Shape []int
	Data  []float32
}

// Write writes meta and tensors to w in the order of their names, whatever
// their order in the arguments; equal content gives equal bytes. It keeps
// none of its arguments. Metadata is left out if meta is empty.
//
// It returns an error if w does, or if a name or a metadata entry is not
// UTF-8 (class names may come from a user's file). A shape that does not fit
// its data, or two tensors of one name, are mistakes of the program: Write
// panics.
func Write(w io.Writer, meta map[string]string, tensors []Tensor) error {
	sorted := slices.Clone(tensors)
	slices.SortFunc(sorted, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	head, err := header(meta, sorted)
	if err != nil {
		return err
	}
	if _, err := w.Write(head); err != nil {
		return fmt.Errorf("safetensors: writing the header: %w", err)
	}
	for _, t := range sorted {
		if err := writeData(w, t.Data); err != nil {
			return fmt.Errorf("safetensors: writing tensor %q: %w", t.Name, err)
		}
	}
	return nil
}

// header returns the length field and the padded header for sorted tensors.
func header(meta map[string]string, sorted []Tensor) ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, lengthSize)) // filled in below
	b.WriteByte('{')
	if len(meta) > 0 {
		if err := writeMetadata(&b, meta); err != nil {
			return nil, err
		}
	}
	offset := 0
	for i, t := range sorted {
		check(sorted, i)
		if i > 0 || len(meta) > 0 {
			b.WriteByte(',')
		}
		if err := writeString(&b, "the name of a tensor", t.Name); err != nil {
			return nil, err
		}
		end := offset + len(t.Data)*float32Size
		fmt.Fprintf(&b, `:{"dtype":"F32","shape":[%s],"data_offsets":[%d,%d]}`, join(t.Shape), offset, end)
		offset = end
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	head := b.Bytes()
	binary.LittleEndian.PutUint64(head, uint64(len(head)-lengthSize))
	return head, nil
}

// check panics if the tensor at i is not one that can be written.
func check(sorted []Tensor, i int) {
	t := sorted[i]
	elements := 1
	for _, d := range t.Shape {
		elements *= max(d, 0)
	}
	switch {
	case elements != len(t.Data):
		panic(fmt.Sprintf("safetensors: tensor %q of shape %v has %d elements", t.Name, t.Shape, len(t.Data)))
	case i > 0 && sorted[i-1].Name == t.Name:
		panic(fmt.Sprintf("safetensors: two tensors are called %q", t.Name))
	case t.Name == metadataKey:
		panic("safetensors: a tensor cannot be called " + metadataKey)
	}
}

func writeMetadata(b *bytes.Buffer, meta map[string]string) error {
	b.WriteString(`"` + metadataKey + `":{`)
	for i, k := range slices.Sorted(maps.Keys(meta)) {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeString(b, "a metadata key", k); err != nil {
			return err
		}
		b.WriteByte(':')
		if err := writeString(b, "the metadata of "+k, meta[k]); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

// writeString appends s as JSON. Text that is not UTF-8 would come back as
// another text, so it is refused.
func writeString(b *bytes.Buffer, what, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("safetensors: %s is %q: expected UTF-8", what, s)
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return fmt.Errorf("safetensors: %s: %w", what, err)
	}
	b.Truncate(b.Len() - 1) // Encode ends with a newline
	return nil
}

func join(shape []int) string {
	text := make([]string, len(shape))
	for i, d := range shape {
		text[i] = fmt.Sprint(d)
	}
	return strings.Join(text, ",")
}

// writeData writes x through a buffer of bounded size.
func writeData(w io.Writer, x []float32) error {
	buf := make([]byte, 0, min(len(x)*float32Size, bufferSize))
	for len(x) > 0 {
		n := min(len(x), bufferSize/float32Size)
		buf = buf[:0]
		for _, v := range x[:n] {
			buf = binary.LittleEndian.AppendUint32(buf, math.Float32bits(v))
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
		x = x[n:]
	}
	return nil
}
