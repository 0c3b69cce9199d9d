package cli

import (
	"time"

	"github.com/spf13/pflag"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/train"
)

// Settings is everything that a person can set for a run.
type Settings struct {
	Train train.Config

	// ConfigFile is the YAML file that settings are read from.
	ConfigFile string

	// The rest says where and how the run takes place; nothing of it reaches
	// the model. [train.Options] explains most of it.
	Join          []string
	Listen        string
	Advertise     string
	NNodes        Range // machines for the launcher, nodes for a node
	NProc         int   // nodes on this machine; 0 chooses. Launcher only
	Quorum        int
	MaxRestarts   int      // of each node. Launcher only
	Detach        bool     // launcher only
	Hosts         []string // launcher only; see package hosts
	HostFile      string   // launcher only
	Include       []string // launcher only: hosts of these
	Exclude       []string // launcher only
	Tee           []string // launcher only: nodes whose logs are shown
	Push          bool     // launcher only
	RunID         string
	SecretFile    string
	Insecure      bool
	PlainLoopback bool
	Transport     string
	Name          string // node only
	Overlap       bool
	StartTimeout  time.Duration
	MetricsAddr   string // complete, or empty
	Out           string
	Cache         string // "" is the user's cache directory
	NoCache       bool
	InMemory      int // MiB
	DataFrom      string

	Resume          string
	CheckpointEvery int
	KeepCheckpoints int

	EvalEvery   int
	Figures     []string
	TensorBoard bool
	Progress    string
	LogLevel    string
	LogFile     string // node only
}

// DefaultSettings returns the settings of a command line without flags.
func DefaultSettings() Settings {
	return Settings{
		Train: train.Defaults(), StartTimeout: 10 * time.Minute, MaxRestarts: 3,
		Overlap: true, Transport: "auto", Resume: "never", KeepCheckpoints: 3, EvalEvery: 1, Progress: "auto", LogLevel: "info",
		InMemory: dataset.DefaultInMemory >> 20, DataFrom: "files",
	}
}

// Resumes tells whether the run goes on with a checkpoint.
func (s Settings) Resumes() bool { return s.Resume != "" && s.Resume != "never" }

// Section is a part of a command's flags with a title in its help.
type Section struct {
	Title string
	Flags *pflag.FlagSet
}

// For says which of the programs a set of flags is for.
type For int

// The programs.
const (
	ForNode For = 1 << iota
	ForLauncher
)

// Flags declares the flags of a program, bound to s, whose values are their
// defaults. It is the one list of settings: keys of the file and names in the
// environment follow from it.
func (s *Settings) Flags(who For) []Section {
	return []Section{
		section("Data", s.dataFlags),
		section("Model and method", s.methodFlags),
		section("Training", s.trainingFlags),
		section("Judging", s.judgingFlags),
		section("Nodes", func(f *pflag.FlagSet) { s.nodeFlags(f, who) }),
		section("Output and settings", func(f *pflag.FlagSet) { s.outputFlags(f, who) }),
	}
}

func section(title string, declare func(*pflag.FlagSet)) Section {
	f := pflag.NewFlagSet(title, pflag.ContinueOnError)
	f.SortFlags = false
	declare(f)
	return Section{title, f}
}

// Union returns the flags of all sections as one set.
func Union(sections []Section) *pflag.FlagSet {
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	all.SortFlags = false
	for _, s := range sections {
		all.AddFlagSet(s.Flags)
	}
	return all
}

// shapesModel tells the settings that decide the model from those that say
// where it is trained.
func shapesModel(name string) bool {
	var s Settings
	f := pflag.NewFlagSet("", pflag.ContinueOnError)
	s.dataFlags(f)
	s.methodFlags(f)
	s.trainingFlags(f)
	s.judgingFlags(f)
	return f.Lookup(name) != nil
}
