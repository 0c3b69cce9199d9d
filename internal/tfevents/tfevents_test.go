package tfevents

import (
	"bytes"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ballast-ml/ballast/internal/tfevents/tfeventstest"
)

// TestMasked holds the checksum to the vectors of RFC 3720, B.4, whose masks
// are worked out by hand.
func TestMasked(t *testing.T) {
	ascending := make([]byte, 32)
	for i := range ascending {
		ascending[i] = byte(i)
	}
	for _, tt := range []struct {
		data []byte
		crc  uint32
	}{
		{make([]byte, 32), 0x8a9136aa},
		{bytes.Repeat([]byte{0xff}, 32), 0x62a8ab43},
		{ascending, 0x46dd794e},
		{[]byte("123456789"), 0xe3069283},
	} {
		want := uint32((uint64(tt.crc>>15|tt.crc<<17) + 0xa282ead8) & math.MaxUint32)
		if got := masked(tt.data); got != want {
			t.Errorf("masked(%x) = %08x, want %08x", tt.data, got, want)
		}
	}
}

var at = time.Unix(1_700_000_000, 250_000_000)

// TestGolden compares the records with those that TensorBoard 2 itself has
// written of the same events.
func TestGolden(t *testing.T) {
	for _, tt := range []struct {
		name string
		got  []byte
		want string
	}{
		{"version", AppendVersion(nil, at), "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9"},
		{"start", AppendStart(nil, at, 300), "100000000000000095fbfe180900001040fc54d94110ac023a0208016b3b88f1"},
		{"scalars", AppendScalars(nil, at, 300, []Scalar{{"train/loss", 0.5}, {"val/accuracy", -2}}),
			"36000000000000004f578cef0900001040fc54d94110ac022a280a110a0a747261696e2f6c6f7373150000003f0a130a0c76616c2f616363757261637915000000c044d673fc"},
	} {
		if got := hex.EncodeToString(tt.got); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	b := AppendScalars(AppendStart(AppendVersion(nil, at), at, 7), at, 1<<40,
		[]Scalar{{"a", 1}, {"a/b", math.Inf(1)}, {"c", math.NaN()}, {"", -0.25}})
	got, err := tfeventstest.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	wall := 1_700_000_000.25
	want := []tfeventstest.Event{{Wall: wall, Version: version}, {Wall: wall, Step: 7, Starts: true},
		{Wall: wall, Step: 1 << 40, Figures: []tfeventstest.Figure{{Tag: "a", Value: 1}, {Tag: "a/b", Value: math.Inf(1)}, {Tag: "c", Value: math.NaN()}, {Value: -0.25}}}}
	if d := cmp.Diff(want, got, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
	for i := range b { // the reader of the tests is strict
		b[i] ^= 1
		if _, err := tfeventstest.Read(b); err == nil {
			t.Errorf("byte %d is wrong, and nobody sees it", i)
		}
		b[i] ^= 1
	}
}

// TestName: a new file comes behind those that are there, even if a clock was
// ahead when they were begun.
func TestName(t *testing.T) {
	dir := t.TempDir()
	previous := ""
	for i := range 3 {
		name, err := Name(dir, at.Add(-time.Duration(i)*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if name <= previous {
			t.Errorf("%s comes behind %s", name, previous)
		}
		previous = name
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Name(filepath.Join(dir, "none"), at); err == nil {
		t.Error("a directory that is not there")
	}
}
