package train

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// checkpointsName is the directory in the run directory.
const checkpointsName = "checkpoints"

var (
	checkpointPattern = regexp.MustCompile(`^step-([0-9]{8,18})\.safetensors$`)
	temporaryPattern  = regexp.MustCompile(`^\.step-[0-9]{8,18}\.g([0-9]{1,20})\.tmp$`)
)

// checkpointName is the name of the checkpoint behind a step. Names sort as
// steps do for the first hundred million.
func checkpointName(step int) string { return fmt.Sprintf("step-%08d.safetensors", step) }

// temporaryName is what a checkpoint is called until it is whole. It carries
// the generation: whoever has been expelled and wakes up writes into another
// file than the one who took its place.
func temporaryName(step int, generation uint64) string {
	return fmt.Sprintf(".step-%08d.g%d.tmp", step, generation)
}

// stepOf returns the step of a checkpoint's file name.
func stepOf(name string) (int, bool) {
	m := checkpointPattern.FindStringSubmatch(name)
	if m == nil {
		return 0, false
	}
	step, err := strconv.Atoi(m[1])
	return step, err == nil && checkpointName(step) == name
}

// generationOf returns the generation of a temporary file's name.
func generationOf(name string) (uint64, bool) {
	m := temporaryPattern.FindStringSubmatch(name)
	if m == nil {
		return 0, false
	}
	g, err := strconv.ParseUint(m[1], 10, 64)
	return g, err == nil
}

// writeFile writes a checkpoint so that the path has the old content or the
// whole of the new one, whatever happens and whenever: into another file, which
// is on the disk before it gets the name.
func (c *checkpoints) writeFile(path string, s *snapshot) (size int64, err error) {
	if err := makeDir(c.dir); err != nil {
		return 0, err
	}
	temporary := filepath.Join(c.dir, temporaryName(s.state.Step, s.generation))
	f, err := c.create(temporary)
	if err != nil {
		return 0, err
	}
	counter := &countingWriter{to: f}
	err = s.writeTo(counter, c.id)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		os.Remove(temporary)
		return 0, err
	}
	return counter.n, syncDir(c.dir)
}

// makeDir makes a directory that lasts.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// syncDir puts the names in a directory on the disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type countingWriter struct {
	to syncFile
	n  int64
}

func (w *countingWriter) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.n += int64(n)
	return n, err
}
