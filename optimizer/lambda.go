package optimizer

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// LambdaItem is one value of a temperature schedule.
type LambdaItem struct {
	// Lambda is the temperature: > 0 gives weight to hard samples, < 0 to easy
	// ones, +Inf is plain averaging.
	Lambda float64
	// From is the fraction of the run at which it comes into force, in [0, 1].
	From float64
}

// Lambda is ABSGD's temperature over a run: items in ascending order of From.
// Before the first one averaging is plain.
type Lambda []LambdaItem

// At returns the temperature in force.
func (l Lambda) At(at At) float64 {
	v := math.Inf(1)
	for _, item := range l {
		if !at.Reached(item.From) {
			break
		}
		v = item.Lambda
	}
	return v
}

// String returns the schedule as ParseLambda reads it, in one canonical
// spelling: "inf@0,2@0.6".
func (l Lambda) String() string {
	var b strings.Builder
	for i, item := range l {
		if i > 0 {
			b.WriteByte(',')
		}
		v := "inf"
		if !math.IsInf(item.Lambda, 1) {
			v = strconv.FormatFloat(item.Lambda, 'g', -1, 64)
		}
		fmt.Fprintf(&b, "%s@%s", v, strconv.FormatFloat(item.From, 'g', -1, 64))
	}
	return b.String()
}

// minLambda keeps ℓ/λ finite for every float32 loss.
const minLambda = 1e-30

func (l Lambda) validate() error {
	last := math.Inf(-1)
	for _, item := range l {
		switch v, from := item.Lambda, item.From; {
		case v == 0:
			return fmt.Errorf("lambda is 0: want a number other than 0, or inf for plain averaging")
		case math.IsNaN(v) || math.IsInf(v, -1) || math.Abs(v) < minLambda:
			return fmt.Errorf("lambda is %v: want a number of at least %v in size, or inf for plain averaging", v, minLambda)
		case !(from >= 0 && from <= 1):
			return fmt.Errorf("lambda %v starts at %v: want a fraction of the run in [0, 1]", v, from)
		case from <= last:
			return fmt.Errorf("lambda %v starts at %v, but the one before it at %v: want ascending starts", v, from, last)
		default:
			last = from
		}
	}
	if len(l) == 0 {
		return fmt.Errorf("lambda has no value: want one, such as 5, or items such as inf@0,5@0.6")
	}
	return nil
}

// ParseLambda reads one value, in force from the first step, or VALUE@START
// items separated by commas, START a fraction of the run: "2", "-5",
// "inf@0,2@0.6". The value inf is plain averaging. A value FIRST..LAST/N is
// damped: N values from FIRST to LAST, each the same multiple of the one before,
// in equal parts of the run up to the next item's start or the end.
func ParseLambda(text string) (Lambda, error) {
	items := strings.Split(text, ",")
	var l Lambda
	var ramps []ramp
	for _, word := range items {
		value, start, timed := strings.Cut(strings.TrimSpace(word), "@")
		if !timed && len(items) > 1 {
			return nil, fmt.Errorf("lambda %q: item %q has no start: want VALUE@START, such as 2@0.6", text, word)
		}
		r, err := parseRamp(value)
		if err != nil {
			return nil, fmt.Errorf("lambda %q: %w", text, err)
		}
		if timed {
			if r.from, err = parseNumber(start); err != nil {
				return nil, fmt.Errorf("lambda %q: the start of item %q: %w", text, word, err)
			}
		}
		ramps = append(ramps, r)
	}
	for i, r := range ramps {
		end := 1.0
		if i+1 < len(ramps) {
			end = ramps[i+1].from
		}
		l = r.appendTo(l, end)
	}
	if err := l.validate(); err != nil {
		return nil, fmt.Errorf("lambda %q: %w", text, err)
	}
	return l, nil
}

// ramp is an item of a schedule: n values from first to last.
type ramp struct {
	first, last float64
	n           int
	from        float64
}

// maxRamp bounds the values of an item.
const maxRamp = 1000

// parseRamp reads VALUE or FIRST..LAST/N.
func parseRamp(text string) (ramp, error) {
	first, rest, ok := strings.Cut(text, "..")
	v, err := parseNumber(first)
	if err != nil || !ok {
		return ramp{first: v, last: v, n: 1}, err
	}
	last, count, ok := strings.Cut(rest, "/")
	n, failed := strconv.Atoi(strings.TrimSpace(count))
	if !ok || failed != nil || n < 2 || n > maxRamp {
		return ramp{}, fmt.Errorf("%q: want FIRST..LAST/N with N from 2 to %d, such as 50..5/4", text, maxRamp)
	}
	w, err := parseNumber(last)
	if err != nil {
		return ramp{}, err
	}
	for _, end := range []float64{v, w} {
		if math.IsInf(end, 0) || math.Abs(end) < minLambda || (end > 0) != (v > 0) {
			return ramp{}, fmt.Errorf("%q goes from %v to %v: want finite numbers of one sign, at least %v in size", text, v, w, minLambda)
		}
	}
	return ramp{first: v, last: w, n: n}, nil
}

// appendTo adds the values of the ramp, which ends where the next one starts.
func (r ramp) appendTo(l Lambda, end float64) Lambda {
	for i := range r.n {
		item := LambdaItem{r.first, r.from}
		if r.n > 1 {
			step := float64(i) / float64(r.n-1)
			item.Lambda = float64(r.first * detmath.Pow(r.last/r.first, step))
			item.From += float64((end - r.from) * (float64(i) / float64(r.n)))
		}
		l = append(l, item)
	}
	return l
}

// parseNumber reads a decimal number or inf.
func parseNumber(text string) (float64, error) {
	text = strings.TrimSpace(text)
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || strings.ContainsAny(text, "xX_") {
		return 0, fmt.Errorf("%q is not a number", text)
	}
	return v, nil
}
