package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// What a file says of sizes is looked at before the library takes memory for it:
// a changed byte may speak of gigabytes.

// checkFooter compares what the last bytes say of the footer's size with that of
// the file.
func checkFooter(content []byte) error {
	const marks, tail = 4, 8 // at the start; the size and the mark at the end
	if len(content) < marks+tail {
		return fmt.Errorf("a file of %d bytes", len(content))
	}
	if n := binary.LittleEndian.Uint32(content[len(content)-tail:]); int64(n) > int64(len(content)-marks-tail) {
		return fmt.Errorf("its last bytes speak of a footer of %d bytes in a file of %d; it is damaged or no such file", n, len(content))
	}
	return nil
}

// inspect looks at the pages of a column before they are read, and finds what the
// overlay has to change.
func (o *overlay) inspect(file *parquet.File, c *column) (err error) {
	defer caught(&err)
	for g, group := range file.RowGroups() {
		chunks := file.Metadata().RowGroups[g].Columns
		if c.index < 0 || c.index >= len(chunks) {
			continue // of which reading complains
		}
		if err := o.pages(&chunks[c.index].MetaData, group.NumRows()); err != nil {
			return fmt.Errorf("row group %d: %w", g, err)
		}
	}
	slices.SortFunc(o.zeros, func(a, b zero) int { return a.at - b.at })
	return nil
}

// pages looks at the heads of the pages of a column chunk, in a row group of so
// many rows, and at its blocks of LZ4.
func (o *overlay) pages(m *format.ColumnMetaData, rows int64) error {
	content := o.content
	from, size := m.DataPageOffset, m.TotalCompressedSize
	if m.DictionaryPageOffset != 0 {
		from = m.DictionaryPageOffset
	}
	if from < 0 || size < 0 || from > int64(len(content)) {
		return errors.New("its pages lie outside of the file; it is damaged")
	}
	whole := content[from:]
	whole = whole[:min(size, int64(len(whole)))]
	rest := whole
	for page := 0; len(rest) > 0; page++ {
		r := bytes.NewReader(rest)
		header := &format.PageHeader{}
		if err := thrift.NewDecoder(new(thrift.CompactProtocol).NewReader(r)).Decode(header); err != nil {
			return fmt.Errorf("page %d: its head is damaged: %w", page, err)
		}
		head := rest[:len(rest)-r.Len()]
		at := int(from) + len(whole) - len(rest)
		rest = rest[len(head):]
		n := int(header.CompressedPageSize)
		if n < 0 || n > len(rest) {
			return fmt.Errorf("page %d: %d bytes of %d are there; it is damaged", page, len(rest), n)
		}
		err := checkValues(header, rows)
		if err == nil && m.Codec == format.Lz4Raw {
			if err = checkBlock(header, rest[:n]); err == nil {
				err = o.zero(head, at)
			}
		}
		if err != nil {
			return fmt.Errorf("page %d: %w", page, err)
		}
		rest = rest[n:]
	}
	return nil
}

// zero has the size be 0 that the head of a page at a place says to unpack to.
func (o *overlay) zero(head []byte, place int) error {
	at, n, err := unpackedSize(head)
	if err == nil {
		o.zeros = append(o.zeros, zero{place + at, n})
	}
	return err
}

// checkValues bounds the number of values of a page: a flat column has one for
// each row, and a value of a dictionary takes a bit at the least.
func checkValues(h *format.PageHeader, rows int64) error {
	n, most := int64(0), rows
	switch {
	case h.Type == format.DataPage && h.DataPageHeader.Valid:
		n = int64(h.DataPageHeader.V.NumValues)
	case h.Type == format.DataPageV2 && h.DataPageHeaderV2.Valid:
		n = int64(h.DataPageHeaderV2.V.NumValues)
	case h.Type == format.DictionaryPage && h.DictionaryPageHeader.Valid:
		n, most = int64(h.DictionaryPageHeader.V.NumValues), 8*int64(h.UncompressedPageSize)
	}
	if n < 0 || n > most {
		return fmt.Errorf("%d values; expected at most %d; it is damaged", n, most)
	}
	return nil
}

// checkBlock compares what a page says of its size with what its block of LZ4
// unpacks to. The library takes whatever the decompressor complains of for too
// small a buffer, and tries one twice as large until there is no memory.
func checkBlock(h *format.PageHeader, block []byte) error {
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
