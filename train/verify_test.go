package train

import (
	"bytes"
	"math"
	"slices"
	"testing"
)

func TestVote(t *testing.T) {
	a, b, c := []float64{5, 1, 2, 0}, []float64{5, 1, 3, 0}, []float64{5, 9, 9, 0}
	behind := []float64{4, 9, 9, 0}
	for _, tt := range []struct {
		name      string
		standings [][]float64 // by shard
		bounds    []int
		outvoted  []int
		tie       bool
	}{
		{"agreed", [][]float64{a, a, a}, []int{0, 1, 2, 3}, nil, false},
		{"one node", [][]float64{a, a, a}, []int{0, 3}, nil, false},
		{"one of three", [][]float64{a, b, a}, []int{0, 1, 2, 3}, []int{1}, false},
		{"a vote is a node's, not a shard's", [][]float64{a, b, b, b, a}, []int{0, 1, 4, 5}, []int{1}, false},
		{"one of two", [][]float64{a, b}, []int{0, 1, 2}, []int{0, 1}, true},
		{"two and two", [][]float64{a, a, b, b}, []int{0, 1, 2, 3, 4}, []int{0, 1, 2, 3}, true},
		{"all different", [][]float64{a, b, c}, []int{0, 1, 2, 3}, []int{0, 1, 2}, true},
		{"two of five, each in its own way", [][]float64{a, b, a, c, a}, []int{0, 1, 2, 3, 4, 5}, []int{1, 3}, false},
		{"a node that is behind has no vote", [][]float64{behind, a, behind, a}, []int{0, 1, 2, 3, 4}, nil, false},
		{"nor does it make a majority", [][]float64{behind, a, behind, b}, []int{0, 1, 2, 3, 4}, []int{1, 3}, true},
		{"a spare has no vote", [][]float64{a, b, a}, []int{0, 1, 1, 2, 3}, []int{2}, false},
	} {
		outvoted, tie := vote(tt.standings, tt.bounds, 5)
		if !slices.Equal(outvoted, tt.outvoted) || tie != tt.tie {
			t.Errorf("%s: outvoted %v, tie %v; expected %v, %v", tt.name, outvoted, tie, tt.outvoted, tt.tie)
		}
	}
}

func TestFurthest(t *testing.T) {
	at := func(step, digest float64) []float64 { return []float64{step, 0, digest, 0} }
	for _, tt := range []struct {
		name      string
		standings [][]float64
		bounds    []int
		rank      int
		needed    bool
	}{
		{"all at the start", [][]float64{at(0, 1), at(0, 1)}, []int{0, 1, 2}, 0, false},
		{"one ahead", [][]float64{at(6, 1), at(7, 2), at(6, 1)}, []int{0, 1, 2, 3}, 1, true},
		{"two ahead: the first sends", [][]float64{at(6, 1), at(7, 2), at(7, 2)}, []int{0, 1, 2, 3}, 1, true},
		{"same step, other state", [][]float64{at(6, 1), at(6, 2)}, []int{0, 1, 2}, 0, true},
		{"a spare may be anywhere", [][]float64{at(6, 1), at(6, 1)}, []int{0, 0, 1, 2}, 1, true},
		{"alone", [][]float64{at(6, 1), at(6, 1)}, []int{0, 2}, 0, false},
	} {
		if rank, needed := furthest(tt.standings, tt.bounds); rank != tt.rank || needed != tt.needed {
			t.Errorf("%s: rank %d, needed %v; expected %d, %v", tt.name, rank, needed, tt.rank, tt.needed)
		}
	}
}

// FuzzUnpack: a parcel comes from the network. Whatever it holds, it is taken
// whole or refused, and a refused one changes nothing.
func FuzzUnpack(f *testing.F) {
	cfg, data, _ := tinyCheckpoint(f)
	sender := testJob(f, cfg, data)
	sender.last.Step = 1
	sender.state.Step = 1
	want := sender.view().standing()
	good, err := sender.head()
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range []int{0, 3, 4, 50, len(good) - 1, len(good)} {
		f.Add(good[:n], 0, uint32(0))
	}
	f.Add(good, 5, uint32(1))
	f.Fuzz(func(t *testing.T, head []byte, at int, flip uint32) {
		receiver := testJob(t, cfg, data)
		landed := sender.view().blank()
		for i, v := range sender.view().vectors() {
			copy(landed.vectors()[i], v)
		}
		i := uint(at) % uint(len(landed.params))
		landed.params[i] = math.Float32frombits(math.Float32bits(landed.params[i]) ^ flip)
		before := receiver.view().digest()
		err := receiver.unpack(head, landed, want)
		after := receiver.view()
		switch {
		case err != nil && after.digest() != before:
			t.Fatalf("refused (%v), but the state has changed", err)
		case err == nil && !sameState(after.standing(), want):
			t.Fatal("taken, but another state than was announced")
		case err == nil && flip != 0:
			t.Fatal("a bit that flipped on the way was not noticed")
		case err != nil && flip == 0 && bytes.Equal(head, good):
			t.Fatal(err)
		}
	})
}
