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

// tile2x4 is fma written out: the compiler does not inline it, and one branch
// can ask for all eight sums.
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
		y0, y1, y2, y3 := float64(b[q]), float64(b[q+s.bj]), float64(b[q+2*s.bj]), float64(b[q+3*s.bj])
		t00, t01, t02, t03 := x0*y0+c00, x0*y1+c01, x0*y2+c02, x0*y3+c03
		t10, t11, t12, t13 := x1*y0+c10, x1*y1+c11, x1*y2+c12, x1*y3+c13
		if delicate(t00) || delicate(t01) || delicate(t02) || delicate(t03) ||
			delicate(t10) || delicate(t11) || delicate(t12) || delicate(t13) {
			t00, t01 = roundToOdd(x0*y0, c00, t00), roundToOdd(x0*y1, c01, t01)
			t02, t03 = roundToOdd(x0*y2, c02, t02), roundToOdd(x0*y3, c03, t03)
			t10, t11 = roundToOdd(x1*y0, c10, t10), roundToOdd(x1*y1, c11, t11)
			t12, t13 = roundToOdd(x1*y2, c12, t12), roundToOdd(x1*y3, c13, t13)
		}
		c00, c01, c02, c03 = narrow(t00), narrow(t01), narrow(t02), narrow(t03)
		c10, c11, c12, c13 = narrow(t10), narrow(t11), narrow(t12), narrow(t13)
	}
	r0[0], r0[1], r0[2], r0[3] = float32(c00), float32(c01), float32(c02), float32(c03)
	r1[0], r1[1], r1[2], r1[3] = float32(c10), float32(c11), float32(c12), float32(c13)
}

// narrow rounds to float32.
func narrow(s float64) float64 { return float64(float32(s)) }

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
