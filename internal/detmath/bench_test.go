package detmath

import "testing"

var sink float64

func BenchmarkExp(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		sink = Exp(-float64(i&1023) / 64)
	}
}

func BenchmarkLog(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		sink = Log(1 + float64(i&1023)/64)
	}
}

func BenchmarkPow(b *testing.B) {
	for i := 0; b.Loop(); i++ {
		sink = Pow(0.9999, float64(i&1023))
	}
}
