package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress/lz4"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/ballast-ml/ballast/dataset/frame"
)

type packed struct {
	A *string `parquet:"a,dict,lz4"`
	B float64 `parquet:"b,lz4"`
	C int64   `parquet:"c,delta,lz4"`
}

func packedFile(t testing.TB, version int) []byte {
	t.Helper()
	var rows []packed
	for i := range 900 {
		r := packed{B: float64(i * i % 71), C: int64(i)}
		if word := fmt.Sprintf("word %d", i%7); i%5 > 0 {
			r.A = &word
		}
		rows = append(rows, r)
	}
	return file(t, 900, rows, parquet.DataPageVersion(version))
}

// TestLZ4: pages of both versions are read, also those without a value.
func TestLZ4(t *testing.T) {
	for version := 1; version <= 2; version++ {
		f, err := Parse(t.Context(), "f.parquet", packedFile(t, version), nil, auto(nil))
		if err != nil || f.Rows != 900 || f.Row(899)[2] != 899 || f.Row(30)[1] != 900%71 {
			t.Errorf("version %d: %v", version, err)
		}
	}
	type empty struct {
		A *string `parquet:"a,lz4"`
		B float64 `parquet:"b,lz4"`
	}
	if f, err := Parse(t.Context(), "f", file(t, 50, []empty{{nil, 1}, {nil, 2}}), nil, auto(nil)); err != nil || f.Rows != 2 {
		t.Errorf("no values: %v", err)
	}
}

// TestLZ4Random: numbers that LZ4 makes no smaller come as they are, though the
// library unpacks their pages into another buffer than the one it reads.
func TestLZ4Random(t *testing.T) {
	type row struct {
		A float64 `parquet:"a,plain,lz4"`
		B float64 `parquet:"b,plain,lz4"`
		C string  `parquet:"c,plain,lz4"`
	}
	draws := rand.New(rand.NewPCG(1, 2))
	rows := make([]row, 4000)
	for i := range rows {
		rows[i] = row{draws.Float64(), float64(i % 3), strconv.FormatUint(draws.Uint64(), 36)}
	}
	for version := 1; version <= 2; version++ {
		for _, size := range []int{300, 5000, 1 << 20} {
			f, err := Parse(t.Context(), "f", file(t, 1500, rows, parquet.DataPageVersion(version), parquet.PageBufferSize(size)), nil, auto(map[string]frame.Kind{"c": frame.Free}))
			if err != nil {
				t.Fatal(err)
			}
			for i, r := range rows {
				if got := f.Row(i); got[0] != r.A || got[1] != r.B || f.Columns[2].Texts[int(got[2])] != r.C {
					t.Fatalf("version %d, pages of %d: row %d is %v, want %v", version, size, i, got, r)
				}
			}
		}
	}
}

// unsummed takes the checksum out of the first page, so that damage of it gets as
// far as the block. It returns where that begins.
func unsummed(t testing.TB, content []byte) (block int) {
	t.Helper()
	at := 4 // behind the mark of the file: fields of one byte and a number each
	for field := range 4 {
		if content[at] != 0x15 {
			t.Fatalf("byte %d, field %d of the page: %#x", at, field+1, content[at])
		}
		_, n := binary.Uvarint(content[at+1:])
		if at++; field == 3 {
			copy(content[at:], []byte{0x80, 0x80, 0x80, 0x80, 0x80}[:n-1])
			content[at+n-1] = 0
		}
		at += n
	}
	r := bytes.NewReader(content[4:])
	if err := thrift.NewDecoder(new(thrift.CompactProtocol).NewReader(r)).Decode(new(format.PageHeader)); err != nil {
		t.Fatal(err)
	}
	return len(content) - r.Len()
}

// TestLZ4Damage: whatever is changed in a block, it is told, and does not ask for
// all the memory there is.
func TestLZ4Damage(t *testing.T) {
	for version := 1; version <= 2; version++ {
		good := packedFile(t, version)
		block := unsummed(t, good)
		if _, err := Parse(t.Context(), "f.parquet", good, nil, auto(nil)); err != nil {
			t.Fatalf("without a checksum: %v", err)
		}
		told := 0
		for at := block; at < block+60; at++ {
			bad := slices.Clone(good)
			bad[at] ^= 0xff
			if _, err := Parse(t.Context(), "f.parquet", bad, nil, auto(nil)); err != nil {
				told++
				if !strings.Contains(err.Error(), `f.parquet: column index 0 ("a"): row group 0: `) {
					t.Fatalf("byte %d: error %v does not name the place", at, err)
				}
			}
		}
		if told < 10 {
			t.Errorf("version %d: %d damages were found", version, told)
		}
	}
}

// TestUnpacked: the size of a block is that which it was made of, and what is no
// block has none.
func TestUnpacked(t *testing.T) {
	var codec lz4.Codec
	for n := range 3000 {
		plain := make([]byte, n)
		for i := range plain {
			plain[i] = byte(i * i % (n%19 + 1))
		}
		block, err := codec.Encode(nil, plain)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := unpacked(block); !ok || got != n {
			t.Fatalf("%d bytes for a block of %d (%v)", got, n, ok)
		}
	}
	for name, block := range map[string][]byte{
		"cut literals": {0x50, 1, 2}, "no distance": {0x10, 1, 1}, "distance 0": {0x10, 1, 0, 0, 0x10, 1}, "before the start": {0x10, 1, 2, 0, 0x10, 1},
		"cut length": {0xf0, 255, 255}, "cut match": {0x1f, 1, 1, 0, 255}, "a match at the end": {0x10, 1, 1, 0}, "a match without a distance": {0x11, 1},
	} {
		if n, ok := unpacked(block); ok {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
}
