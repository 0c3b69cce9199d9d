package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// readCheckpoint reads the checkpoint at path, which must be of the job's run.
// Its errors do not name the path, unless the system's do.
func readCheckpoint(path string, j *job) (*snapshot, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return decodeSnapshot(file, j)
}

// newestCheckpoint returns the newest valid checkpoint in a directory, and its
// path, or nil if there is none. It tells skip which ones it has passed over, and
// why. If all that is there is whole but of
// another run, that is an error: the directory is the wrong one.
func newestCheckpoint(ctx context.Context, dir string, j *job, skip func(path string, err error)) (*snapshot, string, error) {
	names, err := fileNames(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", err
	}
	var foreign error
	steps := stepsOf(names)
	for _, step := range slices.Backward(steps) {
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		path := filepath.Join(dir, checkpointName(step))
		s, err := readCheckpoint(path, j)
		if err == nil && s.state.Step != step {
			err = fmt.Errorf("damaged: it holds step %d", s.state.Step)
		}
		if err == nil {
			return s, path, nil
		}
		skip(path, err)
		if _, ok := errors.AsType[*foreignError](err); ok && foreign == nil {
			foreign = fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil, "", foreign
}

// highestGeneration returns the highest generation that the names of a
// directory's temporary files tell of; 0 if there are none.
func highestGeneration(dir string) uint64 {
	names, _ := fileNames(dir) // what cannot be read tells nothing
	var highest uint64
	for _, name := range names {
		if g, ok := generationOf(name); ok {
			highest = max(highest, g)
		}
	}
	return highest
}

// checkpointInfo is what a checkpoint says about itself.
type checkpointInfo struct {
	id         identity
	step       int
	generation uint64
	score      float64 // NaN: not known
}

// verifyCheckpoint checks that a file is a checkpoint and whole, of whatever
// run.
func verifyCheckpoint(path string) (checkpointInfo, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return checkpointInfo{}, err
	}
	meta, _, err := unseal(file)
	if err != nil {
		return checkpointInfo{}, fmt.Errorf("%s: %w", path, err)
	}
	s := &snapshot{}
	if err := s.parse(meta); err != nil {
		return checkpointInfo{}, fmt.Errorf("%s: %w", path, err)
	}
	id := identity{meta["contract"], meta["config"], meta["data"]}
	return checkpointInfo{id, s.state.Step, s.generation, s.score}, nil
}
