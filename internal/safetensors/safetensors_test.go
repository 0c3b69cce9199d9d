package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ballast-ml/ballast/internal/safetensors"
)

var update = flag.Bool("update", false, "rewrite the golden file")

func write(t testing.TB, meta map[string]string, tensors []safetensors.Tensor) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := safetensors.Write(&b, meta, tensors); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(b []byte) (map[string]string, []safetensors.Tensor, error) {
	return safetensors.Read(bytes.NewReader(b), int64(len(b)))
}

// file builds a file from a header as text, which need not be a valid one.
func file(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	return append(b, make([]byte, data)...)
}

// model is the content of the golden file.
func model() (map[string]string, []safetensors.Tensor) {
	meta := map[string]string{"arch": "mlp:2", "classes": `["a<b","ü"]`}
	return meta, []safetensors.Tensor{
		{Name: "layers.1.weight", Shape: []int{2, 3}, Data: []float32{1, -2, 0.5, float32(math.Inf(1)), 3, 4}},
		{Name: "layers.0.bias", Shape: []int{2}, Data: []float32{0.25, -0.25}},
		{Name: "empty", Shape: []int{0, 4}, Data: []float32{}},
		{Name: "scalar", Shape: []int{}, Data: []float32{7}},
	}
}

// TestGolden pins the bytes: a change of the format would change the checksum
// of every model.
func TestGolden(t *testing.T) {
	meta, tensors := model()
	got := write(t, meta, tensors)
	path := filepath.Join("testdata", "golden.safetensors")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if n := binary.LittleEndian.Uint64(got); n%8 != 0 {
		t.Errorf("header of %d bytes: want a multiple of 8", n)
	}
	gotMeta, gotTensors, err := safetensors.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(meta, gotMeta); d != "" {
		t.Error(d)
	}
	names := []string{}
	for _, x := range gotTensors {
		names = append(names, x.Name)
	}
	if d := cmp.Diff([]string{"empty", "layers.0.bias", "layers.1.weight", "scalar"}, names); d != "" {
		t.Error(d)
	}
}

// TestRoundTrip: what is written is read, and neither the order of the
// arguments nor the way through a file changes a byte.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		meta := rapid.MapOfN(rapid.String(), rapid.String(), 0, 4).Draw(t, "meta")
		shapes := rapid.MapOfN(rapid.StringMatching(`[a-z.0-9é"\\]{1,8}`), rapid.SliceOfN(rapid.IntRange(0, 4), 0, 3), 0, 5).Draw(t, "shapes")
		var tensors []safetensors.Tensor
		for name, shape := range shapes { // map order: Write must not care
			n := 1
			for _, d := range shape {
				n *= d
			}
			data := make([]float32, n)
			for i := range data {
				data[i] = float32(i) - 1.5
			}
			tensors = append(tensors, safetensors.Tensor{Name: name, Shape: shape, Data: data})
		}
		var first, second bytes.Buffer
		if err := safetensors.Write(&first, meta, tensors); err != nil {
			t.Fatal(err)
		}
		gotMeta, got, err := read(first.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if err := safetensors.Write(&second, gotMeta, got); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("first\n%q\nsecond\n%q", first.Bytes(), second.Bytes())
		}
		if d := cmp.Diff(meta, gotMeta); d != "" {
			t.Fatal(d)
		}
		for _, x := range got {
			if d := cmp.Diff(shapes[x.Name], x.Shape); d != "" {
				t.Fatal(d)
			}
		}
	})
}

func TestBits(t *testing.T) {
	in := []uint32{0, 1 << 31, 1, 0x7f800000, 0xff800000, 0x7fc00001, 0x3f800001}
	data := make([]float32, len(in))
	for i, b := range in {
		data[i] = math.Float32frombits(b)
	}
	_, got, err := read(write(t, nil, []safetensors.Tensor{{Name: "x", Shape: []int{len(in)}, Data: data}}))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range got[0].Data {
		if math.Float32bits(v) != in[i] {
			t.Errorf("element %d: bits %#x, want %#x", i, math.Float32bits(v), in[i])
		}
	}
}

// TestLarge takes the buffers round more than once.
func TestLarge(t *testing.T) {
	data := make([]float32, 50_001)
	for i := range data {
		data[i] = float32(i)
	}
	_, got, err := read(write(t, nil, []safetensors.Tensor{{Name: "x", Shape: []int{50_001}, Data: data}}))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(data, got[0].Data); d != "" {
		t.Error(d)
	}
}

const oneTensor = `{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`

