package metrics

import "github.com/ballast-ml/ballast/internal/detmath"

// Shifts are the strengths that [ChooseShift] tries: multiples of a twentieth
// from -2 to 2, those near 0 first.
const shiftSteps, shiftGrid = 40, 20

// ChooseShift returns what moves the logits before they decide, t·log π, with
// the t that makes metric m best on s; of equally good ones the nearest to 0,
// which is no shift. With two classes this is the choice of a threshold. The
// setup's own Shift and Figures are not looked at.
func ChooseShift(s Scores, setup Setup, prior []float64, m Metric) (strength float64, shift []float64) {
	setup.Figures = []Metric{m}
	value := func(shift []float64) float64 {
		setup.Shift = shift
		v, _ := Of(s, setup).Value(m.Name)
		return v
	}
	best := value(nil)
	for i := 1; i <= shiftSteps; i++ {
		for _, t := range []float64{float64(i) / shiftGrid, -float64(i) / shiftGrid} {
			moved := make([]float64, len(prior))
			for k, p := range prior {
				moved[k] = float64(t * detmath.Log(p))
			}
			if v := value(moved); m.Better(v, best) {
				best, strength, shift = v, t, moved
			}
		}
	}
	return strength, shift
}
