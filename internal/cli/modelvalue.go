package cli

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// modelValue is an architecture, or a YAML file with a list of layers, which it
// turns into one line: so that the file is read once, where it was named, and
// nodes compare what is in it.
type modelValue struct{ p *string }

var _ pflag.Value = modelValue{}

func (v modelValue) String() string {
	if v.p == nil {
		return ""
	}
	return *v.p
}

func (v modelValue) Set(text string) error {
	if strings.HasSuffix(text, ".yaml") || strings.HasSuffix(text, ".yml") {
		file, err := os.ReadFile(text)
		if err != nil {
			return err
		}
		if text, err = layersOf(file); err != nil {
			return err
		}
	}
	*v.p = text
	return nil
}

func (modelValue) Type() string { return "string" }

// layersOf turns a YAML list of layers, each a word and a value as in
// "conv: 16x5", into the words of --model.
func layersOf(file []byte) (string, error) {
	var items []map[string]string
	if err := yaml.Unmarshal(file, &items); err != nil {
		return "", fmt.Errorf("want a YAML list of layers such as '- dense: 64': %w", err)
	}
	var words []string
	for i, item := range items {
		if len(item) != 1 {
			return "", fmt.Errorf("layer %d: want one layer such as 'dense: 64', found %d", i+1, len(item))
		}
		for kind, value := range item {
			words = append(words, kind+"="+value)
		}
	}
	if len(words) == 0 {
		return "", fmt.Errorf("want a YAML list of layers such as '- dense: 64', found none")
	}
	return "layers:" + strings.Join(words, "/"), nil
}
