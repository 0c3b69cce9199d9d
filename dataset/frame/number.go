package frame

import (
	"math"
	"math/bits"
	"strconv"
)

// pow10 are the powers of ten that float64 holds exactly.
var pow10 = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// whole10 are the powers of ten below 2^64.
var whole10 = [...]uint64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// prefix reads the decimal number that s begins with and returns its length; 0
// if there is none, or none of the easy kind, for which the value is surely that
// of strconv.ParseFloat.
func prefix(s []byte) (x float64, n int) {
	i, negative := 0, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		i = 1
	}
	first := i
	var m uint64
	for i < len(s) {
		d := s[i] - '0'
		if d > 9 {
			break
		}
		m = m*10 + uint64(d)
		i++
	}
	digits, power := i-first, 0
	if i < len(s) && s[i] == '.' {
		i++
		point := i
		for i < len(s) {
			d := s[i] - '0'
			if d > 9 {
				break
			}
			m = m*10 + uint64(d)
			i++
		}
		power = point - i
		digits -= power
	}
	if digits > 19 {
		digits = significant(s[first:i])
	}
	if digits == 0 || digits > 19 { // more than 19 may have overflowed m
		return 0, 0
	}
	if i < len(s) && s[i]|0x20 == 'e' {
		e, k := exponent(s[i+1:])
		if k == 0 {
			return 0, 0
		}
		i += 1 + k
		power += e
	}
	x, ok := scaled(m, power)
	if !ok {
		return 0, 0
	}
	if negative {
		x = -x
	}
	return x, i
}

// significant counts the digits of s from the first that is not 0; 1 if there
// is none.
func significant(s []byte) int {
	n := 0
	for _, c := range s {
		if c != '.' && (n > 0 || c != '0') {
			n++
		}
	}
	return max(n, 1)
}

// scaled returns m times a power of ten, rounded once to the nearest, ties to
// even; not ok if that takes more than 64 bits. Where float64 holds both factors
// it is one product or quotient of floats (W. Clinger, "How to read floating
// point numbers accurately", 1990), else the quotient of integers.
func scaled(m uint64, power int) (x float64, ok bool) {
	switch {
	case m < 1<<53 && -22 <= power && power < 0:
		return float64(m) / pow10[-power], true
	case m < 1<<53 && 0 <= power && power <= 22:
		return float64(m) * pow10[power], true
	case m >= 1<<53 && -19 <= power && power <= 0:
		return quotient(m, whole10[-power]), true
	}
	return 0, false
}

// quotient returns m/d, rounded once to the nearest, ties to even.
func quotient(m, d uint64) float64 {
	zm, zd := bits.LeadingZeros64(m), bits.LeadingZeros64(d)
	m, d = m<<zm, d<<zd
	exponent := zd - zm - 64 // of 2, by which q is multiplied
	high, low := m, uint64(0)
	if m >= d {
		high, low = m>>1, m<<63
		exponent++
	}
	q, rest := bits.Div64(high, low, d) // at least 2^63: 53 bits and 11 to round
	f, cut := q>>11, q&0x7ff
	if cut > 0x400 || cut == 0x400 && (rest != 0 || f&1 == 1) {
		f++
	}
	return float64(f) * math.Float64frombits(uint64(1023+exponent+11)<<52)
}

// exponent reads up to four digits, with a sign or without, and returns how
// many bytes they take; 0 if there are none, or more.
func exponent(s []byte) (e, n int) {
	i, negative := 0, false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		i = 1
	}
	first := i
	for i < len(s) && s[i]-'0' <= 9 {
		if i-first == 4 {
			return 0, 0
		}
		e = e*10 + int(s[i]-'0')
		i++
	}
	if i == first {
		return 0, 0
	}
	if negative {
		e = -e
	}
	return e, i
}

// number returns the value of a cell, exactly as strconv.ParseFloat; not ok if
// it is none, or not finite.
func number(cell []byte) (x float64, ok bool) {
	x, n := prefix(cell)
	if n > 0 && n == len(cell) {
		return x, true
	}
	if len(cell) == 0 || cell[0] > '9' && cell[0] != 'i' && cell[0] != 'I' {
		return 0, false // no number begins so, but an infinity does
	}
	x, err := strconv.ParseFloat(string(cell), 64)
	return x, err == nil && !math.IsInf(x, 0) && !math.IsNaN(x)
}

// IsNumber reports whether a text is a finite number.
func IsNumber(text string) bool {
	_, ok := number([]byte(text))
	return ok
}
