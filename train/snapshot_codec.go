package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/ballast-ml/ballast/internal/safetensors"
	"github.com/ballast-ml/ballast/optimizer"
)

// A checkpoint is a snapshot in safetensors: the vectors as tensors, and in the
// metadata the position, the weigher's state, what the run is, and the network
// and the preprocessing as in a model file, which a resume has no need of but a
// second stage has. Floating-point numbers in the metadata are written in
// hexadecimal, which is exact. The field sha256 is that of the whole encoding
// with 64 zeros in its own place, so that no bit of it can change unnoticed.
const (
	checkpointFormat = "ballast-checkpoint"
	paramTensor      = "param"
	runningTensor    = "running"
	slotPrefix       = "optim."
	bestPrefix       = "best."
	blankSum         = "0000000000000000000000000000000000000000000000000000000000000000"
)

// identity is what two states must have in common to be states of one run.
type identity struct {
	contract string // of the numbers
	config   string // Config.Canonical
	data     string // fingerprint
}

func identityOf(j *job) identity {
	return identity{Contract, j.cfg.Canonical(), j.data.Fingerprint}
}

// writeTo writes the checkpoint. It goes over the state twice, once for the
// checksum, and needs no second copy of it.
func (s *snapshot) writeTo(w io.Writer, id identity) error {
	meta, tensors := s.metadata(id), s.tensors()
	meta["sha256"] = blankSum
	sum := sha256.New()
	if err := safetensors.Write(sum, meta, tensors); err != nil {
		return err
	}
	meta["sha256"] = hex.EncodeToString(sum.Sum(nil))
	return safetensors.Write(w, meta, tensors)
}

func (s *snapshot) metadata(id identity) map[string]string {
	weigher := make([]string, len(s.weigher))
	for i, x := range s.weigher {
		weigher[i] = hexFloat(x)
	}
	meta := map[string]string{
		"format":       checkpointFormat,
		"contract":     id.contract,
		"config":       id.config,
		"data":         id.data,
		"generation":   strconv.FormatUint(s.generation, 10),
		"step":         strconv.Itoa(s.state.Step),
		"samples_seen": strconv.FormatInt(s.state.SamplesSeen, 10),
		"epoch":        strconv.Itoa(s.state.epoch),
		"epoch_rows":   strconv.Itoa(s.state.EpochRows),
		"epoch_loss":   hexFloat(s.state.EpochLoss),
		"weigher":      strings.Join(weigher, " "),
	}
	maps.Copy(meta, s.about)
	if s.classRows != nil {
		meta["rows"], meta["ended"] = strconv.FormatUint(s.state.Rows, 10), strconv.FormatBool(s.state.Ended)
		meta[classRowsKey] = strings.Trim(fmt.Sprint(s.classRows), "[]")
	}
	if s.best != nil {
		v := s.state.Verdict
		meta["judged"], meta["best_step"] = strconv.Itoa(v.Judged), strconv.Itoa(v.Step)
		meta["best_score"], meta["worse"] = hexFloat(v.Score), strconv.Itoa(v.Worse)
	}
	if !math.IsNaN(s.score) {
		meta[scoreKey] = hexFloat(s.score)
	}
	return meta
}

// classRowsKey is left out where the data are no stream.
const classRowsKey = "class_rows"

// scoreKey is left out if the score is not known.
const scoreKey = "val_score"

func (s *snapshot) tensors() []safetensors.Tensor {
	vector := func(name string, data []float32) safetensors.Tensor {
		return safetensors.Tensor{Name: name, Shape: []int{len(data)}, Data: data}
	}
	list := []safetensors.Tensor{vector(paramTensor, s.params), vector(runningTensor, s.running)}
	for _, slot := range s.slots {
		list = append(list, vector(slotPrefix+slot.Name, slot.Data))
	}
	for _, slot := range s.best {
		list = append(list, vector(bestPrefix+slot.Name, slot.Data))
	}
	return list
}

// decodeSnapshot reads a checkpoint of the job's run. It trusts nothing: the
// error is a *foreignError if the bytes are whole but of another run, and
// otherwise says what is damaged.
func decodeSnapshot(file []byte, j *job) (*snapshot, error) {
	meta, tensors, err := unseal(file)
	if err != nil {
		return nil, err
	}
	if err := compareIdentity(identity{meta["contract"], meta["config"], meta["data"]}, identityOf(j)); err != nil {
		return nil, err
	}
	s := &snapshot{about: j.about}
	if err := s.parse(meta); err != nil {
		return nil, err
	}
	want := j.view()
	if err := s.adopt(tensors, want); err != nil {
		return nil, err
	}
	if err := s.fits(want); err != nil {
		return nil, err
	}
	return s, s.state.check(j)
}

