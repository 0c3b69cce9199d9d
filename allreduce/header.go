package allreduce

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"math/bits"
)

// HeaderSize is the length of a frame's header in bytes.
const HeaderSize = 72

// magic starts every frame, in the sender's byte order; its low byte is the
// version of the wire format.
const magic uint16 = 0xb104

// Phase is the collective a frame belongs to.
type Phase uint8

// The collectives. Their String is the Phase of a PeerError.
const (
	PhaseSum Phase = iota + 1
	PhaseLogSumExp
	PhaseGather
	PhaseBroadcast
)

var phaseNames = [...]string{"none", "Sum", "LogSumExp", "Gather", "Broadcast"}

// String returns the name of the collective.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return fmt.Sprintf("Phase(%d)", uint8(p))
}

// Leg is what a frame's payload is.
type Leg uint8

const (
	// Partial is a chunk's segment on its way from shard to shard, not yet
	// summed over all of them.
	Partial Leg = iota + 1
	// Finished is a summed segment on its way to all nodes.
	Finished
	// Raw is a segment of the gradient of the shard where a chunk's fold starts,
	// which the next fold multiplies by Factor first.
	Raw
	// Record is a part of one node's bytes on their way to all nodes.
	Record
	// Bundle is a part of all that a node knows in one round of a dissemination.
	Bundle
)

// Header is what the first HeaderSize bytes of a frame say. Numbers are in the
// sender's byte order, as the floats behind them are; ParseHeader refuses the
// other order by the magic.
//
//	bytes 0-1 magic and version, 2 phase, 3 leg, 4-5 seq, 6-7 chunk,
//	8 run, 16 generation, 24 roster, 32 step, 40 bucket, 44 length,
//	48 offset, 56 total, 64 factor, 68-71 zero
type Header struct {
	Run        uint64 // hash of the run's label
	Generation uint64
	Roster     uint64 // hash of the roster
	Step       uint64
	Phase      Phase
	Leg        Leg
	Seq        uint16  // number of the collective within the step, from 0
	Bucket     uint32  // Sum: index of the bucket
	Chunk      uint16  // Sum: index of the chunk, the shard its fold starts at; Record, Bundle: rank of the node whose bytes these are
	Length     uint32  // bytes of payload
	Offset     uint64  // Sum: floats behind this segment in its chunk; Record, Bundle: bytes before it
	Total      uint64  // Sum: floats in the whole vector; Record, Bundle: bytes in the whole of it
	Factor     float32 // Raw: what the payload is to be multiplied by; else 0
}

// Append appends the encoded header to b.
func (h Header) Append(b []byte) []byte {
	e := binary.NativeEndian
	b = e.AppendUint16(b, magic)
	b = append(b, byte(h.Phase), byte(h.Leg))
	b = e.AppendUint16(b, h.Seq)
	b = e.AppendUint16(b, h.Chunk)
	b = e.AppendUint64(b, h.Run)
	b = e.AppendUint64(b, h.Generation)
	b = e.AppendUint64(b, h.Roster)
	b = e.AppendUint64(b, h.Step)
	b = e.AppendUint32(b, h.Bucket)
	b = e.AppendUint32(b, h.Length)
	b = e.AppendUint64(b, h.Offset)
	b = e.AppendUint64(b, h.Total)
	return e.AppendUint64(b, uint64(math.Float32bits(h.Factor)))
}

// ParseHeader decodes the header of a frame of exactly these bytes. It checks
// all that can be wrong without knowing the ring; errors wrap ErrFrame. It
// allocates nothing.
func ParseHeader(b []byte) (Header, error) {
	if len(b) < HeaderSize {
		return Header{}, fmt.Errorf("%w: %d bytes, a header has %d", ErrFrame, len(b), HeaderSize)
	}
	return parseHeader(b, len(b)-HeaderSize)
}

