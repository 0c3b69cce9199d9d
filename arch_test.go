package ballast

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/ballast-ml/ballast/internal/fuselint"
)

const module = "github.com/ballast-ml/ballast/"

// leaves meet only in train: none imports another, and none knows the trunk.
var leaves = []string{"cluster", "allreduce", "optimizer", "model", "dataset"}

// doors names, for each heavy dependency, the only folders that may import it.
// Swapping the dependency is then one folder's work.
var doors = map[string][]string{
	"github.com/hashicorp/memberlist":    {"cluster"},
	"google.golang.org/grpc":             {"cluster/rpc", "allreduce/rpc"},
	"gorgonia.org/tensor":                {"model"},
	"gonum.org/v1/gonum":                 {"optimizer", "model"},
	"golang.org/x/image":                 {"dataset"},
	"github.com/parquet-go/parquet-go":   {"dataset/parquet"},
	"github.com/spf13/cobra":             {"internal/cli", "cmd/node", "cmd/launcher"},
	"github.com/knadh/koanf":             {"internal/cli"},
	"github.com/rs/zerolog":              {"cluster", "train", "internal/cli", "cmd/node", "cmd/launcher"},
	"github.com/prometheus":              {"internal/cli/telemetry"},
	"google.golang.org/protobuf":         {"cluster/rpc", "internal/tfevents"},
	"github.com/mmcloughlin/avo":         {},
	"golang.org/x/sys/unix":              {"allreduce/shm"},
	"golang.org/x/term":                  {"internal/cli"},
	"go4.org/unsafe/assume-no-moving-gc": {"model"},
	"github.com/rogpeppe/go-internal":    {},
	"github.com/stretchr/testify":        {},
	"gorgonia.org/gorgonia":              {},
	"github.com/google/go-cmp":           {},
	"go.uber.org/goleak":                 {},
	"pgregory.net/rapid":                 {},
}

type listed struct {
	ImportPath string
	Name       string
	Doc        string
	Imports    []string
}

// TestFloors holds the table of packages in DESIGN.md to the truth. It looks
// at imports outside tests.
func TestFloors(t *testing.T) {
	for _, p := range packages(t) {
		name := strings.TrimPrefix(p.ImportPath, module)
		for _, imported := range p.Imports {
			if ours, ok := strings.CutPrefix(imported, module); ok {
				checkFloor(t, name, ours)
				continue
			}
			checkDoor(t, name, imported)
		}
	}
}

func checkFloor(t *testing.T, name, imported string) {
	t.Helper()
	from, to := top(name), top(imported)
	switch {
	case from == to:
	case to == "cmd":
		t.Errorf("%s imports %s: programs are imported by nobody", name, imported)
	case slices.Contains(leaves, from) && to != "internal":
		t.Errorf("%s imports %s: a leaf knows internal packages only, so that leaves can be read and replaced one by one", name, imported)
	case slices.Contains(leaves, from) && under(imported, "internal/cli"):
		t.Errorf("%s imports %s: the command line is the programs' alone", name, imported)
	case from == "internal" && !under(name, "internal/cli") && !under(name, "internal/bench") && to != "internal":
		t.Errorf("%s imports %s: only internal/cli and internal/bench stand above train", name, imported)
	case from != "internal" && from != "cmd" && from != "scripts" && under(imported, "internal/bench"):
		t.Errorf("%s imports %s: what is measured does not know who measures", name, imported)
	case from == "train" && under(imported, "internal/cli"):
		t.Errorf("%s imports %s: the trunk does not know the programs", name, imported)
	}
}

func checkDoor(t *testing.T, name, imported string) {
	t.Helper()
	for dependency, allowed := range doors {
		if imported != dependency && !strings.HasPrefix(imported, dependency+"/") {
			continue
		}
		if !slices.ContainsFunc(allowed, func(door string) bool { return under(name, door) }) {
			t.Errorf("%s imports %s, whose doors are %v", name, imported, allowed)
		}
	}
}

// TestNothingFuses wants every float product that meets a sum to be rounded
// first: the compiler would fuse the two on some processors and not on others.
// Kernels are left out: their assembly fuses everywhere, and their portable
// twins are compared with it bit for bit.
func TestNothingFuses(t *testing.T) {
	findings, err := fuselint.Check(t.Context(), ".", "./allreduce", "./dataset", "./model", "./optimizer", "./train",
		"./internal/detmath", "./internal/logsum", "./internal/metrics", "./internal/rng")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		t.Error(f)
	}
}

// TestPackageDocs wants every package to say what it is for.
func TestPackageDocs(t *testing.T) {
	for _, p := range packages(t) {
		if p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

// under reports whether a package is folder or lies in it.
func under(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

func top(name string) string {
	first, _, _ := strings.Cut(name, "/")
	return first
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Name,Doc,Imports", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}
