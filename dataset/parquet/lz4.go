package parquet

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// checkLZ4 looks at the pages of a column chunk that are compressed by LZ4, since
// the library does not: it takes whatever the decompressor complains of for too
// small a buffer and tries one twice as large, until there is no memory.
func checkLZ4(content []byte, m *format.ColumnMetaData) error {
	if m.Codec != format.Lz4Raw {
		return nil
	}
	from, size := m.DataPageOffset, m.TotalCompressedSize
	if m.DictionaryPageOffset != 0 {
		from = m.DictionaryPageOffset
	}
	if from < 0 || size < 0 || from > int64(len(content)) {
		return errors.New("its pages lie outside of the file; it is damaged")
	}
	rest := content[from:min(from+size, int64(len(content)))]
	for page := 0; len(rest) > 0; page++ {
		r := bytes.NewReader(rest)
		header := &format.PageHeader{}
		if err := thrift.NewDecoder(new(thrift.CompactProtocol).NewReader(r)).Decode(header); err != nil {
			return fmt.Errorf("page %d: its head is damaged: %w", page, err)
		}
		rest = rest[len(rest)-r.Len():]
		n := int(header.CompressedPageSize)
		if n < 0 || n > len(rest) {
			return fmt.Errorf("page %d: %d bytes of %d are there; it is damaged", page, len(rest), n)
		}
		if err := checkPage(header, rest[:n]); err != nil {
			return fmt.Errorf("page %d: %w", page, err)
		}
		rest = rest[n:]
	}
	return nil
}

// checkPage compares what a page says of its size with what its block unpacks to.
func checkPage(h *format.PageHeader, block []byte) error {
	want := int(h.UncompressedPageSize)
	if v2 := h.DataPageHeaderV2; h.Type == format.DataPageV2 && v2.Valid {
		levels := int(v2.V.RepetitionLevelsByteLength) + int(v2.V.DefinitionLevelsByteLength)
		if levels < 0 || levels > len(block) {
			return fmt.Errorf("%d bytes of levels in a page of %d; it is damaged", levels, len(block))
		}
		block, want = block[levels:], want-levels
		if v2.V.IsCompressed.Valid && !v2.V.IsCompressed.V {
			return nil
		}
	}
	if n, ok := unpacked(block); !ok || n != want {
		return fmt.Errorf("expected a block of LZ4 of %d bytes; it is damaged", want)
	}
	return nil
}

// unpacked returns how many bytes a block of LZ4 unpacks to: sequences of a token,
// literals, and the distance and the length of a match; the last one ends with
// its literals.
func unpacked(block []byte) (n int, ok bool) {
	at := 0
	// length is one of a token's, of which 15 goes on in bytes up to one below 255.
	length := func(nibble byte) (int, bool) {
		n := int(nibble)
		for more := nibble == 15; more; at++ {
			if at == len(block) {
				return 0, false
			}
			n, more = n+int(block[at]), block[at] == 255
		}
		return n, true
	}
	for at < len(block) {
		token := block[at]
		at++
		literals, ok := length(token >> 4)
		if !ok || literals > len(block)-at {
			return 0, false
		}
		at, n = at+literals, n+literals
		if at == len(block) {
			return n, token&15 == 0
		}
		if len(block)-at < 2 {
			return 0, false
		}
		distance := int(block[at]) | int(block[at+1])<<8
		at += 2
		match, ok := length(token & 15)
		if !ok || distance == 0 || distance > n {
			return 0, false
		}
		n += match + 4
	}
	return n, len(block) == 0 // a match at the end is none of the format's
}
