package train

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/safetensors"
	"github.com/ballast-ml/ballast/model"
)

// Contract is the version of the numeric contract: two programs of one
// contract compute the same bits from the same data and configuration.
const Contract = "1"

const (
	modelFormat = "ballast-model"
	networkKey  = "network"       // in the metadata of a model file or a checkpoint
	prepKey     = "preprocessing" // there, too
)

// encodeModel returns the bytes of the model file: parameters and running
// statistics in safetensors, with all that prediction needs in its metadata
// and nothing that tells where, when or on how many nodes it was trained.
func encodeModel(arch model.Config, net *model.Network, prep dataset.Prep, readout Readout) ([]byte, error) {
	meta, err := describe(arch, prep)
	if err != nil {
		return nil, err
	}
	readoutText, err := json.Marshal(readout)
	if err != nil {
		return nil, err
	}
	meta["readout"], meta["format"], meta["contract"] = string(readoutText), modelFormat, Contract
	var tensors []safetensors.Tensor
	for _, t := range net.Tensors() {
		tensors = append(tensors, safetensors.Tensor{Name: t.Name, Shape: t.Shape, Data: t.Data})
	}
	var file bytes.Buffer
	if err := safetensors.Write(&file, meta, tensors); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}

// describe returns what a model file and a checkpoint say in their metadata of
// the network and of what is put in front of it: all that parameters need to be
// a model.
func describe(arch model.Config, prep dataset.Prep) (map[string]string, error) {
	prepText, err := json.Marshal(prep)
	if err != nil {
		return nil, fmt.Errorf("train: the preprocessing cannot be stored: %w", err)
	}
	network, err := json.Marshal(arch)
	return map[string]string{networkKey: string(network), prepKey: string(prepText)}, err
}

// digest returns the SHA-256 of a file's bytes, in hexadecimal.
func digest(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// Model is a trained model read from its file.
type Model struct {
	Net     *model.Network
	Arch    model.Config
	Prep    dataset.Prep
	Readout Readout
	SHA256  string
}

// LoadModel reads a model file and checks that its tensors are those of the
// network that its metadata describes.
func LoadModel(path string) (*Model, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	m, err := decodeModel(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func decodeModel(file []byte) (*Model, error) {
	meta, tensors, err := safetensors.Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	if meta["format"] != modelFormat {
		return nil, fmt.Errorf("not a model of this program: its metadata has format %q, expected %s", meta["format"], modelFormat)
	}
	m, err := described(meta)
	if err != nil {
		return nil, err
	}
	m.SHA256 = digest(file)
	return m, fill(m.Net, tensors)
}

// described returns a model with the network, the preprocessing and the readout
// of which the metadata tell, and parameters of no meaning.
func described(meta map[string]string) (*Model, error) {
	m := &Model{}
	if err := json.Unmarshal([]byte(meta[networkKey]), &m.Arch); err != nil {
		return nil, fmt.Errorf("metadata network %q is not the description of one: %w", meta[networkKey], err)
	}
	if err := json.Unmarshal([]byte(meta[prepKey]), &m.Prep); err != nil {
		return nil, fmt.Errorf("metadata preprocessing: %w", err)
	}
	var err error
	if m.Readout, err = parseReadout(meta["readout"], m.Arch.Classes); err != nil {
		return nil, fmt.Errorf("metadata readout: %w", err)
	}
	m.Net, err = model.New(m.Arch)
	return m, err
}

// fill copies the tensors of a file into a network of the same architecture.
func fill(net *model.Network, tensors []safetensors.Tensor) error {
	stored := map[string]safetensors.Tensor{}
	for _, t := range tensors {
		stored[t.Name] = t
	}
	want := net.Tensors()
	if len(want) != len(tensors) {
		return fmt.Errorf("%d tensors, expected %d for this architecture", len(tensors), len(want))
	}
	for _, t := range want {
		s, ok := stored[t.Name]
		if !ok || len(s.Data) != len(t.Data) {
			return fmt.Errorf("tensor %s: shape %v stored, expected %v", t.Name, s.Shape, t.Shape)
		}
		copy(t.Data, s.Data)
	}
	return nil
}
