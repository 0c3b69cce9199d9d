// Package cli is what the two programs, node and launcher, share: the settings
// and where they come from, the node command, exit codes, signals, and the
// protocol between a launcher and its nodes.
//
// # Settings
//
// Every setting is one flag, declared once in flags.go. Its value comes from
// the last of these that has it: the default, the --config file (YAML, the
// flag's name as the key), the environment (BALLAST_ and the name in capitals
// with '_' for '-'; an empty one counts as not set), the command line. A key that no setting has is refused,
// with the nearest known one. The origin of each value is kept and written
// beside it into the run's config.yaml.
//
// # A launcher and its nodes
//
// A launcher starts its own executable as "node --handover". The first line on
// the node's standard input is a [Handover] in JSON: the resolved settings and
// the job's secret, which never appear in the argument list or the
// environment. The pipe then stays open as a lifeline: its end tells the node
// that the launcher is gone. The node writes one JSON object per line to its
// standard output, one for each call of a [train.Observer] and one for the
// error it ends with, and its log to standard error.
package cli