// parseHeader decodes the header at the start of b, of a frame with that many
// bytes behind it.
func parseHeader(b []byte, payload int) (Header, error) {
	e := binary.NativeEndian
	if m := e.Uint16(b); m != magic {
		return Header{}, badMagic(m)
	}
	h := Header{
		Phase: Phase(b[2]), Leg: Leg(b[3]), Seq: e.Uint16(b[4:]), Chunk: e.Uint16(b[6:]),
		Run: e.Uint64(b[8:]), Generation: e.Uint64(b[16:]), Roster: e.Uint64(b[24:]), Step: e.Uint64(b[32:]),
		Bucket: e.Uint32(b[40:]), Length: e.Uint32(b[44:]), Offset: e.Uint64(b[48:]), Total: e.Uint64(b[56:]),
	}
	factor := e.Uint64(b[64:])
	h.Factor = math.Float32frombits(uint32(factor))
	if factor>>32 != 0 || uint32(factor) != 0 && h.Leg != Raw {
		return h, fmt.Errorf("%w: a factor of %#x with leg %d", ErrFrame, factor, h.Leg)
	}
	return h, h.check(payload)
}

func badMagic(m uint16) error {
	switch {
	case m == bits.ReverseBytes16(magic):
		return fmt.Errorf("%w: the peer's machine has the other byte order", ErrFrame)
	case m>>8 == magic>>8:
		return fmt.Errorf("%w: wire format %d, this build speaks %d", ErrFrame, m&0xff, magic&0xff)
	}
	return fmt.Errorf("%w: starts with %#04x, want %#04x", ErrFrame, m, magic)
}

// check compares the header with itself and with the bytes behind it.
func (h Header) check(payload int) error {
	unit := uint64(1)
	switch {
	case h.Phase == PhaseSum && (h.Leg == Partial || h.Leg == Finished || h.Leg == Raw):
		unit = 4
	case h.Phase >= PhaseSum && h.Phase <= PhaseBroadcast && h.Leg == Record:
	case (h.Phase == PhaseLogSumExp || h.Phase == PhaseGather) && h.Leg == Bundle:
	default:
		return fmt.Errorf("%w: phase %d with leg %d", ErrFrame, h.Phase, h.Leg)
	}
	n := uint64(h.Length)
	switch {
	case uint64(payload) != n:
		return fmt.Errorf("%w: length %d with %d bytes behind the header", ErrFrame, n, payload)
	case n > MaxPayload:
		return fmt.Errorf("%w: length %d, at most %d", ErrFrame, n, MaxPayload)
	case n%unit != 0:
		return fmt.Errorf("%w: length %d is no multiple of %d", ErrFrame, n, unit)
	case h.Offset > h.Total || n/unit > h.Total-h.Offset:
		return fmt.Errorf("%w: %d at offset %d of %d", ErrFrame, n/unit, h.Offset, h.Total)
	case n == 0 && h.Total != 0:
		return fmt.Errorf("%w: empty", ErrFrame)
	}
	return nil
}

// matches compares the identity of a received frame with that of the ring.
func (h Header) matches(want *Header) error {
	switch {
	case h.Run != want.Run:
		return fmt.Errorf("%w: frame of run %#x, this is %#x", ErrRun, h.Run, want.Run)
	case h.Generation != want.Generation:
		return fmt.Errorf("%w: frame of generation %d, this is %d", ErrStale, h.Generation, want.Generation)
	case h.Roster != want.Roster:
		return fmt.Errorf("%w: frame of roster %#x, this is %#x", ErrRoster, h.Roster, want.Roster)
	}
	return nil
}

// hashRun is the run label's stand-in in frame headers.
func hashRun(run string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(run))
	return h.Sum64()
}

// PayloadLength returns the length that an encoded header of HeaderSize bytes
// declares, so that a stream can be cut into frames. The error wraps ErrFrame:
// the bytes start no header, or declare more than MaxPayload.
func PayloadLength(header []byte) (int, error) {
	e := binary.NativeEndian
	if m := e.Uint16(header); m != magic {
		return 0, badMagic(m)
	}
	n := e.Uint32(header[44:])
	if n > MaxPayload {
		return 0, fmt.Errorf("%w: length %d, at most %d", ErrFrame, n, MaxPayload)
	}
	return int(n), nil
}
