// Command launcher is the program a person types: it starts nodes on this
// machine, shows what they do, and prints what came of it.
package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/train"
)

func main() {
	p := cli.NewProgram(train.Run)
	os.Exit(cli.Main(context.Background(), p, root(p, train.Evaluate)))
}

// root returns the command line of the program.
func root(p *cli.Program, eval evaluateFunc) *cobra.Command {
	c := &cobra.Command{
		Use:   p.Name(),
		Short: "Train classifiers on imbalanced and noisy data, on plain CPUs",
		Long: `Ballast trains classifiers on imbalanced and noisy data, data-parallel over
ordinary machines. The weight of every sample is exact for the whole global
batch, and the model has the same bits on any number of nodes.

` + cli.ExitCodesHelp,
		Example: "  " + p.Name() + " run          # three methods on the built-in data, side by side",
	}
	c.AddCommand(runCommand(p), cli.NodeCommand(p, p.Name()+" node"), evalCommand(p, eval), compareCommand(p), tuneCommand(p), predictCommand(p), suspectsCommand(p), importanceCommand(p), reportCommand(p), statusCommand(p), benchCommand(p), versionCommand(p))
	return c
}
