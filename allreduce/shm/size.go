package shm

import (
	"encoding/binary"
	"fmt"

	"github.com/ballast-ml/ballast/allreduce"
)

// Size says how large an arena is. Zero stands for the defaults.
type Size struct {
	Places int // frames that can be with the receiver at once: 64
	Bytes  int // largest payload of a place: allreduce.MaxPayload
	Least  int // smaller payloads go through the socket: 4 KiB; negative: none do
}

// The bounds of an arena. 64 places hold all that a ring of two has under way
// at once, 16 segments each way and as many finished ones; in larger rings what
// does not fit takes the socket. Memory that has never been used takes none.
const (
	usualPlaces = 64
	usualLeast  = 4 << 10
	maxPlaces   = 1 << 10
)

func (s Size) withDefaults() Size {
	if s.Places == 0 {
		s.Places = usualPlaces
	}
	if s.Bytes == 0 {
		s.Bytes = allreduce.MaxPayload
	}
	if s.Least == 0 {
		s.Least = usualLeast
	}
	return s
}

// room is what stands in front of a place's payload.
var room = allreduce.FrameRoom(allreduce.HeaderSize)

// stride is the distance between places: a place and its room, in whole cache
// lines.
func (s Size) stride() int { return (room + s.Bytes + 63) &^ 63 }

// total is the length of the arena in bytes.
func (s Size) total() int { return s.Places * s.stride() }

// Nonce tells the connection that belongs to a link from all others.
type Nonce [16]byte

// introduction is what the sender says first: the nonce and the arena's
// measures. Two files come with it: the arena and the counts.
const introduction = len(Nonce{}) + 8

func (s Size) introduce(nonce Nonce) []byte {
	b := append([]byte(nil), nonce[:]...)
	b = binary.LittleEndian.AppendUint32(b, uint32(s.Places))
	return binary.LittleEndian.AppendUint32(b, uint32(s.Bytes))
}

// parseIntroduction decodes what a sender says first. What it returns is
// within the bounds of an arena.
func parseIntroduction(b []byte) (nonce Nonce, s Size, err error) {
	if len(b) != introduction {
		return nonce, s, fmt.Errorf("shm: an introduction of %d bytes, want %d", len(b), introduction)
	}
	copy(nonce[:], b)
	places, bytes := binary.LittleEndian.Uint32(b[16:]), binary.LittleEndian.Uint32(b[20:])
	if places == 0 || places > maxPlaces || bytes == 0 || bytes > allreduce.MaxPayload {
		return nonce, s, fmt.Errorf("shm: an arena of %d places of %d bytes, at most %d of %d", places, bytes, maxPlaces, allreduce.MaxPayload)
	}
	return nonce, Size{Places: int(places), Bytes: int(bytes)}, nil
}
