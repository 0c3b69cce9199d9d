package kernel

// worthPacking tells whether copying b pays: there must be enough rows to use
// the copy, and a b whose rows are so far apart that reading it in place
// misses the caches.
func (j *job) worthPacking() bool {
	return j.m >= packRows && j.n >= packCols
}

var packRows, packCols = 48, 512

// runPacked computes the product from panels of b copied next to each other,
// block by block. If transposed is set, element (p, j) of b is b[j*ldb+p].
func (j *job) runPacked(transposed bool) {
	s := borrow()
	w := 2 * lanesOf(active) // of a panel
	blocks := (j.k + blockK - 1) / blockK
	for i, p := 0, 0; i < blocks; i++ {
		k := (j.k + i) / blocks // evenly
		for col := 0; col < j.n; col += blockN {
			n := min(blockN, j.n-col)
			if transposed {
				packTransposed(&s.b[0], at(j.b, col*j.ldb+p), j.ldb, k, n, w)
			} else {
				pack(&s.b[0], at(j.b, p*j.ldb+col), j.ldb, k, n, w)
			}
			for q := 0; q < n; q += w {
				part := *j
				part.c, part.a, part.b = at(j.c, col+q), at(j.a, p*j.ak), &s.b[q*k]
				part.n, part.k, part.ldb = min(w, n-q), k, w
				part.acc = j.acc || i > 0
				part.run()
			}
		}
		p += k
	}
	s.giveBack()
}

// pack copies k rows of n columns of b, ldb apart, to panels of w columns.
func pack(dst, b *float32, ldb, k, n, w int) {
	whole := n / w
	if whole > 0 {
		if active == avx512 {
			packAVX512(dst, b, 4*ldb, k, whole)
		} else {
			packAVX2(dst, b, 4*ldb, k, whole)
		}
	}
	if rest := n - whole*w; rest > 0 {
		for p := range k {
			copy(sliceAt(dst, whole*w*k+p*w, rest), sliceAt(b, p*ldb+whole*w, rest))
		}
	}
}

// packTransposed does so for a b whose n columns are ldb apart.
func packTransposed(dst, b *float32, ldb, k, n, w int) {
	for q := 0; q < n; q += w {
		transpose(at(dst, q*k), at(b, q*ldb), w, ldb, min(w, n-q), k)
	}
}
