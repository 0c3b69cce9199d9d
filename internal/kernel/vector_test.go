package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// mixed returns n numbers, one in eight of them an edge case.
func mixed(rng *rand.Rand, n int) []float32 {
	x := noise(rng, n)
	for i := range x {
		if rng.IntN(8) == 0 {
			x[i] = edges[rng.IntN(len(edges))]
		}
	}
	return x
}

// formula is an element-wise kernel and what it should do to one element.
type formula struct {
	name    string
	kernel  func(x [3][]float32, s float32)
	element func(x [3]float32, s float32) [3]float32
}

func relu(v float32) float32 {
	if v <= 0 {
		return 0
	}
	return v
}

// rest is what becomes of a running average: too small, it is nothing.
func rest(v float32) float32 {
	if math.Abs(float64(v)) < 0x1p-120 {
		return 0
	}
	return v
}

var adamFactors = AdamFactors{0.9, 0.1, 0.999, 0.001, 1.5, 20, 1e-8}

var formulas = []formula{
	{"AddScaled", func(x [3][]float32, s float32) { AddScaled(x[0], s, x[1]) },
		func(x [3]float32, s float32) [3]float32 { x[0] = FMA(s, x[1], x[0]); return x }},
	{"AddScaled in place", func(x [3][]float32, s float32) { AddScaled(x[0], s, x[0]) },
		func(x [3]float32, s float32) [3]float32 { x[0] = FMA(s, x[0], x[0]); return x }},
	{"AddScaledTo", func(x [3][]float32, s float32) { AddScaledTo(x[0], s, x[1], x[2]) },
		func(x [3]float32, s float32) [3]float32 { x[0] = FMA(s, x[1], x[2]); return x }},
	{"AddScaledToScaled", func(x [3][]float32, s float32) { AddScaledToScaled(x[0], s, x[1], 0.7, x[2]) },
		func(x [3]float32, s float32) [3]float32 { x[0] = FMA(s, x[1], float32(0.7*x[2])); return x }},
	{"AddScaledToScaled in place", func(x [3][]float32, s float32) { AddScaledToScaled(x[0], s, x[0], 0.7, x[2]) },
		func(x [3]float32, s float32) [3]float32 { x[0] = FMA(s, x[0], float32(0.7*x[2])); return x }},
	{"StreamScaledToScaled", func(x [3][]float32, s float32) { StreamScaledToScaled(x[0], s, x[1], 0.7, x[2]) },
		func(x [3]float32, s float32) [3]float32 { x[0] = FMA(s, x[1], float32(0.7*x[2])); return x }},
	{"Stream", func(x [3][]float32, s float32) { Stream(x[0], x[1]) },
		func(x [3]float32, s float32) [3]float32 { x[0] = x[1]; return x }},
	{"ScaleTo", func(x [3][]float32, s float32) { ScaleTo(x[0], s, x[1]) },
		func(x [3]float32, s float32) [3]float32 { x[0] = s * x[1]; return x }},
	{"Add", func(x [3][]float32, s float32) { Add(x[0], x[1]) },
		func(x [3]float32, s float32) [3]float32 { x[0] += x[1]; return x }},
	{"ReLU", func(x [3][]float32, s float32) { ReLU(x[0], x[1]) },
		func(x [3]float32, s float32) [3]float32 { x[0] = relu(x[1]); return x }},
	{"ReLU in place", func(x [3][]float32, s float32) { ReLU(x[0], x[0]) },
		func(x [3]float32, s float32) [3]float32 { x[0] = relu(x[0]); return x }},
	{"ReLUBackward", func(x [3][]float32, s float32) { ReLUBackward(x[0], x[1], x[2]) },
		func(x [3]float32, s float32) [3]float32 {
			x[0] = x[1]
			if x[2] <= 0 {
				x[0] = 0
			}
			return x
		}},
	{"AddReLU", func(x [3][]float32, s float32) { AddReLU(x[0], x[1]) },
		func(x [3]float32, s float32) [3]float32 { x[0] = relu(x[0] + x[1]); return x }},
	{"AddScalarReLU", func(x [3][]float32, s float32) { AddScalarReLU(x[0], s) },
		func(x [3]float32, s float32) [3]float32 { x[0] = relu(x[0] + s); return x }},
	{"Normalize", func(x [3][]float32, s float32) { Normalize(x[0], x[1], NormFactors{s, 1.5, 0.7, -0.2}) },
		func(x [3]float32, s float32) [3]float32 {
			x[0] = float32(0.7*float32(float32(x[1]-s)*1.5)) + -0.2
			return x
		}},
	{"NormalizeBackward", func(x [3][]float32, s float32) {
		NormalizeBackward(x[0], x[0], x[1], NormFactors{s, 1.5, 0.7, -0.2}, 0.3, 0.4)
	},
		func(x [3]float32, s float32) [3]float32 {
			h := float32(float32(x[1]-s) * 1.5)
			gain, scale := float32(0.7), float32(1.5)
			x[0] = float32(gain*scale) * (float32(x[0]-0.3) - float32(h*0.4))
			return x
		}},
	{"Momentum", func(x [3][]float32, s float32) { Momentum(x[0], x[1], s) },
		func(x [3]float32, s float32) [3]float32 {
			m := rest(float32(s*x[1]) + x[0])
			return [3]float32{m, m, x[2]}
		}},
	{"MomentumStep", func(x [3][]float32, s float32) { MomentumStep(x[0], x[1], x[2], MomentumFactors{0, s, -0.3}) },
		func(x [3]float32, s float32) [3]float32 {
			m := rest(float32(s*x[1]) + x[2])
			return [3]float32{FMA(-0.3, m, x[0]), m, x[2]}
		}},
	{"MomentumStep with decay", func(x [3][]float32, s float32) { MomentumStep(x[0], x[1], x[2], MomentumFactors{0.7, s, -0.3}) },
		func(x [3]float32, s float32) [3]float32 {
			m := rest(float32(s*x[1]) + FMA(0.7, x[0], x[2]))
			return [3]float32{FMA(-0.3, m, x[0]), m, x[2]}
		}},
	{"Nesterov", func(x [3][]float32, s float32) { Nesterov(x[0], x[1], s) },
		func(x [3]float32, s float32) [3]float32 {
			m := rest(float32(s*x[1]) + x[0])
			return [3]float32{x[0] + float32(s*m), m, x[2]}
		}},
	{"Adam", func(x [3][]float32, s float32) { Adam(x[0], x[1], x[2], adamFactors) },
		func(x [3]float32, s float32) [3]float32 {
			f := adamFactors
			m := rest(float32(f.Decay1*x[1]) + float32(f.Gain1*x[0]))
			v := rest(float32(f.Decay2*x[2]) + float32(f.Gain2*float32(x[0]*x[0])))
			root := float32(math.Sqrt(float64(v)))
			return [3]float32{float32(f.Unbias1*m) / (float32(f.Unbias2*root) + f.Epsilon), m, v}
		}},
}

