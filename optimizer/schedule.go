package optimizer

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/detmath"
)

// Schedule is a factor on the learning rate over a run. Schedules are plain
// values without state; String gives the spelling that ParseSchedule reads.
type Schedule interface {
	Factor(at At) float64
	String() string
}

// Constant is the factor 1.
type Constant struct{}

// Factor returns 1.
func (Constant) Factor(At) float64 { return 1 }

func (Constant) String() string { return "constant" }

// StepDecay multiplies the rate by By after each fraction Every of the run.
type StepDecay struct{ Every, By float64 }

// Factor returns By^k, k the number of whole intervals that have passed.
func (s StepDecay) Factor(at At) float64 {
	f := 1.0
	for k := 1; float64(float64(k)*s.Every) < 1 && at.Reached(float64(float64(k)*s.Every)); k++ {
		f *= s.By
	}
	return f
}

func (s StepDecay) String() string { return "step:" + number(s.Every) + ":" + number(s.By) }

// MultiStepDecay multiplies the rate by By at each of the fractions At of the
// run, which ascend.
type MultiStepDecay struct {
	At []float64
	By float64
}

// Factor returns By^k, k the number of fractions that have been reached.
func (s MultiStepDecay) Factor(at At) float64 {
	f := 1.0
	for _, start := range s.At {
		if at.Reached(start) {
			f *= s.By
		}
	}
	return f
}

func (s MultiStepDecay) String() string {
	words := make([]string, len(s.At))
	for i, v := range s.At {
		words[i] = number(v)
	}
	return "multistep:" + strings.Join(words, ",") + ":" + number(s.By)
}

// CosineDecay is half a cosine from 1 at the start of the run to 0 at its end
// (Loshchilov and Hutter, SGDR, ICLR 2017).
type CosineDecay struct{}

// Factor returns (1 + cos π·progress)/2.
func (CosineDecay) Factor(at At) float64 {
	return float64(0.5 * (1 + detmath.Cos(float64(math.Pi*at.Progress()))))
}

func (CosineDecay) String() string { return "cosine" }

// WarmUp is Then, which it multiplies by (step+1)/Steps during the first Steps
// steps.
type WarmUp struct {
	Steps int
	Then  Schedule
}

// Factor returns Then's factor, reduced while warming up.
func (s WarmUp) Factor(at At) float64 {
	f := s.Then.Factor(at)
	if at.Step >= s.Steps {
		return f
	}
	return float64(f * (float64(at.Step+1) / float64(s.Steps)))
}

// String describes the schedule; ParseSchedule knows no word for warming up.
func (s WarmUp) String() string { return fmt.Sprintf("warmup:%d:%s", s.Steps, s.Then) }

// ParseSchedule reads constant, cosine, step:EVERY:FACTOR or
// multistep:START,START...:FACTOR, where EVERY and the STARTs are fractions of
// the run and the rate is multiplied by FACTOR: "multistep:0.6,0.8:0.1".
func ParseSchedule(text string) (Schedule, error) {
	s, err := parseSchedule(text)
	if err != nil {
		return nil, fmt.Errorf("schedule %q: %w", text, err)
	}
	return s, nil
}

func parseSchedule(text string) (Schedule, error) {
	name, rest, _ := strings.Cut(text, ":")
	args := strings.Split(rest, ":")
	switch {
	case name == "constant" && name == text:
		return Constant{}, nil
	case name == "cosine" && name == text:
		return CosineDecay{}, nil
	case name == "step" && len(args) == 2:
		every, err := parseFraction("EVERY", args[0])
		if err != nil {
			return nil, err
		}
		by, err := parseFactor(args[1])
		return StepDecay{every, by}, err
	case name == "multistep" && len(args) == 2:
		return parseMultiStep(args[0], args[1])
	case name == "step":
		return nil, fmt.Errorf("want step:EVERY:FACTOR, such as step:0.3:0.1")
	case name == "multistep":
		return nil, fmt.Errorf("want multistep:START,START...:FACTOR, such as multistep:0.6,0.8:0.1")
	case name == "constant" || name == "cosine":
		return nil, fmt.Errorf("%s takes no arguments", name)
	}
	return nil, fmt.Errorf("unknown name %q, want constant, cosine, step:EVERY:FACTOR or multistep:START,START...:FACTOR", name)
}

func parseMultiStep(starts, factor string) (Schedule, error) {
	s := MultiStepDecay{}
	for word := range strings.SplitSeq(starts, ",") {
		start, err := parseFraction("START", word)
		if err != nil {
			return nil, err
		}
		if n := len(s.At); n > 0 && start <= s.At[n-1] {
			return nil, fmt.Errorf("START %v comes after %v: want ascending fractions", start, s.At[n-1])
		}
		s.At = append(s.At, start)
	}
	by, err := parseFactor(factor)
	s.By = by
	return s, err
}

// minFraction bounds the number of intervals of a StepDecay.
const minFraction = 1e-4

func parseFraction(name, text string) (float64, error) {
	v, err := parseNumber(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	if !(v >= minFraction && v <= 1) {
		return 0, fmt.Errorf("%s is %v, want a fraction of the run in [%v, 1]", name, v, minFraction)
	}
	return v, nil
}

func parseFactor(text string) (float64, error) {
	v, err := parseNumber(text)
	if err != nil {
		return 0, fmt.Errorf("FACTOR: %w", err)
	}
	if !(v > 0) || math.IsInf(v, 1) {
		return 0, fmt.Errorf("FACTOR is %v, want a number > 0", v)
	}
	return v, nil
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