// unseal checks that the bytes are a checkpoint, and whole.
func unseal(file []byte) (map[string]string, []safetensors.Tensor, error) {
	meta, tensors, err := safetensors.Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, nil, err
	}
	if meta["format"] != checkpointFormat {
		return nil, nil, fmt.Errorf("not a checkpoint of this program: its metadata has format %q, expected %s", meta["format"], checkpointFormat)
	}
	found, err := checksum(file)
	if err != nil {
		return nil, nil, err
	}
	if meta["sha256"] != found {
		return nil, nil, fmt.Errorf("damaged: its content has SHA-256 %s, but %q is written in it", found, meta["sha256"])
	}
	return meta, tensors, nil
}

// checksum returns the SHA-256 of an encoding with its own field blank. No
// other text of the header can look like the field, since quotes in text are
// escaped.
func checksum(file []byte) (string, error) {
	const field = `"sha256":"`
	at := bytes.Index(file, []byte(field)) + len(field)
	if at < len(field) || at+len(blankSum) > len(file) {
		return "", fmt.Errorf("damaged: it has no checksum")
	}
	sum := sha256.New()
	sum.Write(file[:at])
	sum.Write([]byte(blankSum))
	sum.Write(file[at+len(blankSum):])
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// parse reads what the metadata says of the state.
func (s *snapshot) parse(meta map[string]string) error {
	p := parser{meta: meta}
	s.generation = p.unsigned("generation")
	s.state = state{
		Step:        int(p.integer("step")),
		SamplesSeen: p.integer("samples_seen"),
		EpochLoss:   p.float("epoch_loss", meta["epoch_loss"]),
		EpochRows:   int(p.integer("epoch_rows")),
		epoch:       int(p.integer("epoch")),
	}
	for text := range strings.FieldsSeq(meta["weigher"]) {
		s.weigher = append(s.weigher, p.float("weigher", text))
	}
	s.classRows = nil
	if text, ok := meta[classRowsKey]; ok {
		s.state.Rows, s.state.Ended = p.unsigned("rows"), meta["ended"] == "true"
		for word := range strings.FieldsSeq(text) {
			s.classRows = append(s.classRows, p.count(classRowsKey, word))
		}
	}
	if _, ok := meta["judged"]; ok {
		s.state.Verdict = verdict{
			Judged: int(p.integer("judged")), Step: int(p.integer("best_step")),
			Score: p.float("best_score", meta["best_score"]), Worse: int(p.integer("worse")),
		}
	}
	s.score = math.NaN()
	if text, ok := meta[scoreKey]; ok {
		s.score = p.float(scoreKey, text)
	}
	return p.err
}

// parser reads numbers and keeps the first error.
type parser struct {
	meta map[string]string
	err  error
}

func (p *parser) note(key, text string, err error) {
	if err != nil && p.err == nil {
		p.err = fmt.Errorf("metadata %s is %q: expected a number", key, text)
	}
}

func (p *parser) unsigned(key string) uint64 {
	n, err := strconv.ParseUint(p.meta[key], 10, 64)
	p.note(key, p.meta[key], err)
	return n
}

func (p *parser) integer(key string) int64 {
	n, err := strconv.ParseInt(p.meta[key], 10, strconv.IntSize)
	p.note(key, p.meta[key], err)
	return n
}

// count reads a number of at least 0.
func (p *parser) count(key, text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if n < 0 {
		err = strconv.ErrRange
	}
	p.note(key, text, err)
	return n
}

func (p *parser) float(key, text string) float64 {
	x, err := strconv.ParseFloat(text, 64)
	p.note(key, text, err)
	return x
}

func hexFloat(x float64) string { return strconv.FormatFloat(x, 'x', -1, 64) }

// adopt takes the tensors as the vectors that are wanted, the optimizer's in
// its own order.
func (s *snapshot) adopt(tensors []safetensors.Tensor, want *snapshot) error {
	byName := make(map[string][]float32, len(tensors))
	for _, t := range tensors {
		byName[t.Name] = t.Data
	}
	wanted := want.tensors()
	if len(tensors) != len(wanted) {
		return fmt.Errorf("%d tensors, expected %d", len(tensors), len(wanted))
	}
	for _, w := range wanted {
		if _, ok := byName[w.Name]; !ok {
			return fmt.Errorf("tensor %s is missing", w.Name)
		}
	}
	s.params, s.running = byName[paramTensor], byName[runningTensor]
	for _, slot := range want.slots {
		s.slots = append(s.slots, optimizer.Slot{Name: slot.Name, Data: byName[slotPrefix+slot.Name]})
	}
	for _, slot := range want.best {
		s.best = append(s.best, optimizer.Slot{Name: slot.Name, Data: byName[bestPrefix+slot.Name]})
	}
	return nil
}