var bad = []struct {
	name string
	file []byte
	want string // part of the message
}{
	{"empty file", nil, "expected at least the 8"},
	{"only a length", file("", 0), "does not start with '{'"},
	{"huge header", binary.LittleEndian.AppendUint64(nil, 1<<63), "expected at most 104857600"},
	{"header beyond the file", binary.LittleEndian.AppendUint64(nil, 100), "header claims 100 bytes but 0 follow"},
	{"not JSON", file(`{"x" 1}`, 0), "header"},
	{"not an object", file(`["x"]`, 0), "does not start with '{'"},
	{"not closed", file(`{"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]}`, 4), "header"},
	{"text behind", file(oneTensor+` 1`, 8), "behind the closing '}'"},
	{"not UTF-8", file("{\"\xff\":1}", 0), "not UTF-8"},
	{"twice", file(`{"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[],"data_offsets":[4,8]}}`, 8), `"x" twice`},
	{"other dtype", file(`{"x":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}`, 4), `dtype "F16": expected F32`},
	{"unknown field", file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"y":1}}`, 8), `unknown field "y"`},
	{"no shape", file(`{"x":{"dtype":"F32","data_offsets":[0,8]}}`, 8), "expected a shape and two data_offsets"},
	{"three offsets", file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}`, 8), "expected a shape and two data_offsets"},
	{"negative dimension", file(`{"x":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}`, 8), "expected dimensions from 0"},
	{"fractional dimension", file(`{"x":{"dtype":"F32","shape":[2.5],"data_offsets":[0,8]}}`, 8), "cannot unmarshal"},
	{"overflowing shape", file(`{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0), "more elements than"},
	{"wrong length", file(`{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, 8), "expected 12 bytes between them"},
	{"backwards", file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}`, 8), "expected 8 bytes between them"},
	{"negative offset", file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}}`, 8), "expected 8 bytes between them"},
	{"cut short", file(oneTensor, 4), "the file is cut short"},
	{"bytes left over", file(oneTensor, 12), "4 bytes follow the last tensor"},
	{"gap", file(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, 8), "expected 0, where the one before it ends"},
	{"overlap", file(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}`, 12), "expected 8, where the one before it ends"},
	{"metadata not text", file(`{"__metadata__":{"a":1}}`, 0), "expected a map of strings"},
}

func TestReadRefuses(t *testing.T) {
	for _, tt := range bad {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := read(tt.file)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q: want one with %q", err, tt.want)
			}
		})
	}
	var dtype *safetensors.DTypeError
	_, _, err := read(file(`{"x":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}`, 8))
	if !errors.As(err, &dtype) || dtype.Tensor != "x" {
		t.Errorf("%v: want a DTypeError", err)
	}
}

// TestEveryCut: no prefix of a file is a file.
func TestEveryCut(t *testing.T) {
	meta, tensors := model()
	b := write(t, meta, tensors)
	for n := range b {
		if _, _, err := read(b[:n]); err == nil {
			t.Errorf("the first %d of %d bytes were read without an error", n, len(b))
		}
	}
}

func TestReadFileNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	if _, _, err := safetensors.ReadFile(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v: want ErrNotExist", err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, filepath.Dir(path)} {
		if _, _, err := safetensors.ReadFile(p); err == nil || !strings.HasPrefix(err.Error(), p+": ") {
			t.Errorf("%v: want an error that starts with %s", err, p)
		}
	}
}

func TestWriteRefuses(t *testing.T) {
	err := safetensors.Write(&bytes.Buffer{}, map[string]string{"classes": "caf\xe9"}, nil)
	if err == nil || !strings.Contains(err.Error(), "expected UTF-8") {
		t.Errorf("%v: want an error about UTF-8", err)
	}
	one := safetensors.Tensor{Name: "x", Shape: []int{1}, Data: []float32{1}}
	for name, tensors := range map[string][]safetensors.Tensor{
		"shape":    {{Name: "x", Shape: []int{2}, Data: []float32{1}}},
		"twice":    {one, one},
		"reserved": {{Name: "__metadata__", Shape: []int{1}, Data: []float32{1}}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if r := recover(); r == nil || !strings.HasPrefix(fmt.Sprint(r), "safetensors: ") {
					t.Errorf("recovered %v: want a panic of this package", r)
				}
			}()
			_ = safetensors.Write(&bytes.Buffer{}, nil, tensors)
		})
	}
}

// failing accepts n writes and refuses the next.
type failing struct{ n int }

func (f *failing) Write(p []byte) (int, error) {
	if f.n--; f.n < 0 {
		return 0, errors.New("disk full")
	}
	return len(p), nil
}

func TestWriteReturnsErrors(t *testing.T) {
	meta, tensors := model()
	for n, want := range []string{"writing the header: disk full", `writing tensor "layers.0.bias": disk full`} {
		if err := safetensors.Write(&failing{n}, meta, tensors); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("after %d writes: %v, want %q", n, err, want)
		}
	}
}

// FuzzRead: whatever is accepted can be written and read again to the same.
func FuzzRead(f *testing.F) {
	meta, tensors := model()
	f.Add(write(f, meta, tensors))
	f.Add(file(oneTensor, 8))
	for _, tt := range bad {
		f.Add(tt.file)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		meta, tensors, err := read(b)
		if err != nil {
			return
		}
		once := write(t, meta, tensors)
		meta, tensors, err = read(once)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if again := write(t, meta, tensors); !bytes.Equal(once, again) {
			t.Fatalf("first\n%q\nsecond\n%q", once, again)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	data := write(b, nil, []safetensors.Tensor{{Name: "x", Shape: []int{1 << 20}, Data: make([]float32, 1<<20)}})
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, _, err := read(data); err != nil {
			b.Fatal(err)
		}
	}
}
