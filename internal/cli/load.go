package cli

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"github.com/ballast-ml/ballast/internal/spell"
	"github.com/ballast-ml/ballast/train"
)

// The origins of a value, from the weakest to the strongest.
const (
	FromDefault = "default"
	FromFile    = "file"
	FromEnv     = "env"
	FromFlag    = "flag"
)

const (
	envPrefix = "BALLAST_"
	// secretVariable is no setting: a secret has no place in a flag, in a
	// configuration file or in config.yaml.
	secretVariable = envPrefix + "JOB_SECRET"
	// SSHVariable is none either: it is the path of the ssh program.
	SSHVariable = envPrefix + "SSH"
)

// Origins says where the value of each setting came from, by the flag's name.
type Origins map[string]string

// Load gives the settings that flags, already parsed, are bound to their
// values from the configuration file and the environment, where no flag was
// given. All that is wrong is reported at once, as a usage error.
func Load(flags *pflag.FlagSet, environ []string) (Origins, error) {
	origins := Origins{}
	flags.VisitAll(func(f *pflag.Flag) {
		origins[f.Name] = FromDefault
		if f.Changed {
			origins[f.Name] = FromFlag
		}
	})
	environment, err := readEnviron(environ)
	if err != nil {
		return nil, err
	}
	path := flags.Lookup("config").Value.String()
	if given, ok := environment["config"]; ok && origins["config"] != FromFlag {
		path = given.(string)
	}
	values := map[string]any{}
	if path != "" {
		if values, err = readFile(path); err != nil {
			return nil, err
		}
	}
	err = errors.Join(
		apply(flags, origins, values, FromFile, func(key string) string { return path + ": " + key }),
		apply(flags, origins, environment, FromEnv, variable))
	if err != nil {
		return nil, &train.UsageError{Err: err}
	}
	return origins, nil
}

// LoadRun gives the settings that flags, already parsed, are bound to the
// values that a run was made with, where no flag was given. A run directory
// without its config.yaml leaves the defaults.
func LoadRun(flags *pflag.FlagSet, dir string) error {
	path := filepath.Join(dir, "config.yaml")
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	values, err := readFile(path)
	if err != nil {
		return err
	}
	if err := apply(flags, Origins{}, values, FromFile, func(key string) string { return path + ": " + key }); err != nil {
		return &train.UsageError{Err: err}
	}
	return nil
}

// apply gives the values of a layer to the flags that were not given, and
// reports all those that their flags refuse.
func apply(flags *pflag.FlagSet, origins Origins, layer map[string]any, origin string, place func(key string) string) error {
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(layer)) {
		f := flags.Lookup(key)
		if f == nil || f.Changed {
			continue // a setting of the other program, or one that a flag overrides
		}
		text, err := textOf(layer[key])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", place(key), err))
		} else if err := set(f, text, origins[key] == FromFile); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %q: %w", place(key), text, err))
		}
		origins[key] = origin
	}
	return errors.Join(wrong...)
}

// set gives a flag its value. A list that has one already is replaced, where
// setting it again would add to it.
func set(f *pflag.Flag, text string, again bool) error {
	if list, ok := f.Value.(pflag.SliceValue); ok && again {
		if err := list.Replace(nil); err != nil {
			return err
		}
	}
	return f.Value.Set(text)
}

// readFile reads the configuration file; every key must be a setting of one of
// the programs.
func readFile(path string) (map[string]any, error) {
	k := koanf.New(".")
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, Usagef("--config: %w", err)
		}
		return nil, Usagef("--config %s: expected YAML with one setting per line, as in 'epochs: 20': %w", path, err)
	}
	known := keys()
	var wrong []error
	for _, key := range slices.Sorted(maps.Keys(k.All())) {
		if !slices.Contains(known, key) {
			wrong = append(wrong, fmt.Errorf("%s: unknown key %q%s", path, key, suggest(spell.Nearest(key, known))))
		}
	}
	if len(wrong) > 0 {
		return nil, &train.UsageError{Err: errors.Join(wrong...)}
	}
	return k.All(), nil
}

// readEnviron picks our variables from the environment; every one must be a
// setting of one of the programs.
func readEnviron(environ []string) (map[string]any, error) {
	k := koanf.New(".")
	known := keys()
	var wrong []error
	err := k.Load(env.Provider(".", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, envPrefix), "_", "-"))
			switch {
			case name == secretVariable, name == SSHVariable, value == "": // no setting, not set
				return "", nil
			case !slices.Contains(known, key):
				near := spell.Nearest(key, known)
				if near != "" {
					near = variable(near)
				}
				wrong = append(wrong, fmt.Errorf("environment: unknown variable %s%s", name, suggest(near)))
				return "", nil
			}
			return key, value
		},
	}), nil)
	if err != nil {
		return nil, err
	}
	if len(wrong) > 0 {
		return nil, &train.UsageError{Err: errors.Join(wrong...)}
	}
	return k.All(), nil
}

// keys returns the names of the settings of both programs: one file, and one
// environment, may serve both.
func keys() []string {
	var s Settings
	names := map[string]bool{}
	for _, who := range []For{ForNode, ForLauncher} {
		Union(s.Flags(who)).VisitAll(func(f *pflag.Flag) { names[f.Name] = true })
	}
	return slices.Sorted(maps.Keys(names))
}

// variable returns the name of a setting's environment variable.
func variable(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
}

// textOf returns a YAML value as it would be typed behind a flag, so that
// flags, file and environment share one parser and its messages.
func textOf(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", errors.New("expected a value, found none")
	case map[string]any:
		return "", errors.New("expected one value, found a map")
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = fmt.Sprint(item)
		}
		return strings.Join(items, ","), nil
	default:
		return fmt.Sprint(v), nil
	}
}

// suggest completes a message about an unknown word.
func suggest(near string) string {
	if near == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", near)
}
