package kernel

// sumBlock is the length of the runs SumSquares adds up on their own. It is
// part of the numeric contract.
const sumBlock = 4096

// SumSquares returns the sum of x[i]² in float64: blocks of 4096 elements,
// each summed in ascending order, folded in ascending order. The blocks are
// part of the numeric contract. A square of a float32 is exact in float64.
//
// Eight blocks are summed side by side, which is where the speed comes from.
func SumSquares(x []float32) float64 {
	var total float64
	var sums [8]float64
	for ; len(x) >= 8*sumBlock; x = x[8*sumBlock:] {
		if !sumSquaresVec(&sums, x) {
			sumSquaresGo(&sums, x)
		}
		for _, s := range sums {
			total += s
		}
	}
	for ; len(x) > 0; x = x[min(len(x), sumBlock):] {
		total += squares(x[:min(len(x), sumBlock)])
	}
	return total
}

// sumSquaresGo sums the squares of each of the eight blocks at the start of x.
func sumSquaresGo(sums *[8]float64, x []float32) {
	for i := 0; i < 8; i += 4 {
		sums[i], sums[i+1], sums[i+2], sums[i+3] = squares4(x[i*sumBlock:])
	}
}

func squares4(x []float32) (s0, s1, s2, s3 float64) {
	x0, x1 := x[:sumBlock], x[sumBlock:2*sumBlock]
	x2, x3 := x[2*sumBlock:3*sumBlock], x[3*sumBlock:4*sumBlock]
	for i := range sumBlock {
		f0, f1, f2, f3 := float64(x0[i]), float64(x1[i]), float64(x2[i]), float64(x3[i])
		s0 += float64(f0 * f0)
		s1 += float64(f1 * f1)
		s2 += float64(f2 * f2)
		s3 += float64(f3 * f3)
	}
	return s0, s1, s2, s3
}

func squares(x []float32) (s float64) {
	for _, v := range x {
		f := float64(v)
		s += float64(f * f)
	}
	return s
}
