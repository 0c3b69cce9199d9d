// Command gen writes the assembly of package kernel with avo, and the Go code
// that chooses among its functions. Run it by go generate in the folder above.
package main

import (
	"flag"
	"fmt"
	"go/format"
	"os"
	"strings"

	"github.com/mmcloughlin/avo/build"
)

var sets = map[string]func(){
	"matmul": matmul,
	"vector": vector,
	"grid":   grid,
	"planes": planes,
	"exp":    exponential,
}

func main() {
	set := flag.String("set", "", "what to write: matmul, grid, vector, planes or exp (assembly), or dispatch (Go)")
	flag.Parse() // avo registers -out, -stubs and -pkg beside it
	if err := run(*set); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(set string) error {
	if set == "dispatch" {
		code, err := format.Source([]byte(dispatch()))
		if err != nil {
			return err
		}
		return os.WriteFile(flag.Lookup("out").Value.String(), code, 0o644)
	}
	write := sets[set]
	if write == nil {
		return fmt.Errorf("-set %q is none of matmul, grid, vector, planes, exp, dispatch", set)
	}
	build.ConstraintExpr("amd64")
	write()
	build.Generate() // exits by itself when it fails
	return nil
}

// doc sets the comment of the function being written.
func doc(lines ...string) { build.Doc(strings.Join(lines, " ")) }
