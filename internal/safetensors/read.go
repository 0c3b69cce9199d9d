package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	lengthSize = 8         // bytes of the length field
	maxHeader  = 100 << 20 // the largest header that the format allows
	bufferSize = 64 << 10
)

// DTypeError says that a tensor is not of float32, the one type that this
// package reads.
type DTypeError struct{ Tensor, DType string }

func (e *DTypeError) Error() string {
	return fmt.Sprintf("tensor %q has dtype %q: expected F32", e.Tensor, e.DType)
}

// ReadFile reads the file at path with [Read]; its errors name the path.
func ReadFile(path string) (meta map[string]string, tensors []Tensor, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err // names the path already
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if info.IsDir() {
		return nil, nil, fmt.Errorf("%s: is a directory: expected a safetensors file", path)
	}
	meta, tensors, err = Read(f, info.Size())
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	return meta, tensors, nil
}

// Read reads a file of size bytes. The tensors are in the order of their
// names and own their memory; meta is never nil. Every error says what was
// found and what was expected; the error is or wraps a [*DTypeError] if a
// tensor is of another type.
func Read(r io.ReaderAt, size int64) (meta map[string]string, tensors []Tensor, err error) {
	head, err := readHeader(r, size)
	if err != nil {
		return nil, nil, err
	}
	meta, entries, err := parseHeader(head)
	if err != nil {
		return nil, nil, err
	}
	start := lengthSize + int64(len(head))
	if err := checkCover(entries, size-start); err != nil {
		return nil, nil, err
	}
	tensors = make([]Tensor, len(entries))
	for i, e := range entries {
		section := io.NewSectionReader(r, start+e.begin, e.end-e.begin)
		data, err := readData(section, int(e.end-e.begin)/float32Size)
		if err != nil {
			return nil, nil, fmt.Errorf("reading tensor %q: %w", e.name, err)
		}
		tensors[i] = Tensor{Name: e.name, Shape: e.shape, Data: data}
	}
	slices.SortFunc(tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	return meta, tensors, nil
}

// readHeader returns the JSON text behind the length field.
func readHeader(r io.ReaderAt, size int64) ([]byte, error) {
	if size < lengthSize {
		return nil, fmt.Errorf("file has %d bytes: expected at least the %d of the header's length", size, lengthSize)
	}
	var field [lengthSize]byte
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, lengthSize), field[:]); err != nil {
		return nil, fmt.Errorf("reading the header's length: %w", err)
	}
	n := binary.LittleEndian.Uint64(field[:])
	if n > maxHeader {
		return nil, fmt.Errorf("header claims %d bytes: expected at most %d; is this a safetensors file?", n, maxHeader)
	}
	if int64(n) > size-lengthSize {
		return nil, fmt.Errorf("header claims %d bytes but %d follow: the file is cut short", n, size-lengthSize)
	}
	head := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r, lengthSize, int64(n)), head); err != nil {
		return nil, fmt.Errorf("reading the header: %w", err)
	}
	if len(head) == 0 || head[0] != '{' {
		return nil, errors.New("header does not start with '{': is this a safetensors file?")
	}
	if !utf8.Valid(head) {
		return nil, errors.New("header is not UTF-8")
	}
	return head, nil
}

// entry is one tensor of a header, its bytes being [begin, end) of the data.
type entry struct {
	name       string
	shape      []int
	begin, end int64
}

// parseHeader returns the entries in the order of their places in the data.
// It reads token by token because encoding/json would let the second of two
// equal names win.
func parseHeader(head []byte) (meta map[string]string, entries []entry, err error) {
	dec := json.NewDecoder(bytes.NewReader(head))
	dec.DisallowUnknownFields()
	if _, err := dec.Token(); err != nil { // the '{' seen by readHeader
		return nil, nil, fmt.Errorf("header: %w", err)
	}
	seen := make(map[string]bool)
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, nil, fmt.Errorf("header: %w", err)
		}
		name := token.(string) // the decoder guarantees a string as a key
		if seen[name] {
			return nil, nil, fmt.Errorf("header has %q twice", name)
		}
		seen[name] = true
		if name == metadataKey {
			if err := dec.Decode(&meta); err != nil {
				return nil, nil, fmt.Errorf("header: %s: expected a map of strings: %w", metadataKey, err)
			}
			continue
		}
		e, err := parseEntry(dec, name)
		if err != nil {
			return nil, nil, err
		}
		entries = append(entries, e)
	}
	if err := parseEnd(dec); err != nil {
		return nil, nil, err
	}
	if meta == nil {
		meta = map[string]string{}
	}
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	return meta, entries, nil
}

