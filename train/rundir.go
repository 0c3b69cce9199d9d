package train

import (
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

	"github.com/ballast-ml/ballast/dataset"
)

// runDir is the directory that a run leaves behind. Every node that was given
// it claims it; the nodes that see the same directory, because they are on one
// host or share a file system, find the same token in it, and the first of
// them in the roster is the one that writes.
type runDir struct {
	path    string
	token   string
	created bool // this node laid the token, and takes it away if no ring forms

	metrics    *metricsFile
	configured bool // this node has written config.yaml
}

const (
	tokenName   = "run.token"
	configName  = "config.yaml"
	metricsName = "metrics.jsonl"
	modelName   = "model.safetensors"
	summaryName = "summary.json"
	// SpoolName is where a launcher writes the rows of standard input.
	SpoolName   = "stream" + dataset.SpoolSuffix
	layingToken = ".token-" // prefix of a file on its way to become the token
)

// claim creates the directory if need be and finds or lays its token. A
// directory with anything of an earlier run in it is refused, unless that run
// is to be resumed; and then if it has come to its end.
func claim(path string, resumes bool) (*runDir, error) {
	d := &runDir{path: path, metrics: newMetricsFile(filepath.Join(path, metricsName))}
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, fmt.Errorf("--out %s: the run directory cannot be made: %w", path, err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("--out %s: %w", path, err)
	}
	for _, e := range entries {
		if err := d.tolerates(e.Name(), resumes); err != nil {
			return nil, err
		}
	}
	return d, d.findToken()
}

// tolerates refuses a directory for one of the names in it.
func (d *runDir) tolerates(name string, resumes bool) error {
	switch {
	case resumes && name == summaryName:
		return fmt.Errorf("--out %s: the run in it has come to its end and wrote %s: there is nothing to resume; choose a directory that is new",
			d.path, summaryName)
	case resumes, slices.Contains([]string{tokenName, "logs", configName, SpoolName, SpoolName + dataset.EndSuffix}, name):
		return nil
	case strings.HasPrefix(name, layingToken):
		return nil // another node of this run is laying its token at this moment
	}
	return fmt.Errorf("--out %s: exists already and holds %s: choose a directory that is new, or go on with the run in it by --resume auto",
		d.path, name)
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

// begin makes this node the one that writes, on a ring whose state has the
// given number of committed steps. With an error the caller may go on all the
// same: metrics are kept, and tried again with the lines that come.
func (d *runDir) begin(config []byte, step int) error {
	if len(config) > 0 && !d.configured {
		if err := d.write(configName, config); err != nil {
			return fmt.Errorf("--out %s: %w", d.path, err)
		}
		d.configured = true
	}
	if err := d.metrics.begin(step); err != nil {
		return fmt.Errorf("--out %s: %w", d.path, err)
	}
	return nil
}

// follow makes this node one that does not write: it keeps the last metrics in
// case it has to.
func (d *runDir) follow(step int) { d.metrics.rest(step) }

// observer takes the steps and evaluations for metrics.jsonl. Every node of the
// directory observes from the start, whether it writes or not.
func (d *runDir) observer() Observer {
	return Observer{
		StepDone:  func(v StepDone) { d.metrics.add(lineKey{Step: v.Step}, v) },
		Evaluated: func(v Evaluation) { d.metrics.add(lineKey{Step: v.Step, Split: v.Split}, v) },
	}
}

// finish writes the model and the summary, each whole or not at all, and takes
// the token away: nobody else can begin here.
func (d *runDir) finish(model []byte, s Summary) error {
	if err := d.write(modelName, model); err != nil {
		return err
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	if err := d.metrics.events.finish(s); err != nil {
		return err
	}
	if err := d.write(summaryName, append(text, '\n')); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(d.path, tokenName)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil // another node has finished here before
}

// close ends metrics.jsonl, and reports if lines of it could not be written.
func (d *runDir) close() error { return d.metrics.close() }

func (d *runDir) write(name string, data []byte) error {
	return renameio.WriteFile(filepath.Join(d.path, name), data, 0o666)
}
