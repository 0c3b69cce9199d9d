package train

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/safetensors"
)

// bestWord is what stands for a step in RUN@best.
const bestWord = "best"

// startFile returns the file that --init means: the word itself, the model in a
// run directory, or for RUN@STEP and RUN@best a checkpoint in one.
func startFile(word string) (string, error) {
	info, err := os.Stat(word)
	switch {
	case err == nil && info.IsDir():
		return modelIn(word)
	case err == nil:
		return word, nil
	}
	at := strings.LastIndexByte(word, '@')
	if at < 1 || !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w; expected a model file, a checkpoint, the directory of a run that has ended, or RUN@STEP or RUN@%s", err, bestWord)
	}
	dir, which := filepath.Join(word[:at], checkpointsName), word[at+1:]
	names, err := fileNames(dir)
	if err != nil {
		return "", fmt.Errorf("%w; expected the directory of a run in front of @", err)
	}
	steps := stepsOf(names)
	if which == bestWord {
		return bestIn(dir, steps)
	}
	step, err := strconv.Atoi(which)
	if err != nil {
		return "", fmt.Errorf("%q behind @: expected the step of a checkpoint, or %s", which, bestWord)
	}
	path := filepath.Join(dir, checkpointName(step))
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("no checkpoint of step %d: %s has those of steps %v", step, dir, steps)
	}
	return path, nil
}

// modelIn returns the model in the directory of a run. Of one that has not come
// to its end it says what there is instead.
func modelIn(dir string) (string, error) {
	path := filepath.Join(dir, modelName)
	_, err := os.Stat(path)
	if err == nil {
		return path, nil
	}
	names, _ := fileNames(filepath.Join(dir, checkpointsName)) // without any there is nothing to propose
	if steps := stepsOf(names); len(steps) > 0 {
		return "", fmt.Errorf("%w: the run has not come to its end; its last checkpoint is %s@%d", err, dir, steps[len(steps)-1])
	}
	return "", fmt.Errorf("%w; expected a model file, a checkpoint or the directory of a run that has ended", err)
}

// bestIn returns the checkpoint with the best score on the validation part, of
// equal ones the first: the one that is kept as the best.
func bestIn(dir string, steps []int) (best string, err error) {
	score := math.NaN()
	for _, step := range steps {
		path := filepath.Join(dir, checkpointName(step))
		info, err := verifyCheckpoint(path)
		if err != nil {
			return "", err
		}
		if info.score > score || math.IsNaN(score) && !math.IsNaN(info.score) {
			best, score = path, info.score
		}
	}
	if best == "" {
		return "", fmt.Errorf("no checkpoint in %s has a score: the run had no validation part (--val-fraction); name a step of %v", dir, steps)
	}
	return best, nil
}

// loadStart reads a model file or a checkpoint.
func loadStart(path string) (*Model, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := decodeStart(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func decodeStart(file []byte) (*Model, error) {
	meta, _, err := safetensors.Read(bytes.NewReader(file), int64(len(file)))
	if err == nil && meta["format"] == checkpointFormat {
		return decodeCheckpoint(file)
	}
	return decodeModel(file)
}

// decodeCheckpoint takes the parameters and the running statistics of a checkpoint
// of whatever run, and nothing else of its state. The checksum is that of the
// model file which they would make: the same for two checkpoints of one step,
// written on rings of other generations.
func decodeCheckpoint(checkpoint []byte) (*Model, error) {
	meta, tensors, err := unseal(checkpoint)
	if err != nil {
		return nil, err
	}
	if meta[networkKey] == "" || meta[prepKey] == "" {
		return nil, errors.New("a checkpoint of an earlier release, without its network and its preprocessing: " +
			"resume its run with this one, whose checkpoints have them, or give the run's model")
	}
	m, err := described(meta)
	if err != nil {
		return nil, err
	}
	byName := map[string][]float32{}
	for _, t := range tensors {
		byName[t.Name] = t.Data
	}
	for _, v := range []struct {
		name string
		to   []float32
	}{{paramTensor, m.Net.Params()}, {runningTensor, m.Net.Running()}} {
		if from := byName[v.name]; len(from) != len(v.to) {
			return nil, fmt.Errorf("tensor %s: %d numbers, expected %d for its network", v.name, len(from), len(v.to))
		}
		copy(v.to, byName[v.name])
	}
	file, err := encodeModel(m.Arch, m.Net, m.Prep, m.Readout)
	m.SHA256 = digest(file)
	return m, err
}
