package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"hash"
	"math"
)

// digest hashes the content of a data set: preprocessing, then for each part
// its name, row numbers, labels and features as a model sees them.
type digest struct {
	h   hash.Hash
	buf []byte
}

func newDigest(p Prep) *digest {
	text, err := json.Marshal(p) // fields in order, floats by their shortest form
	if err != nil {
		panic("dataset: preprocessing without a JSON form: " + err.Error())
	}
	f := &digest{h: sha256.New()}
	f.text("ballast data 1")
	f.text(string(text))
	return f
}

// add adds one part.
func (f *digest) add(name string, s *Set) {
	f.text(name)
	f.number(uint64(s.Len()))
	for i, id := range s.ids {
		f.number(uint64(uint32(id))<<32 | uint64(uint32(s.labels[i])))
	}
	if s.weights != nil {
		f.text("weights")
		for _, x := range s.weights {
			f.small(math.Float32bits(x))
		}
	}
	for _, x := range s.values {
		f.small(math.Float32bits(x))
	}
	for _, at := range s.places {
		f.small(uint32(at))
	}
	for _, bag := range s.bags {
		f.number(uint64(len(bag)))
		for _, e := range bag {
			f.small(uint32(e.at))
			f.small(math.Float32bits(e.v))
		}
	}
	f.flush()
	f.h.Write(s.pixels)
}

// sum returns the hash in hexadecimal.
func (f *digest) sum() string {
	f.flush()
	return hex.EncodeToString(f.h.Sum(nil))
}

func (f *digest) text(s string) {
	f.number(uint64(len(s)))
	f.buf = append(f.buf, s...)
}

func (f *digest) number(x uint64) {
	f.buf = binary.LittleEndian.AppendUint64(f.buf, x)
	if len(f.buf) >= 1<<16 {
		f.flush()
	}
}

func (f *digest) small(x uint32) {
	f.buf = binary.LittleEndian.AppendUint32(f.buf, x)
	if len(f.buf) >= 1<<16 {
		f.flush()
	}
}

func (f *digest) flush() {
	f.h.Write(f.buf)
	f.buf = f.buf[:0]
}
