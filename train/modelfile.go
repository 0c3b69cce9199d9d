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

// encodeModel returns the bytes of the model file: parameters and running
// statistics in safetensors, with all that prediction needs in its metadata
// and nothing that tells where, when or on how many nodes it was trained.
func encodeModel(arch model.Config, net *model.Network, prep dataset.Prep, readout Readout) ([]byte, error) {
	prepText, err := json.Marshal(prep)
	if err != nil {
		return nil, fmt.Errorf("train: the preprocessing cannot be stored: %w", err)
	}
	network, err := json.Marshal(arch)
	if err != nil {
		return nil, err
	}
	readoutText, err := json.Marshal(readout)
	if err != nil {
		return nil, err
	}
	meta := map[string]string{
		"readout":       string(readoutText),
		"format":        "ballast-model",
		"contract":      Contract,
		"network":       string(network),
		"preprocessing": string(prepText),
	}
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
	if meta["format"] != "ballast-model" {
		return nil, fmt.Errorf("not a model of this program: its metadata has format %q, expected ballast-model", meta["format"])
	}
	m := &Model{SHA256: digest(file)}
	if err := json.Unmarshal([]byte(meta["network"]), &m.Arch); err != nil {
		return nil, fmt.Errorf("metadata network %q is not the description of one: %w", meta["network"], err)
	}
	if err := json.Unmarshal([]byte(meta["preprocessing"]), &m.Prep); err != nil {
		return nil, fmt.Errorf("metadata preprocessing: %w", err)
	}
	if m.Readout, err = parseReadout(meta["readout"], m.Arch.Classes); err != nil {
		return nil, fmt.Errorf("metadata readout: %w", err)
	}
	if m.Net, err = model.New(m.Arch); err != nil {
		return nil, err
	}
	return m, fill(m.Net, tensors)
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
