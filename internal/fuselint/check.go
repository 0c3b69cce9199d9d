package fuselint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Finding is one float product that the compiler may fuse into a sum.
type Finding struct {
	Pos  token.Position
	Expr string // the product, as it stands in the source
	Why  string // what may add it to something
}

// String returns file:line:column, the product and the reason.
func (f Finding) String() string {
	return fmt.Sprintf("%s: %s %s without a conversion around the product", f.Pos, f.Expr, f.Why)
}

// Check reports the findings in the non-test files of the packages that match
// the patterns of `go list`, run in dir. It needs the go command and the build
// cache; packages that do not compile are an error. Files that the current
// platform leaves out are not read.
func Check(ctx context.Context, dir string, patterns ...string) ([]Finding, error) {
	pkgs, err := list(ctx, dir, patterns)
	if err != nil {
		return nil, err
	}
	exports := make(map[string]string, len(pkgs))
	for _, p := range pkgs {
		exports[p.ImportPath] = p.Export
	}
	fset := token.NewFileSet()
	imp := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("fuselint: no export data for %s", path)
		}
		return os.Open(exports[path])
	})
	var all []Finding
	for _, p := range pkgs {
		if p.DepOnly {
			continue
		}
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				return nil, fmt.Errorf("fuselint: %w", err)
			}
			files = append(files, f)
		}
		found, err := inspect(fset, imp, p.ImportPath, files)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

// CheckSource is Check of one file given as text, which may import only what
// the source importer of the running toolchain finds.
func CheckSource(name, src string) ([]Finding, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("fuselint: %w", err)
	}
	return inspect(fset, importer.ForCompiler(fset, "source", nil), f.Name.Name, []*ast.File{f})
}

// listed is what we read of the output of go list.
type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Export     string
	DepOnly    bool
}

func list(ctx context.Context, dir string, patterns []string) ([]listed, error) {
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Dir,GoFiles,Export,DepOnly", "--"}
	cmd := exec.CommandContext(ctx, "go", append(args, patterns...)...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("fuselint: go list %s: %w: %s", strings.Join(patterns, " "), err, strings.TrimSpace(stderr.String()))
	}
	var pkgs []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs, nil
		} else if err != nil {
			return nil, fmt.Errorf("fuselint: output of go list: %w", err)
		}
		pkgs = append(pkgs, p)
	}
}

func inspect(fset *token.FileSet, imp types.Importer, path string, files []*ast.File) ([]Finding, error) {
	info := &types.Info{
		Types: make(map[ast.Expr]types.TypeAndValue),
		Uses:  make(map[*ast.Ident]types.Object),
	}
	conf := types.Config{Importer: imp}
	if _, err := conf.Check(path, fset, files, info); err != nil {
		return nil, fmt.Errorf("fuselint: %w", err)
	}
	r := &rule{fset: fset, info: info}
	for _, f := range files {
		for _, d := range f.Decls {
			r.decl(d)
		}
	}
	return r.found, nil
}
