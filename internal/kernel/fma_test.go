package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactFMA is the definition: the exact x*y + z, rounded once.
func exactFMA(x, y, z float32) float32 {
	fx, fy, fz := float64(x), float64(y), float64(z)
	// Infinities, NaN and the signs of zeros are not a matter of rounding.
	if p := fx * fy; math.IsNaN(p+fz) || math.IsInf(p+fz, 0) || p == 0 && fz == 0 {
		return float32(p + fz)
	}
	// 800 bits hold any product and any sum: exponents span -298 to 256.
	b := func(f float64) *big.Float { return new(big.Float).SetPrec(800).SetFloat64(f) }
	s := b(fx)
	s.Mul(s, b(fy)).Add(s, b(fz))
	f, _ := s.Float32()
	return f // an exact zero sum of non-zero terms is +0, as big.Float has it
}

func sameFloat(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

func checkFMA(t *testing.T, x, y, z float32) {
	t.Helper()
	if got, want := FMA(x, y, z), exactFMA(x, y, z); !sameFloat(got, want) {
		t.Fatalf("FMA(%b, %b, %b) = %b (%#08x), want %b (%#08x)",
			x, y, z, got, math.Float32bits(got), want, math.Float32bits(want))
	}
}

// edges are the numbers at which rounding, range or sign change character.
var edges = func() []float32 {
	inf := float32(math.Inf(1))
	list := []float32{0, 1, 2, 3, 1.5, 0.5, 1.0 / 3, 1 << 23, 1 << 24, 1<<24 - 1, inf, float32(math.NaN()),
		math.MaxFloat32, math.SmallestNonzeroFloat32, 3 * math.SmallestNonzeroFloat32}
	for _, e := range []int{-149, -140, -127, -120, -126, -125, -75, -74, -24, -23, 63, 64, 103, 104, 127} {
		p := float32(math.Ldexp(1, e))
		list = append(list, p, math.Nextafter32(p, 0), math.Nextafter32(p, inf))
	}
	for _, v := range list {
		list = append(list, -v)
	}
	return list
}()

func TestFMAEdges(t *testing.T) {
	for _, x := range edges[:len(edges)/2] { // the sign of x can go to y
		for _, y := range edges {
			for _, z := range edges {
				checkFMA(t, x, y, z)
			}
		}
	}
}

// TestFMAHalfway builds sums that lie exactly half way between two float32, and
// a hair on either side: there, rounding through float64 fails.
func TestFMAHalfway(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	wrong := 0
	for range 20000 {
		z := float32(math.Ldexp(float64(1<<23+rng.IntN(1<<23)), rng.IntN(250)-148))
		half := float32(math.Ldexp(math.Abs(float64(math.Nextafter32(z, float32(math.Inf(1)))-z)), -1))
		// x*y is half an ulp of z, a little more or a little less, by a
		// difference that float64 cannot hold beside z.
		x := float32(1 + math.Ldexp(float64(rng.IntN(3)-1), -23))
		y := half * float32(1-math.Ldexp(float64(rng.IntN(3)-1), -23))
		for _, s := range []float32{1, -1} {
			checkFMA(t, s*x, y, z)
			checkFMA(t, x, y, s*z)
			naive := float32(math.FMA(float64(x), float64(y), float64(s*z)))
			if !sameFloat(naive, exactFMA(x, y, s*z)) {
				wrong++
			}
		}
	}
	if wrong == 0 {
		t.Error("no case would have caught rounding twice")
	}
}

// TestFMADenormal covers sums below the normal range, where a float32 has fewer
// bits and the points half way move up.
func TestFMADenormal(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 30000 {
		x := float32(math.Ldexp(float64(1+rng.IntN(1<<24)), -rng.IntN(60)-60))
		y := float32(math.Ldexp(float64(1+rng.IntN(1<<24)), -rng.IntN(60)-60))
		z := math.Float32frombits(uint32(rng.IntN(1<<24)) | uint32(rng.IntN(2))<<31)
		checkFMA(t, x, y, z)
		// Half way between two denormals, but for what float64 cannot hold.
		checkFMA(t, 0x1p-75*(1+0x1p-23), 0x1p-75*(1-0x1p-23), z)
	}
}

func TestFMARandom(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 100000 {
		checkFMA(t, math.Float32frombits(rng.Uint32()), math.Float32frombits(rng.Uint32()), math.Float32frombits(rng.Uint32()))
	}
	for range 100000 { // of like size, so that terms meet and cancel
		x, y := rng.Float32()-0.5, rng.Float32()-0.5
		checkFMA(t, x, y, (rng.Float32()-0.5)*float32(math.Ldexp(1, -rng.IntN(50))))
		checkFMA(t, x, y, -x*y)
	}
}

func FuzzFMA(f *testing.F) {
	for i, v := range edges {
		f.Add(v, edges[(i*7+3)%len(edges)], edges[(i*5+1)%len(edges)])
	}
	f.Fuzz(checkFMA)
}
