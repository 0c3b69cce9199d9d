package parquet

import (
	"encoding/binary"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// TestFooterSize: a footer larger than the file takes no memory.
func TestFooterSize(t *testing.T) {
	content := file(t, 50, []struct{ A, B int32 }{{1, 2}, {3, 4}})
	for _, size := range []uint32{uint32(len(content)) - 11, 1 << 20, math.MaxUint32} {
		bad := slices.Clone(content)
		binary.LittleEndian.PutUint32(bad[len(bad)-8:], size)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Parse(t.Context(), "f.parquet", bad, nil, auto(nil))
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "f.parquet: expected a Parquet file: its last bytes speak of a footer of ") {
			t.Errorf("%d: %v", size, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%d: %d bytes of memory", size, n)
		}
	}
}

// TestPageValues: a page has no more values than its row group has rows, and a
// dictionary no more than bits.
func TestPageValues(t *testing.T) {
	data := func(n int32) *format.PageHeader {
		return &format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(format.DataPageHeader{NumValues: n})}
	}
	newer := func(n int32) *format.PageHeader {
		return &format.PageHeader{Type: format.DataPageV2, DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{NumValues: n})}
	}
	dictionary := func(n, bytes int32) *format.PageHeader {
		return &format.PageHeader{Type: format.DictionaryPage, UncompressedPageSize: bytes, DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: n})}
	}
	for _, c := range []struct {
		h  *format.PageHeader
		ok bool
	}{
		{data(10), true}, {data(11), false}, {data(-1), false}, {newer(10), true}, {newer(11), false},
		{dictionary(40, 5), true}, {dictionary(41, 5), false}, {dictionary(math.MaxInt32, 5), false}, {dictionary(0, 0), true},
	} {
		if err := checkValues(c.h, 10); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.h, err)
		}
	}
}