// parseEnd checks that the object is closed and nothing but space follows.
func parseEnd(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("header: %w", err)
	}
	switch _, err := dec.Token(); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		return fmt.Errorf("header: %w", err)
	default:
		return errors.New("header: expected spaces behind the closing '}'")
	}
}

func parseEntry(dec *json.Decoder, name string) (entry, error) {
	var raw struct {
		DType   string  `json:"dtype"`
		Shape   []int64 `json:"shape"`
		Offsets []int64 `json:"data_offsets"`
	}
	if err := dec.Decode(&raw); err != nil {
		return entry{}, fmt.Errorf("header: tensor %q: %w", name, err)
	}
	if raw.DType != "F32" {
		return entry{}, &DTypeError{Tensor: name, DType: raw.DType}
	}
	if raw.Shape == nil || len(raw.Offsets) != 2 {
		return entry{}, fmt.Errorf("header: tensor %q: expected a shape and two data_offsets", name)
	}
	bytes, shape, err := byteCount(raw.Shape)
	if err != nil {
		return entry{}, fmt.Errorf("header: tensor %q: %w", name, err)
	}
	begin, end := raw.Offsets[0], raw.Offsets[1]
	if begin < 0 || end < begin || end-begin != bytes {
		return entry{}, fmt.Errorf("header: tensor %q of shape %v has data_offsets [%d, %d]: expected %d bytes between them",
			name, raw.Shape, begin, end, bytes)
	}
	return entry{name, shape, begin, end}, nil
}

// byteCount returns the bytes of a float32 tensor of the shape, refusing
// shapes whose product does not fit.
func byteCount(raw []int64) (bytes int64, shape []int, err error) {
	const limit = math.MaxInt / float32Size
	n := int64(1)
	shape = make([]int, len(raw))
	for i, d := range raw {
		if d < 0 || d > limit {
			return 0, nil, fmt.Errorf("shape %v: expected dimensions from 0 to %d", raw, int64(limit))
		}
		if d > 0 && n > limit/d {
			return 0, nil, fmt.Errorf("shape %v has more elements than this machine can address", raw)
		}
		n *= d
		shape[i] = int(d)
	}
	return n * float32Size, shape, nil
}

// checkCover checks that the entries, ordered by place, cover the data from
// its first byte to its last.
func checkCover(entries []entry, size int64) error {
	var at int64
	for _, e := range entries {
		if e.end > size {
			return fmt.Errorf("tensor %q ends at byte %d of the data but there are %d: the file is cut short", e.name, e.end, size)
		}
		if e.begin != at {
			return fmt.Errorf("tensor %q starts at byte %d of the data: expected %d, where the one before it ends", e.name, e.begin, at)
		}
		at = e.end
	}
	if at != size {
		return fmt.Errorf("%d bytes follow the last tensor: expected none", size-at)
	}
	return nil
}

// readData reads n values through a buffer of bounded size.
func readData(r io.Reader, n int) ([]float32, error) {
	data := make([]float32, n)
	buf := make([]byte, min(n*float32Size, bufferSize))
	for at := 0; at < n; {
		part := buf[:min((n-at)*float32Size, len(buf))]
		if _, err := io.ReadFull(r, part); err != nil {
			return nil, err
		}
		for ; len(part) > 0; part = part[float32Size:] {
			data[at] = math.Float32frombits(binary.LittleEndian.Uint32(part))
			at++
		}
	}
	return data, nil
}
