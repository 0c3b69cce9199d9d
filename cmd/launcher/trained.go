package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
)

// trained is a run that has ended, for the commands that use its model.
type trained struct{ dir string }

func (t *trained) addFlag(c *cobra.Command) {
	c.Flags().StringVar(&t.dir, "run", "", "`DIR` that a run has left")
}

// load gives the flags that were not given the run's values, and returns the
// path of its model.
func (t *trained) load(c *cobra.Command) (model string, err error) {
	if t.dir == "" {
		return "", cli.Usagef("--run is missing: the directory that a run has left")
	}
	if err := cli.LoadRun(c.Flags(), t.dir); err != nil {
		return "", err
	}
	model = filepath.Join(t.dir, "model.safetensors")
	if _, err := os.Stat(model); err != nil {
		return "", cli.Usagef("--run %s: %w", t.dir, err)
	}
	return model, nil
}
