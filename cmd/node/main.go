// Command node runs one node of a ring: it trains together with the nodes it
// finds, or alone. It is the launcher's command "node" as a program of its
// own, for machines that need nothing else.
package main

import (
	"context"
	"os"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/train"
)

func main() {
	p := cli.NewProgram(train.Run)
	os.Exit(cli.Main(context.Background(), p, cli.NodeCommand(p, p.Name())))
}
