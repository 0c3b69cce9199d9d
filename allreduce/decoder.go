package allreduce

import (
	"encoding/binary"
	"errors"
	"math"
)

var (
	errShort = errors.New("cut short")
	errLong  = errors.New("a list of more nodes or shards than there can be")
)

// decoder reads the variable-length messages (Hello, Farewell). After the
// first mistake every read returns zero, and end tells.
type decoder struct {
	b   []byte
	err error
}

// take returns the next n bytes.
func (d *decoder) take(n int) []byte {
	if n > len(d.b) {
		d.err, d.b = errShort, nil
		return nil
	}
	p := d.b[:n]
	d.b = d.b[n:]
	return p
}

func (d *decoder) fixed64() uint64 {
	p := d.take(8)
	if p == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(p)
}

// number reads a varint that fits 31 bits.
func (d *decoder) number() int {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > math.MaxInt32 {
		d.err, d.b = errShort, nil
		return 0
	}
	d.b = d.b[n:]
	return int(v)
}

// count reads the length of a list whose items take at least a byte each.
func (d *decoder) count() int {
	n := d.number()
	if n > len(d.b) {
		d.err, d.b = errShort, nil
		return 0
	}
	return n
}

// items reads the length of a list that a Topology has: of empty strings a
// message could hold more than are worth the memory.
func (d *decoder) items() int {
	n := d.count()
	if n > maxItems {
		d.err, d.b = errLong, nil
		return 0
	}
	return n
}

// maxItems is the most nodes or shard bounds, with one to spare.
const maxItems = math.MaxUint16 + 1

func (d *decoder) text() string { return string(d.take(d.count())) }

func (d *decoder) end() error {
	if d.err == nil && len(d.b) > 0 {
		return errors.New("bytes left over")
	}
	return d.err
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
