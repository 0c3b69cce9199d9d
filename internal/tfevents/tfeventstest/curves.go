package tfeventstest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Point is a figure at a step.
type Point struct {
	Step  int64
	Value float64
}

// Curves returns the curve of each tag, as TensorBoard shows them of a
// directory: files in the order of their names, and steps forgotten that are to
// come again. It refuses steps that go backward, which TensorBoard draws.
func Curves(dir string) (map[string][]Point, error) {
	files, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	if err != nil {
		return nil, err
	}
	curves := map[string][]Point{}
	for _, file := range files { // sorted
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		events, err := Read(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if len(events) == 0 || events[0].Version != "brain.Event:2" {
			return nil, fmt.Errorf("%s does not begin with its version", file)
		}
		for _, e := range events {
			if err := draw(curves, e); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
	}
	return curves, nil
}

func draw(curves map[string][]Point, e Event) error {
	if e.Starts {
		for tag, c := range curves {
			curves[tag] = slices.DeleteFunc(c, func(p Point) bool { return p.Step >= e.Step })
		}
	}
	for _, f := range e.Figures {
		c := curves[f.Tag]
		if len(c) > 0 && c[len(c)-1].Step >= e.Step {
			return fmt.Errorf("%s: step %d comes behind step %d", f.Tag, e.Step, c[len(c)-1].Step)
		}
		curves[f.Tag] = append(c, Point{e.Step, f.Value})
	}
	return nil
}
