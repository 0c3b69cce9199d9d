package shm

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/ballast-ml/ballast/allreduce"
)

// Size says how large an arena is. Zero stands for the defaults.
type Size struct {
	Places int // frames that can be with the receiver at once: 64
	Bytes  int // largest payload of a place: allreduce.MaxPayload
	Least  int // smaller payloads go through the socket: 4 KiB; negative: none do
	Refs   int // parts of Free that can be with the receiver at once: 512
	Free   int // bytes to be allocated: 1 GiB
	Worth  int // smaller parts are not referred to: 64 KiB; negative: all are
}

// The bounds of an arena. 64 places hold all that a ring of two has under way
// at once, 16 segments each way and as many finished ones; in larger rings what
// does not fit takes the socket. Memory that has never been used takes none.
const (
	usualPlaces = 64
	usualLeast  = 4 << 10
	usualRefs   = 512
	usualFree   = 1 << 30
	usualWorth  = 64 << 10
	maxPlaces   = 1 << 12 // with Refs
	maxFree     = 1 << 36
)

func (s Size) withDefaults() Size {
	or := func(p *int, usual int) {
		if *p == 0 {
			*p = usual
		}
	}
	or(&s.Places, usualPlaces)
	or(&s.Bytes, allreduce.MaxPayload)
	or(&s.Least, usualLeast)
	or(&s.Refs, usualRefs)
	or(&s.Free, usualFree)
	or(&s.Worth, usualWorth)
	s.Free = (s.Free + line - 1) &^ (line - 1)
	return s
}

// An arena begins with a line of control words; places and free memory follow.
//
//	word 0    1 while the sender waits for a ticket to come back
const (
	line      = 4 << 10
	waitsWord = 0
)

// room is what stands in front of a place's payload.
var room = allreduce.FrameRoom(allreduce.HeaderSize)

// stride is the distance between places: a place and its room, in whole cache
// lines.
func (s Size) stride() int { return (room + s.Bytes + 63) &^ 63 }

// place returns where a place begins.
func (s Size) place(i int) int { return line + i*s.stride() }

// free returns where the memory to be allocated begins.
func (s Size) free() int { return (s.place(s.Places) + line - 1) &^ (line - 1) }

// total is the length of the arena in bytes.
func (s Size) total() int { return s.free() + s.Free }

// tickets is how many frames can be with the receiver at once. The first ones
// are the places'.
func (s Size) tickets() int { return s.Places + s.Refs }

// mark says where a payload is: the ticket by which it comes back, and the
// offset in the arena.
func mark(ticket, offset int) uint64 { return uint64(ticket)<<offsetBits | uint64(offset) }

const offsetBits = 40

// locate is the receiver's side of mark, for a payload of n bytes. It reports
// false if any of that would lie outside the arena, or not at a float.
func (s Size) locate(mark uint64, n int) (ticket, offset int, ok bool) {
	t, o := mark>>offsetBits, mark&(1<<offsetBits-1)
	ok = t < uint64(s.tickets()) && o >= line && o%4 == 0 && o <= uint64(s.total()) && uint64(n) <= uint64(s.total())-o
	return int(t), int(o), ok
}

// Nonce tells the connection that belongs to a link from all others.
type Nonce [16]byte

// introduction is what the sender says first: the nonce and the arena's
// measures. Two files come with it: the arena and the counts.
const introduction = len(Nonce{}) + 3*4 + 8

func (s Size) introduce(nonce Nonce) []byte {
	b := append([]byte(nil), nonce[:]...)
	for _, n := range []int{s.Places, s.Bytes, s.Refs} {
		b = binary.LittleEndian.AppendUint32(b, uint32(n))
	}
	return binary.LittleEndian.AppendUint64(b, uint64(s.Free))
}

// parseIntroduction decodes what a sender says first. What it returns is
// within the bounds of an arena.
func parseIntroduction(b []byte) (nonce Nonce, s Size, err error) {
	if len(b) != introduction {
		return nonce, s, fmt.Errorf("shm: an introduction of %d bytes, want %d", len(b), introduction)
	}
	copy(nonce[:], b)
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(b[len(nonce)+4*i:]) }
	places, bytes, refs, free := word(0), word(1), word(2), binary.LittleEndian.Uint64(b[len(nonce)+12:])
	if places > maxPlaces || refs > maxPlaces || bytes > allreduce.MaxPayload || free > min(maxFree, math.MaxInt/2) || free%line != 0 {
		return nonce, s, fmt.Errorf("shm: an arena of %d places of %d bytes, %d references and %d bytes", places, bytes, refs, free)
	}
	return nonce, Size{Places: int(places), Bytes: int(bytes), Refs: int(refs), Free: int(free)}, nil
}
