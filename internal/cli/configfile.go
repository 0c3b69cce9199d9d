package cli

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/ballast-ml/ballast/dataset"
)

// ConfigYAML returns the merged settings as a file for --config, each value
// with its origin. What shapes the model is set in it; where and how the run
// took place is in comments, so that the file gives the same model on other
// machines and into another directory.
func ConfigYAML(sections []Section, origins Origins) []byte {
	var b bytes.Buffer
	b.WriteString("# The settings of this run and where each came from. What is not commented\n" +
		"# out decides the model: --config with this file trains the same one.\n")
	for _, s := range sections {
		fmt.Fprintf(&b, "\n# %s\n", s.Title)
		s.Flags.VisitAll(func(f *pflag.Flag) {
			text := dataset.Shown(f.Value.String())
			line, origin := f.Name+": "+yamlValue(f, text), origins[f.Name]
			if text != f.Value.String() {
				origin += "; what is secret in the address is left out"
			}
			switch {
			case !shapesModel(f.Name):
				line = "# " + line
			case f.Value.String() == "" && f.Value.Type() != "string":
				line = "# " + f.Name + ": not set" // no value of its kind says so
			}
			fmt.Fprintf(&b, "%-32s # %s\n", line, origin)
		})
	}
	return b.Bytes()
}

// yamlValue returns a flag's value, as text, in YAML: quoted where it would be read as
// something else.
func yamlValue(f *pflag.Flag, text string) string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return "[" + strings.Join(list.GetSlice(), ", ") + "]"
	}
	if f.Value.Type() != "string" {
		return text
	}
	quoted, err := yaml.Marshal(text)
	if err != nil {
		panic("cli: " + err.Error()) // a string is always valid
	}
	return strings.TrimSuffix(string(quoted), "\n")
}
