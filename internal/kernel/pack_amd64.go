package kernel

// worthPacking tells whether copying b and a pays: there must be enough rows
// and columns to use the copies, and rows so far apart that in place they
// would fall on the same few lines of the cache.
func (j *job) worthPacking() bool {
	return j.m >= 48 && (j.n >= 512 || j.n >= 128 && j.k >= 1024)
}

// runPacked computes the product from panels of b copied next to each other,
// block by block. If transposed is set, element (p, j) of b is b[j*ldb+p].
func (j *job) runPacked(transposed bool) {
	s := borrow()
	most := nearK
	if j.m*j.n > largeC {
		most = blockK
	}
	blocks := (j.k + most - 1) / most
	for i, p := 0, 0; i < blocks; i++ {
		part := *j
		part.k = (j.k + i) / blocks // evenly
		part.a = at(j.a, p*j.ak)
		part.acc = j.acc || i > 0
		for col := 0; col < j.n; col += blockN {
			part.n = min(blockN, j.n-col)
			part.c = at(j.c, col)
			if transposed {
				part.b = at(j.b, col*j.ldb+p)
				part.packTransposed(s)
			} else {
				part.b = at(j.b, p*j.ldb+col)
				part.pack(s)
			}
			part.runPanels(s)
		}
		p += part.k
	}
	s.giveBack()
}

// runPanels computes a block of columns, all of whose panels of b are in s, in
// blocks of rows.
func (j job) runPanels(s *scratch) {
	w := panelWidth()
	for row := 0; row < j.m; row += blockM {
		part := j
		part.m = min(blockM, j.m-row)
		part.a = at(j.a, row*j.ai)
		if j.m > mostRows(2) {
			part.copyA(s)
		}
		part.ldb = w
		for q := 0; q < j.n; q += w {
			part.c, part.b, part.n = at(j.c, row*j.ldc+q), &s.b[q*j.k], min(w, j.n-q)
			part.run()
		}
	}
}

// panelWidth is the number of columns of a packed panel, that of a wide tile.
func panelWidth() int { return 2 * lanesOf(active) }

// copyA copies the block of a to s and makes j use the copy, whose rows are
// apart by no power of two.
func (j *job) copyA(s *scratch) {
	if j.ak == 1 {
		for i := range j.m {
			copy(s.a[i*(blockK+16):], sliceAt(j.a, i*j.ai, j.k))
		}
		j.ai = blockK + 16
	} else {
		for p := range j.k {
			copy(s.a[p*blockM:], sliceAt(j.a, p*j.ak, j.m))
		}
		j.ak = blockM
	}
	j.a = &s.a[0]
}

// pack copies b to panels.
func (j *job) pack(s *scratch) {
	w := panelWidth()
	whole := j.n / w
	if whole > 0 {
		if active == avx512 {
			packAVX512(&s.b[0], j.b, 4*j.ldb, j.k, whole)
		} else {
			packAVX2(&s.b[0], j.b, 4*j.ldb, j.k, whole)
		}
	}
	if rest := j.n - whole*w; rest > 0 {
		last := s.b[whole*w*j.k:]
		for p := range j.k {
			copy(last[p*w:], sliceAt(j.b, p*j.ldb+whole*w, rest))
		}
	}
}

// packTransposed does the same for a b whose columns are ldb apart.
func (j *job) packTransposed(s *scratch) {
	w := panelWidth()
	for q := 0; q < j.n; q += w {
		transpose(&s.b[q*j.k], at(j.b, q*j.ldb), w, j.ldb, min(w, j.n-q), j.k)
	}
}
