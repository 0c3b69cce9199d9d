package tfevents

import (
	"encoding/binary"
	"hash/crc32"
)

// Around the data of a record: its length and that length's checksum before
// it, its own checksum behind it.
const (
	headSize = 8 + 4
	footSize = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// masked returns the CRC-32C of data as records carry it: turned and moved, so
// that the checksum of data with checksums in it is no weaker.
func masked(data []byte) uint32 {
	sum := crc32.Checksum(data, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// appendRecord appends data as one record.
func appendRecord(b, data []byte) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, masked(b[start:]))
	b = append(b, data...)
	return binary.LittleEndian.AppendUint32(b, masked(data))
}
