package kernel

// flipped computes c (+)= a·bᵀ as cᵀ (+)= b·aᵀ: a and c are transposed instead
// of b, which is the larger one when m is small. Each element has the same
// chain either way, for a product does not care about the order of its
// factors.
func flipped(c, a, b *float32, m, n, k int, acc bool) {
	s := borrow()
	// All of aᵀ if it fits, else in blocks, again for every block of cᵀ.
	mm := min(m, 256)
	kk, nn := min(k, len(s.b)/mm), min(n, len(s.c)/mm)
	for i := 0; i < m; i += mm {
		m := min(mm, m-i)
		for j := 0; j < n; j += nn {
			n1 := min(nn, n-j)
			ci := at(c, i*n+j)
			if acc {
				transpose(&s.c[0], ci, m, n, m, n1)
			}
			for p := 0; p < k; p += kk {
				k1 := min(kk, k-p)
				if j == 0 || kk < k {
					transpose(&s.b[0], at(a, i*k+p), m, k, m, k1)
				}
				part := job{
					c: &s.c[0], a: at(b, j*k+p), b: &s.b[0], m: n1, n: m, k: k1,
					ldc: m, ai: k, ak: 1, ldb: m, acc: acc || p > 0,
				}
				part.run()
			}
			transpose(ci, &s.c[0], n, m, n1, m)
		}
	}
	s.giveBack()
}
