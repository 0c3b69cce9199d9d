package detmath

import (
	"encoding/binary"
	"flag"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/golden.txt anew: only when the numeric contract changes")

var unary = []struct {
	name string
	f    func(float64) float64
	args func(*rand.Rand) float64
}{
	{"Exp", Exp, span(-745, 709)},
	{"Exp", Exp, span(-3, 3)},
	{"Expm1", Expm1, span(-40, 40)},
	{"Expm1", Expm1, span(-1, 1)},
	{"Log", Log, decades(-320, 308, 1)},
	{"Log", Log, span(0.6, 1.6)},
	{"Log1p", Log1p, decades(-20, 20, 1)},
	{"Log1p", Log1p, span(-0.99, 1)},
	{"Sin", Sin, span(-10, 10)},
	{"Sin", Sin, decades(1, 30, 1)},
	{"Cos", Cos, span(-10, 10)},
	{"Cos", Cos, decades(1, 30, 1)},
	{"Tanh", Tanh, span(-3, 3)},
}

// TestGolden compares a few results bit for bit, and a hash of many, with what
// the first machine computed. A processor or a compiler that disagrees breaks
// the promise of equal models, and is told so here.
func TestGolden(t *testing.T) {
	const few, many = 4, 4096
	var b strings.Builder
	line := func(name string, bits []uint64, hash uint64) {
		fmt.Fprintf(&b, "%-10s", name)
		for _, v := range bits {
			fmt.Fprintf(&b, " %016x", v)
		}
		fmt.Fprintf(&b, "  hash %016x\n", hash)
	}
	table := func(name string, seed uint64, f func(r *rand.Rand) float64) {
		r, h := rand.New(rand.NewPCG(seed, 3)), fnv.New64a()
		var first []uint64
		for i := range many {
			v := math.Float64bits(f(r))
			if i < few {
				first = append(first, v)
			}
			h.Write(binary.LittleEndian.AppendUint64(nil, v))
		}
		line(name, first, h.Sum64())
	}
	for i, u := range unary {
		table(u.name, uint64(i), func(r *rand.Rand) float64 { return u.f(u.args(r)) })
	}
	rate, count, term := span(0.9, 1), span(0, 6000), span(-20, 20)
	table("Pow", 100, func(r *rand.Rand) float64 { return Pow(rate(r), count(r)) })
	table("LogAddExp", 101, func(r *rand.Rand) float64 { return LogAddExp(term(r), term(r)) })

	const file = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, exp := strings.Split(b.String(), "\n"), strings.Split(string(want), "\n")
	if len(got) != len(exp) {
		t.Fatalf("%d lines, want %d", len(got), len(exp))
	}
	for i := range got {
		if got[i] != exp[i] {
			t.Errorf("line %d differs:\n got %s\nwant %s", i+1, got[i], exp[i])
		}
	}
}
