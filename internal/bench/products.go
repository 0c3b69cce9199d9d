package bench

import "github.com/ballast-ml/ballast/internal/kernel"

// Product is the shape of a matrix product, c of m×n over k, and where it
// comes from.
type Product struct {
	Model string `json:"model"`
	Op    string `json:"op"` // one of the Op constants
	M     int    `json:"m"`
	N     int    `json:"n"`
	K     int    `json:"k"`
	side  int    // of the kernel of a convolution
	width int    // of its square image
}

// The kinds of products. The last two are those of convolutions, whose matrix
// of what the taps see is never made.
const (
	OpNN   = "a·b"    // forward
	OpTN   = "aᵀ·b"   // weight gradients
	OpNT   = "a·bᵀ"   // input gradients
	OpSeen = "w·see"  // convolution forward, and back to its input
	OpBack = "see·dy" // convolution back to its weights
)

// Products returns the shapes that decide the speed of the three models, the
// largest first within each, and square ones. Rows are a batch of 128; the
// convolutions go sample by sample.
func Products() []Product {
	dense := func(model string, rows, in, out int) []Product {
		return []Product{
			{Model: model, Op: OpNN, M: rows, N: out, K: in},
			{Model: model, Op: OpTN, M: in, N: out, K: rows},
			{Model: model, Op: OpNT, M: rows, N: in, K: out},
		}
	}
	conv := func(model string, in, out, side, width int) []Product {
		taps, places := in*side*side, width*width
		return []Product{
			{Model: model, Op: OpSeen, M: out, N: places, K: taps, side: side, width: width},
			{Model: model, Op: OpBack, M: taps, N: out, K: places, side: side, width: width},
		}
	}
	var all []Product
	for _, n := range []int{256, 512, 1024} {
		all = append(all, Product{Model: "square", Op: OpNN, M: n, N: n, K: n})
	}
	all = append(all, Product{Model: "wide", Op: OpNN, M: 64, N: 8192, K: 576})
	all = append(all, dense("mlp", 128, 784, 256)...)
	all = append(all, dense("mlp", 128, 256, 128)...)
	all = append(all, dense("mlp", 128, 128, 10)...)
	all = append(all, dense("mlp, 1 of 8 shards", 16, 784, 256)[:2]...)
	all = append(all, conv("lenet", 1, 6, 5, 28)...)
	all = append(all, conv("lenet", 6, 16, 5, 10)...)
	all = append(all, dense("lenet", 128, 400, 120)...)
	all = append(all, dense("lenet", 128, 120, 84)...)
	all = append(all, conv("resnet20", 3, 16, 3, 32)...)
	all = append(all, conv("resnet20", 16, 16, 3, 32)...)
	all = append(all, conv("resnet20", 32, 32, 3, 16)...)
	all = append(all, conv("resnet20", 64, 64, 3, 8)...)
	return all
}

// Operations is the number of floating-point operations of the product.
func (p Product) Operations() float64 { return 2 * float64(p.M) * float64(p.N) * float64(p.K) }

// call returns a function that computes the product once, on memory of its own.
func (p Product) call() func() {
	m, n, k := p.M, p.N, p.K
	c := make([]float32, m*n)
	switch p.Op {
	case OpSeen:
		x, at, grid := p.image(k)
		a := filled(m * k)
		return func() { kernel.MatMulGrid(c, a, x, at, m, grid) }
	case OpBack:
		x, at, grid := p.image(m)
		b := filled(k * n)
		return func() { kernel.GridMatMul(c, x, b, at, n, grid, false) }
	}
	multiply := map[string]func(c, a, b []float32, m, n, k int, acc bool){
		OpNN: kernel.MatMul, OpTN: kernel.MatMulTN, OpNT: kernel.MatMulNT,
	}[p.Op]
	a, b := filled(m*k), filled(k*n)
	return func() { multiply(c, a, b, m, n, k, false) }
}

// image returns the framed input of a convolution of stride 1, what its taps
// see of it, and the places of its outputs.
func (p Product) image(taps int) (x []float32, at []int, grid kernel.Grid) {
	framed := p.width + p.side - 1
	channels := taps / p.side / p.side
	for c := range channels {
		for i := range p.side {
			for j := range p.side {
				at = append(at, (c*framed+i)*framed+j)
			}
		}
	}
	return filled(channels * framed * framed), at, kernel.Grid{Rows: p.width, Cols: p.width, Pitch: framed}
}

// filled returns numbers around 1, none of them the same as its neighbours.
func filled(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = 0.5 + float32(i%127)/127
	}
	return x
}
