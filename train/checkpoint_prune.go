package train

import (
	"math"
	"os"
	"path/filepath"
	"slices"
)

// pruner removes the checkpoints that are too many, and what interrupted
// writers have left.
type pruner struct {
	dir  string
	keep int
	id   identity

	looked bool // whether best covers the files from before this process
	best   int  // step with the best score; 0: none has one
	score  float64
}

// prune is called behind the writing of s. What cannot be removed is reported
// and tried again the next time.
func (p *pruner) prune(s *snapshot, failed func(path string, err error)) {
	names, err := fileNames(p.dir)
	if err != nil {
		failed(p.dir, err)
		return
	}
	steps := stepsOf(names)
	p.choose(steps, s)
	var remove []string
	for _, step := range surplus(steps, s.state.Step, p.keep, p.best) {
		remove = append(remove, checkpointName(step))
	}
	for _, name := range names {
		// In one generation one node writes: this one, and it is at rest.
		if g, ok := generationOf(name); ok && g <= s.generation {
			remove = append(remove, name)
		}
	}
	for _, name := range remove {
		if err := os.Remove(filepath.Join(p.dir, name)); err != nil && !os.IsNotExist(err) {
			failed(filepath.Join(p.dir, name), err)
		}
	}
}

// choose takes s, and the first time the files from before this process, into
// the choice of the best. Of equal ones the first stays.
func (p *pruner) choose(steps []int, s *snapshot) {
	if !p.looked {
		p.looked = true
		for _, step := range steps {
			if step >= s.state.Step {
				continue
			}
			if info, err := verifyCheckpoint(filepath.Join(p.dir, checkpointName(step))); err == nil && info.id == p.id {
				p.rank(step, info.score)
			}
		}
	}
	p.rank(s.state.Step, s.score)
}

func (p *pruner) rank(step int, score float64) {
	if math.IsNaN(score) || p.best > 0 && score <= p.score {
		return
	}
	p.best, p.score = step, score
}

// surplus returns the steps whose checkpoints go when one has been written:
// all but the best and the last keep up to it. Those of later steps stay, for
// a run that was sent back will come to them again.
func surplus(steps []int, written, keep, best int) []int {
	earlier := slices.DeleteFunc(slices.Clone(steps), func(s int) bool { return s > written })
	slices.Sort(earlier)
	earlier = earlier[:max(0, len(earlier)-keep)]
	return slices.DeleteFunc(earlier, func(s int) bool { return s == best })
}

// stepsOf returns the steps of the checkpoints among the names, ascending.
func stepsOf(names []string) []int {
	var steps []int
	for _, name := range names {
		if step, ok := stepOf(name); ok {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	return steps
}

func fileNames(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, err
}
