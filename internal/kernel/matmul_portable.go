package kernel

// product describes c = a·b by strides, so that one loop serves all transposes:
// element (i, p) of a is a[i*ai+p*ak] and element (p, j) of b is b[p*bk+j*bj].
type product struct {
	m, n, k        int
	ai, ak, bk, bj int
	acc            bool
}

// matMulGo is the portable matrix product, and the one the others are tested
// against. A tile of 2×4 sums runs over k at a time: eight chains hide most of
// the latency of rounding twice.
func matMulGo(c, a, b []float32, s product) {
	i := 0
	for ; i+2 <= s.m; i += 2 {
		j := 0
		for ; j+4 <= s.n; j += 4 {
			s.tile2x4(c[i*s.n+j:], a[i*s.ai:], b[j*s.bj:])
		}
		for ; j < s.n; j++ {
			s.tile1x1(c[i*s.n+j:], a[i*s.ai:], b[j*s.bj:])
			s.tile1x1(c[(i+1)*s.n+j:], a[(i+1)*s.ai:], b[j*s.bj:])
		}
	}
	for ; i < s.m; i++ {
		for j := range s.n {
			s.tile1x1(c[i*s.n+j:], a[i*s.ai:], b[j*s.bj:])
		}
	}
}

func (s *product) tile2x4(c, a, b []float32) {
	var c00, c01, c02, c03, c10, c11, c12, c13 float64
	r0, r1 := c[:4], c[s.n:s.n+4]
	if s.acc {
		c00, c01, c02, c03 = float64(r0[0]), float64(r0[1]), float64(r0[2]), float64(r0[3])
		c10, c11, c12, c13 = float64(r1[0]), float64(r1[1]), float64(r1[2]), float64(r1[3])
	}
	for p := range s.k {
		x0, x1 := float64(a[p*s.ak]), float64(a[p*s.ak+s.ai])
		q := p * s.bk
		y := float64(b[q])
		c00, c10 = fma(x0*y, c00), fma(x1*y, c10)
		y = float64(b[q+s.bj])
		c01, c11 = fma(x0*y, c01), fma(x1*y, c11)
		y = float64(b[q+2*s.bj])
		c02, c12 = fma(x0*y, c02), fma(x1*y, c12)
		y = float64(b[q+3*s.bj])
		c03, c13 = fma(x0*y, c03), fma(x1*y, c13)
	}
	r0[0], r0[1], r0[2], r0[3] = float32(c00), float32(c01), float32(c02), float32(c03)
	r1[0], r1[1], r1[2], r1[3] = float32(c10), float32(c11), float32(c12), float32(c13)
}

func (s *product) tile1x1(c, a, b []float32) {
	var sum float64
	if s.acc {
		sum = float64(c[0])
	}
	for p := range s.k {
		sum = fma(float64(a[p*s.ak])*float64(b[p*s.bk]), sum)
	}
	c[0] = float32(sum)
}