func TestElementwise(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		for n := range 181 {
			if n > 140 {
				n = rng.IntN(3000)
			}
			for _, f := range formulas {
				var room, want [3][]float32
				var x [3][]float32
				for i := range room {
					room[i] = mixed(rng, n+32)
					want[i] = append([]float32(nil), room[i]...)
					x[i] = room[i][16 : 16+n]
				}
				s := mixed(rng, 1)[0]
				f.kernel(x, s)
				for i := 16; i < 16+n; i++ {
					w := f.element([3]float32{want[0][i], want[1][i], want[2][i]}, s)
					want[0][i], want[1][i], want[2][i] = w[0], w[1], w[2]
				}
				for i := range room {
					compare(t, fmt.Sprintf("%s of %d, operand %d", f.name, n, i), room[i], want[i])
				}
			}
		}
	})
}

// TestPortions holds long vectors against the same kernels on parts of them.
func TestPortions(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	n := 2*portion + 77
	var x [3][]float32
	for i := range x {
		x[i] = noise(rng, n)
	}
	for _, f := range formulas {
		whole, parts := [3][]float32{clone(x[0]), clone(x[1]), clone(x[2])}, [3][]float32{clone(x[0]), clone(x[1]), clone(x[2])}
		f.kernel(whole, 0.3)
		for i := 0; i < n; i += 100000 {
			j := min(n, i+100000)
			f.kernel([3][]float32{parts[0][i:j], parts[1][i:j], parts[2][i:j]}, 0.3)
		}
		for i := range whole {
			compare(t, fmt.Sprintf("%s, operand %d", f.name, i), whole[i], parts[i])
		}
	}
}

func TestRows(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(9, 10))
		for n := range 150 {
			m := rng.IntN(20)
			x, row := mixed(rng, m*n+16), mixed(rng, n+16)
			add, addReLU, sum := clone(x), clone(x), clone(row)
			for i := range m {
				for j := range n {
					v := x[i*n+j] + row[j]
					add[i*n+j], addReLU[i*n+j] = v, relu(v)
					sum[j] += x[i*n+j]
				}
			}
			got := clone(x)
			AddRow(got, row, m, n)
			compare(t, fmt.Sprintf("AddRow %d×%d", m, n), got, add)
			got = clone(x)
			AddRowReLU(got, row, m, n)
			compare(t, fmt.Sprintf("AddRowReLU %d×%d", m, n), got, addReLU)
			got = clone(row)
			SumRows(got, x, m, n)
			compare(t, fmt.Sprintf("SumRows %d×%d", m, n), got, sum)
		}
	})
}

func TestTranspose(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(11, 12))
		for m := range 40 {
			for n := range 40 {
				x, got := noise(rng, m*n), noise(rng, m*n+16)
				want := clone(got)
				for i := range m {
					for j := range n {
						want[j*m+i] = x[i*n+j]
					}
				}
				Transpose(got, x, m, n)
				compare(t, fmt.Sprintf("Transpose %d×%d", m, n), got, want)
			}
		}
	})
}

func TestSumSquares(t *testing.T) {
	onEachPath(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		for _, n := range []int{0, 1, 4095, 4096, 4097, 8*4096 - 1, 8 * 4096, 8*4096 + 1, 17*4096 + 100, 100000} {
			x := noise(rng, n)
			var want float64
			for i := 0; i < n; i += 4096 {
				var s float64
				for _, v := range x[i:min(n, i+4096)] {
					s += float64(float64(v) * float64(v))
				}
				want += s
			}
			if got := SumSquares(x); got != want {
				t.Errorf("SumSquares of %d: %v, want %v", n, got, want)
			}
			if n > 0 {
				x[rng.IntN(n)] = float32(math.NaN())
				if got := SumSquares(x); got == got {
					t.Errorf("SumSquares of %d with a NaN: %v", n, got)
				}
			}
		}
	})
}

func clone(x []float32) []float32 { return append([]float32(nil), x...) }
