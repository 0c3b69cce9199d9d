// Copyright 2018 The Go Authors. All rights reserved.
// Use of this source code is governed by a BSD-style
// license that can be found in the LICENSE.golang file.

package detmath

import (
	"math"
	"math/bits"
)

// octantHuge is octant by Payne and Hanek's reduction, for x too large for
// three parts of π/4. The implementation is based on "ARGUMENT REDUCTION FOR
// HUGE ARGUMENTS: Good to the Last Bit", K. C. Ng et al, March 24, 1992. The
// simulated multi-precision calculation of x*4/π uses 64-bit integer
// arithmetic.
func octantHuge(x float64) (j uint64, z float64) {
	const (
		shift = 52
		bias  = 1023
	)
	// x = ix * 2**exp.
	ix := math.Float64bits(x)
	exp := int(ix>>shift) - bias - shift
	ix = ix&(1<<shift-1) | 1<<shift
	// The 3 digits of 4/π whose product with ix has its leading digit at
	// exponent -61: what lies before them is a multiple of 8 octants.
	digit, bitshift := uint(exp+61)/64, uint(exp+61)%64
	z0 := (fourOverPi[digit] << bitshift) | (fourOverPi[digit+1] >> (64 - bitshift))
	z1 := (fourOverPi[digit+1] << bitshift) | (fourOverPi[digit+2] >> (64 - bitshift))
	z2 := (fourOverPi[digit+2] << bitshift) | (fourOverPi[digit+3] >> (64 - bitshift))
	z2hi, _ := bits.Mul64(z2, ix)
	z1hi, z1lo := bits.Mul64(z1, ix)
	lo, c := bits.Add64(z1lo, z2hi, 0)
	hi, _ := bits.Add64(z0*ix, z1hi, c)
	// The top 3 bits are j, the rest is the fraction.
	j = hi >> 61
	hi = hi<<3 | lo>>61
	lz := uint(bits.LeadingZeros64(hi))
	e := uint64(bias - (lz + 1))
	hi = (hi << (lz + 1)) | (lo >> (64 - (lz + 1)))
	z = math.Float64frombits(hi>>(64-shift) | e<<shift)
	if j&1 == 1 {
		j = (j + 1) & 7
		z--
	}
	return j, float64(z * (math.Pi / 4))
}

// fourOverPi has the binary digits of 4/π: Σ fourOverPi[i]*2**(-64*i), 1217 bits,
// enough for the largest exponent of a float64.
var fourOverPi = [...]uint64{
	0x0000000000000001,
	0x45f306dc9c882a53,
	0xf84eafa3ea69bb81,
	0xb6c52b3278872083,
	0xfca2c757bd778ac3,
	0x6e48dc74849ba5c0,
	0x0c925dd413a32439,
	0xfc3bd63962534e7d,
	0xd1046bea5d768909,
	0xd338e04d68befc82,
	0x7323ac7306a673e9,
	0x3908bf177bf25076,
	0x3ff12fffbc0b301f,
	0xde5e2316b414da3e,
	0xda6cfd9e4f96136e,
	0x9e8c7ecd3cbfd45a,
	0xea4f758fd7cbe2f6,
	0x7a0e73ef14a525d4,
	0xd7f6bf623f1aba10,
	0xac06608df8f6d757,
}
