package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ballast-ml/ballast/internal/spell"
	"github.com/ballast-ml/ballast/train"
)

// helpWidth is where flag descriptions wrap.
const helpWidth = 100

// AddFlags declares the flags of s on a command and shows them in its help
// section by section. The completion of fixed words comes with them.
func (s *Settings) AddFlags(c *cobra.Command, who For) {
	s.addFlags(c, s.Flags(who))
}

// AddDataFlags declares the flags that say which data is meant, and how a model
// is judged on it. The others
// that shape a model are there for [LoadRun] to set, and hidden: a model that
// exists has its shape.
func (s *Settings) AddDataFlags(c *cobra.Command) {
	s.addFlags(c, []Section{section("Data", s.dataFlags), section("Judging", s.judgingFlags), section("Cache", s.cacheFlags)})
	for _, rest := range []Section{section("", s.methodFlags), section("", s.trainingFlags)} {
		rest.Flags.VisitAll(func(f *pflag.Flag) { f.Hidden = true })
		c.Flags().AddFlagSet(rest.Flags)
	}
}

// AddReadingFlags declares the flags that say where new rows are and how they
// are read; what they are, a model knows.
func (s *Settings) AddReadingFlags(c *cobra.Command) {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	s.dataFlags(all)
	s.addFlags(c, []Section{section("Rows", func(f *pflag.FlagSet) {
		for _, name := range []string{"data", "header", "separator", "missing"} {
			f.AddFlag(all.Lookup(name))
		}
	}), section("Cache", s.cacheFlags)})
}

// AddModelFlags declares the flags of what shapes a model, and --config: those
// of a command that trains many models in its own process.
func (s *Settings) AddModelFlags(c *cobra.Command) {
	s.addFlags(c, append(s.modelSections(), section("Cache", s.cacheFlags)))
	c.Flags().StringVar(&s.ConfigFile, "config", s.ConfigFile, "YAML `FILE` of settings, by the names of these flags")
}

// ModelYAML returns the settings that shape a model as a file for --config.
func (s *Settings) ModelYAML(origins Origins) []byte { return ConfigYAML(s.modelSections(), origins) }

func (s *Settings) modelSections() []Section {
	return []Section{
		section("Data", s.dataFlags), section("Model and method", s.methodFlags),
		section("Training", s.trainingFlags), section("Judging", s.judgingFlags),
	}
}

func (s *Settings) addFlags(c *cobra.Command, sections []Section) {
	c.Flags().SortFlags = false
	c.Flags().AddFlagSet(Union(sections))
	c.SetUsageFunc(func(c *cobra.Command) error { return usage(c, sections) })
	for name, words := range map[string][]string{
		"data": {"glyphs", "idx:", "csv:"}, "model": {"logistic", "mlp:256,128", "lenet", "lenet:avg", "resnet20"},
		"method":    append(methodWords(), "absgd+la", "absgd+cb"),
		"optimizer": {"sgd", "nesterov", "adam", "adamw"}, "lr-schedule": {"constant", "cosine", "step:", "multistep:0.6,0.8:0.1"},
		"u-init": {"first", "zero"}, "header": headerModes, "on-nan": onNaNModes, "nproc-per-node": {"auto"},
		"resume": {"never", "auto"}, "progress": progressModes, "log-level": logLevels,
	} {
		if c.Flags().Lookup(name) == nil {
			continue
		}
		if err := c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)); err != nil {
			panic("cli: " + err.Error()) // the flag exists, and only once
		}
	}
}

// usage prints how a command is used: what cobra's own template prints, with
// the flags in sections.
func usage(c *cobra.Command, sections []Section) error {
	w := c.OutOrStdout()
	fmt.Fprintf(w, "Usage:\n  %s\n", c.UseLine())
	if c.HasExample() {
		fmt.Fprintf(w, "\nExamples:\n%s\n", c.Example)
	}
	for _, s := range sections {
		printFlags(w, s.Title, s.Flags)
	}
	rest := pflag.NewFlagSet("", pflag.ContinueOnError)
	declared := Union(sections)
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if declared.Lookup(f.Name) == nil {
			rest.AddFlag(f)
		}
	})
	printFlags(w, "Other", rest)
	if c.Flags().Lookup("config") != nil {
		fmt.Fprintf(w, layersHelp, variable("long-tail"))
	}
	fmt.Fprintf(w, "\n%s\n", ExitCodesHelp)
	return nil
}

// layersHelp explains where else a setting may stand.
const layersHelp = `
Each of these may also stand in the --config file (name: value), or in the
environment (%s for --long-tail). A flag wins over the environment, and that
over the file.
`

func printFlags(w io.Writer, title string, f *pflag.FlagSet) {
	if text := f.FlagUsagesWrapped(helpWidth); text != "" {
		fmt.Fprintf(w, "\n%s:\n%s", title, text)
	}
}

// flagError explains an error of the command line: the nearest flag for an
// unknown one.
func flagError(c *cobra.Command, err error) error {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return &train.UsageError{Err: err}
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	near := spell.Nearest(unknown.GetSpecifiedName(), names)
	if near != "" {
		near = "--" + near
	}
	return Usagef("%s%s (see '%s --help')", strings.TrimSpace(err.Error()), suggest(near), c.CommandPath())
}
