package optimizer

import (
	"fmt"
	"math"
	"strconv"
	"strings"
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
// "inf@0,2@0.6". The value inf is plain averaging.
func ParseLambda(text string) (Lambda, error) {
	items := strings.Split(text, ",")
	l := make(Lambda, 0, len(items))
	for _, word := range items {
		value, start, timed := strings.Cut(strings.TrimSpace(word), "@")
		if !timed && len(items) > 1 {
			return nil, fmt.Errorf("lambda %q: item %q has no start: want VALUE@START, such as 2@0.6", text, word)
		}
		v, err := parseNumber(value)
		if err != nil {
			return nil, fmt.Errorf("lambda %q: %w", text, err)
		}
		from := 0.0
		if timed {
			if from, err = parseNumber(start); err != nil {
				return nil, fmt.Errorf("lambda %q: the start of item %q: %w", text, word, err)
			}
		}
		l = append(l, LambdaItem{v, from})
	}
	if err := l.validate(); err != nil {
		return nil, fmt.Errorf("lambda %q: %w", text, err)
	}
	return l, nil
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
