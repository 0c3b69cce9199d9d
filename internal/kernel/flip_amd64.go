package kernel

// flipped computes c (+)= a·bᵀ as cᵀ (+)= b·aᵀ: a and c are transposed instead
// of b, which is the larger one when m is small. Each element has the same
// chain either way, for a product does not care about the order of its
// factors.
func flipped(c, a, b *float32, m, n, k int, acc bool) {
	s := borrow()
	for i := 0; i < m; i += blockM {
		flippedRows(s, at(c, i*n), at(a, i*k), b, min(blockM, m-i), n, k, acc)
	}
	s.giveBack()
}

// flippedRows does so for at most blockM rows, in blocks as large as aᵀ and cᵀ
// have room for.
func flippedRows(s *scratch, c, a, b *float32, m, n, k int, acc bool) {
	nn, kk := min(n, len(s.a)/m), min(k, len(s.b)/m)
	part := job{a: b, b: &s.b[0], c: &s.a[0], n: m, ldc: m, ai: k, ak: 1, ldb: m}
	for j := 0; j < n; j += nn {
		part.m = min(nn, n-j)
		if acc {
			transpose(&s.a[0], at(c, j), m, n, m, part.m)
		}
		for p := 0; p < k; p += kk {
			part.k = min(kk, k-p)
			if j == 0 || kk < k { // else all of aᵀ is there
				transpose(&s.b[0], at(a, p), m, k, m, part.k)
			}
			part.a = at(b, j*k+p)
			part.acc = acc || p > 0
			part.run()
		}
		transpose(at(c, j), &s.a[0], n, m, part.m, m)
	}
}

// flippedTN computes c (+)= aᵀ·b as cᵀ (+)= bᵀ·a, for as many rows of c at once as
// there is room for.
func flippedTN(c, a, b *float32, m, n, k int, acc bool) {
	s := borrow()
	most := len(s.a) / n
	part := job{a: b, ai: 1, ak: n, c: &s.a[0], m: n, k: k, ldb: m, acc: acc}
	for i := 0; i < m; i += most {
		rows := min(most, m-i)
		part.n, part.ldc, part.b = rows, rows, at(a, i)
		if acc {
			transpose(&s.a[0], at(c, i*n), rows, n, rows, n)
		}
		part.run()
		transpose(at(c, i*n), &s.a[0], n, rows, n, rows)
	}
	s.giveBack()
}
