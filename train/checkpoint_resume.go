package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// resumes says whether the options allow a run directory with a run in it.
func (o Options) resumes() bool { return o.Resume != "" && o.Resume != "never" }

// resume gives the job the state that the options ask for, and returns the
// highest generation that the checkpoints tell of: the next ring's must be
// above it. It is called before the node looks for others.
func (j *job) resume(ctx context.Context, opts Options) (generation uint64, err error) {
	if !opts.resumes() {
		return 0, nil
	}
	if opts.Out != "" {
		generation = highestGeneration(filepath.Join(opts.Out, checkpointsName))
	}
	s, path, err := j.findCheckpoint(ctx, opts)
	if err != nil || s == nil {
		return generation, err
	}
	if err := s.restore(j); err != nil {
		return generation, fmt.Errorf("%s: %w", path, err)
	}
	j.observe.Resumed(Resumed{Path: path, Step: s.state.Step})
	return max(generation, s.generation), nil
}

// findCheckpoint returns no snapshot if the run is to start at the beginning.
func (j *job) findCheckpoint(ctx context.Context, opts Options) (*snapshot, string, error) {
	if opts.Resume == "auto" {
		if opts.Out == "" {
			return nil, "", usage(errors.New("--resume auto: needs --out, the directory of the run that is to go on"))
		}
		return j.newestIn(ctx, "auto", filepath.Join(opts.Out, checkpointsName))
	}
	info, err := os.Stat(opts.Resume)
	if err != nil {
		return nil, "", usage(fmt.Errorf("--resume: %w", err))
	}
	if !info.IsDir() {
		s, err := readCheckpoint(opts.Resume, j)
		if err != nil {
			err = usage(fmt.Errorf("--resume %s: %w", opts.Resume, err))
		}
		return s, opts.Resume, err
	}
	dir := opts.Resume
	if inside, err := os.Stat(filepath.Join(dir, checkpointsName)); err == nil && inside.IsDir() {
		dir = filepath.Join(dir, checkpointsName)
	}
	s, path, err := j.newestIn(ctx, opts.Resume, dir)
	if err == nil && s == nil {
		err = usage(fmt.Errorf("--resume %s: there is no valid checkpoint in it", opts.Resume))
	}
	return s, path, err
}

// newestIn tells the observers of each checkpoint that it passes over.
func (j *job) newestIn(ctx context.Context, flag, dir string) (*snapshot, string, error) {
	s, path, err := newestCheckpoint(ctx, dir, j, func(path string, err error) {
		j.observe.CheckpointSkipped(CheckpointSkipped{Path: path, Reason: err.Error()})
	})
	if err != nil && ctx.Err() == nil {
		err = usage(fmt.Errorf("--resume %s: %w", flag, err))
	}
	return s, path, err
}
