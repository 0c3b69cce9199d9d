package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/ballast-ml/ballast/internal/cli/study"
	"github.com/ballast-ml/ballast/internal/spell"
	"github.com/ballast-ml/ballast/train"
)

// ReadSpace reads the file of --space: for each setting that a search is to
// vary, by the name of its flag, a list of values or a range LOW..HIGH.
//
//	lr: 0.0005..0.008
//	embed: [none, ple:32, "ple:16,8"]
func ReadSpace(path string) ([]study.Dimension, error) {
	file := map[string]any{}
	if err := readYAML("--space", path, "'embed: [none, ple:32]' or 'lr: 0.001..0.01'", &file); err != nil {
		return nil, err
	}
	var dims []study.Dimension
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(file)) {
		d, err := dimension(key, file[key])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %s: %w", path, key, err))
		}
		dims = append(dims, d)
	}
	if len(wrong) > 0 {
		return nil, &train.UsageError{Err: errors.Join(wrong...)}
	}
	return dims, nil
}

// dimension reads one setting of a space and tries its values.
func dimension(key string, value any) (study.Dimension, error) {
	d := study.Dimension{Name: key, Set: func(c *train.Config, value string) error { return assign(c, key, value) }}
	var try []string
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			d.Values = append(d.Values, fmt.Sprint(item))
		}
		if len(d.Values) == 0 {
			return d, errors.New("want at least one value")
		}
		try = d.Values
	default:
		low, high, ok := strings.Cut(fmt.Sprint(v), "..")
		var errLow, errHigh error
		d.Low, errLow = strconv.ParseFloat(low, 64)
		d.High, errHigh = strconv.ParseFloat(high, 64)
		if !ok || errLow != nil || errHigh != nil || !(0 < d.Low && d.Low < d.High && d.High < 1e300) {
			return d, fmt.Errorf("%v: want a list of values, or a range of numbers above 0 as in 0.001..0.01", v)
		}
		try = []string{d.Value(0), d.Value(0.4)} // a setting of whole numbers does not take the second
	}
	for _, value := range try {
		c := train.Defaults()
		if err := assign(&c, key, value); err != nil {
			return d, fmt.Errorf("%q: %w", value, err)
		}
	}
	return d, nil
}

// ReadRivals reads the file of --rivals: under the name of each, what it sets in
// place of the settings of base.
//
//	linear: {model: logistic, embed: none}
func ReadRivals(path string, base train.Config) ([]study.Rival, error) {
	file := map[string]map[string]any{}
	if err := readYAML("--rivals", path, "'linear: {model: logistic}'", &file); err != nil {
		return nil, err
	}
	var rivals []study.Rival
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(file)) {
		r := study.Rival{Name: name, Config: base}
		for _, key := range slices.Sorted(maps.Keys(file[name])) {
			text, err := textOf(file[name][key])
			if err == nil {
				err = assign(&r.Config, key, text)
			}
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %s: %s: %w", path, name, key, err))
			}
		}
		rivals = append(rivals, r)
	}
	if len(wrong) > 0 {
		return nil, &train.UsageError{Err: errors.Join(wrong...)}
	}
	return rivals, nil
}

// assign gives c the value that a flag of this name would give it.
func assign(c *train.Config, key, value string) error {
	s := Settings{Train: *c}
	flags := Union(s.modelSections())
	f := flags.Lookup(key)
	if f == nil {
		var names []string
		flags.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		return fmt.Errorf("no setting of a model%s", suggest(spell.Nearest(key, names)))
	}
	if err := f.Value.Set(value); err != nil {
		return err
	}
	*c = s.Train
	return nil
}

func readYAML(flag, path, as string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return Usagef("%s: %w", flag, err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return Usagef("%s %s: expected YAML as in %s: %w", flag, path, as, err)
	}
	return nil
}
