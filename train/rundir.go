package train

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
)

// runDir is the directory that a run leaves behind. Every node that was given
// it claims it; the nodes that see the same directory, because they are on one
// host or share a file system, find the same token in it, and the first of
// them in the roster is the one that writes.
type runDir struct {
	path    string
	token   string
	created bool // this node laid the token, and takes it away if no ring forms

	file    *os.File // metrics.jsonl, on the writer
	metrics *bufio.Writer
	err     error // the first failure to write metrics
}

const (
	tokenName   = "run.token"
	layingToken = ".token-" // prefix of a file on its way to become the token
)

// claim creates the directory if need be and finds or lays its token. A
// directory with anything of an earlier run in it is refused.
func claim(path string) (*runDir, error) {
	d := &runDir{path: path}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, fmt.Errorf("--out %s: the run directory cannot be made: %w", path, err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("--out %s: %w", path, err)
	}
	for _, e := range entries {
		// Another node of this run may be laying its token at this moment.
		if !slices.Contains([]string{tokenName, "logs", "config.yaml"}, e.Name()) && !strings.HasPrefix(e.Name(), layingToken) {
			return nil, fmt.Errorf("--out %s: exists already and holds %s: choose a directory that is new", path, e.Name())
		}
	}
	return d, d.findToken()
}

// findToken lays a token whole, by linking a finished file, or reads the one
// that another node has laid.
func (d *runDir) findToken() error {
	var random [16]byte
	rand.Read(random[:])
	mine := hex.EncodeToString(random[:])
	temporary := filepath.Join(d.path, layingToken+mine)
	if err := os.WriteFile(temporary, []byte(mine), 0o666); err != nil {
		return fmt.Errorf("--out %s: the run directory cannot be written: %w", d.path, err)
	}
	defer os.Remove(temporary)
	name := filepath.Join(d.path, tokenName)
	err := os.Link(temporary, name)
	switch {
	case err == nil:
		d.token, d.created = mine, true
		return nil
	case errors.Is(err, fs.ErrExist):
		text, err := os.ReadFile(name)
		d.token = string(text)
		return err
	default:
		return fmt.Errorf("--out %s: %w", d.path, err)
	}
}

// release undoes a claim before anything was written: a run that never began
// leaves nothing.
func (d *runDir) release() {
	if d.created {
		os.Remove(filepath.Join(d.path, tokenName))
		os.Remove(d.path) // fails, as it should, if anything else is there
	}
}

// begin opens metrics.jsonl and writes config.yaml, on the node that writes.
func (d *runDir) begin(config []byte) error {
	if len(config) > 0 {
		if err := d.write("config.yaml", config); err != nil {
			return err
		}
	}
	file, err := os.OpenFile(filepath.Join(d.path, "metrics.jsonl"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return fmt.Errorf("--out %s: %w", d.path, err)
	}
	d.file, d.metrics = file, bufio.NewWriter(file)
	return nil
}

// observer writes a line for each step and evaluation, and what is left in
// the buffer at each evaluation.
func (d *runDir) observer() Observer {
	return Observer{
		StepDone: func(v StepDone) { d.line(v) },
		Evaluated: func(v Evaluation) {
			d.line(v)
			d.note(d.metrics.Flush())
		},
	}
}

func (d *runDir) line(v any) {
	text, err := json.Marshal(v)
	d.note(err)
	_, err = d.metrics.Write(append(text, '\n'))
	d.note(err)
}

func (d *runDir) note(err error) {
	if d.err == nil {
		d.err = err
	}
}

// finish writes the model and the summary, each whole or not at all.
func (d *runDir) finish(model []byte, s Summary) error {
	if err := d.write("model.safetensors", model); err != nil {
		return err
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	return d.write("summary.json", append(text, '\n'))
}

// close ends metrics.jsonl and reports the first trouble with it.
func (d *runDir) close() error {
	if d.file == nil {
		return nil
	}
	d.note(d.metrics.Flush())
	d.note(d.file.Close())
	d.file = nil
	if d.err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(d.path, "metrics.jsonl"), d.err)
	}
	return nil
}

func (d *runDir) write(name string, data []byte) error {
	return renameio.WriteFile(filepath.Join(d.path, name), data, 0o666)
}
