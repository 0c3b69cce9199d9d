package detmath

import (
	"math/big"
)

// The reference: the same functions by Taylor series in 260 bits of math/big.

const prec = 260

func bf(x float64) *big.Float { return new(big.Float).SetPrec(prec).SetFloat64(x) }
func nb() *big.Float          { return new(big.Float).SetPrec(prec) }

var (
	one    = bf(1)
	bigLn2 = atanhSeries(nb().Quo(one, bf(3)))
	bigPi  = machinPi()
)

// atanhSeries returns 2*atanh(s) = log((1+s)/(1-s)).
func atanhSeries(s *big.Float) *big.Float {
	sum, term, z := nb(), nb().Set(s), nb().Mul(s, s)
	for n := 1; n < 2000; n += 2 {
		t := nb().Quo(term, bf(float64(n)))
		if t.Sign() == 0 || t.MantExp(nil) < sum.MantExp(nil)-prec-10 {
			break
		}
		sum.Add(sum, t)
		term.Mul(term, z)
	}
	return sum.Mul(sum, bf(2))
}

// machinPi returns π = 16 atan(1/5) - 4 atan(1/239).
func machinPi() *big.Float {
	atan := func(q float64) *big.Float {
		sum, term := nb(), nb().Quo(one, bf(q))
		z := nb().Quo(one, bf(-q*q))
		for n := 1; n < 1000; n += 2 {
			sum.Add(sum, nb().Quo(term, bf(float64(n))))
			term.Mul(term, z)
		}
		return sum
	}
	a := nb().Mul(bf(16), atan(5))
	return a.Sub(a, nb().Mul(bf(4), atan(239)))
}

func expOf(x *big.Float) *big.Float {
	// x = k log 2 + r; r is halved 16 times, the result squared as often.
	q, _ := nb().Quo(x, bigLn2).Float64()
	k := int(q)
	r := nb().Sub(x, nb().Mul(bf(float64(k)), bigLn2))
	r.SetMantExp(r, -16)
	sum, term := bf(1), bf(1)
	for n := 1; n < 60; n++ {
		term.Mul(term, r)
		term.Quo(term, bf(float64(n)))
		sum.Add(sum, term)
	}
	for range 16 {
		sum.Mul(sum, sum)
	}
	return sum.SetMantExp(sum, k)
}

func logOf(x *big.Float) *big.Float {
	m := nb()
	k := x.MantExp(m) // m in [0.5, 1)
	s := nb().Quo(nb().Sub(m, one), nb().Add(m, one))
	l := atanhSeries(s)
	return l.Add(l, nb().Mul(bf(float64(k)), bigLn2))
}

func trigOf(x float64, cos bool) *big.Float {
	// Huge arguments lose as many bits as they have before the point.
	r := bf(x)
	turn := nb().Mul(bf(2), bigPi)
	n, _ := nb().Quo(r, turn).Int(nil)
	r.Sub(r, nb().Mul(nb().SetInt(n), turn))
	z := nb().Mul(r, r)
	z.Neg(z)
	sum, term, from := nb().Set(r), nb().Set(r), 2
	if cos {
		sum, term, from = bf(1), bf(1), 1
	}
	for n := from; n < 200; n += 2 {
		term.Mul(term, z)
		term.Quo(term, bf(float64(n*(n+1))))
		sum.Add(sum, term)
	}
	return sum
}

func bigExp(x float64) *big.Float   { return expOf(bf(x)) }
func bigExpm1(x float64) *big.Float { e := expOf(bf(x)); return e.Sub(e, one) }
func bigLog(x float64) *big.Float   { return logOf(bf(x)) }
func bigLog1p(x float64) *big.Float { return logOf(nb().Add(bf(x), one)) }
func bigSin(x float64) *big.Float   { return trigOf(x, false) }
func bigCos(x float64) *big.Float   { return trigOf(x, true) }
func bigPow(x, y float64) *big.Float {
	return expOf(nb().Mul(bf(y), logOf(bf(x))))
}

func bigTanh(x float64) *big.Float {
	e := expOf(nb().Mul(bf(2), bf(x)))
	return nb().Quo(nb().Sub(e, one), nb().Add(e, one))
}
