package cluster

import (
	"fmt"
	"slices"
	"strings"
)

// Identity is what two nodes must have in common to train one model. Nothing
// else is compared: where a node runs, how many there are, and what it logs is
// its own business.
type Identity struct {
	// Version is the release of the program.
	Version string `json:"version"`
	// Contract is the version of the numeric contract.
	Contract string `json:"contract"`
	// Run is the label of the run, at most 255 bytes.
	Run string `json:"run"`
	// Config is all that shapes the model, as lines of key=value, so that a
	// refusal can name the keys that differ.
	Config string `json:"config"`
	// Data is the fingerprint of the training data.
	Data string `json:"data"`
}

// The fields that a [RefusedError] can name, in the order in which they are
// compared. The run comes before the secret: a node of another run usually has
// another secret as well, and the run is the better explanation.
const (
	FieldRun      = "run"
	FieldSecret   = "secret"
	FieldVersion  = "version"
	FieldContract = "contract"
	FieldConfig   = "config"
	FieldShards   = "shards"
	FieldGroups   = "groups"
	FieldData     = "data"
)

// difference is the first thing in which two nodes differ.
type difference struct {
	Field  string `json:"field"`
	Ours   string `json:"ours"`
	Theirs string `json:"theirs"`
}

// swap returns the difference as the other node sees it.
func (d difference) swap() difference {
	d.Ours, d.Theirs = d.Theirs, d.Ours
	return d
}

// compareRun compares what can be said before a peer has proved that it holds
// the secret.
func compareRun(ours, theirs Identity) (difference, bool) {
	if ours.Run != theirs.Run {
		return difference{FieldRun, ours.Run, theirs.Run}, true
	}
	return difference{}, false
}

// compare returns the first field in which the identities differ, if any.
func compare(ours, theirs Identity) (difference, bool) {
	if d, ok := compareRun(ours, theirs); ok {
		return d, true
	}
	for _, d := range []difference{
		{FieldVersion, ours.Version, theirs.Version},
		{FieldContract, ours.Contract, theirs.Contract},
	} {
		if d.Ours != d.Theirs {
			return d, true
		}
	}
	if ours.Config != theirs.Config {
		a, b := differingKeys(ours.Config, theirs.Config)
		return difference{FieldConfig, a, b}, true
	}
	if ours.Data != theirs.Data {
		return difference{FieldData, ours.Data, theirs.Data}, true
	}
	return difference{}, false
}

// maxKeysNamed bounds the length of a refusal; more keys than this never help.
const maxKeysNamed = 8

// differingKeys returns the lines of two configurations that differ, as
// "key=value key=value"; a key that one of them lacks reads "key (absent)".
func differingKeys(a, b string) (left, right string) {
	av, bv := parseConfig(a), parseConfig(b)
	keys := make([]string, 0, len(av)+len(bv))
	for k := range av {
		keys = append(keys, k)
	}
	for k := range bv {
		if _, ok := av[k]; !ok {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	var l, r []string
	for _, k := range keys {
		if av[k] == bv[k] && hasKey(av, k) == hasKey(bv, k) {
			continue
		}
		if len(l) == maxKeysNamed {
			l, r = append(l, "..."), append(r, "...")
			break
		}
		l, r = append(l, setting(av, k)), append(r, setting(bv, k))
	}
	if len(l) == 0 { // the same settings in another order or spacing
		return "(the same settings, written differently)", "(the same settings, written differently)"
	}
	return strings.Join(l, " "), strings.Join(r, " ")
}

func hasKey(m map[string]string, k string) bool { _, ok := m[k]; return ok }

func setting(m map[string]string, k string) string {
	v, ok := m[k]
	if !ok {
		return k + " (absent)"
	}
	return fmt.Sprintf("%s=%.100s", k, v)
}

// parseConfig reads lines of key=value; a line without '=' is a key of its own.
func parseConfig(text string) map[string]string {
	m := make(map[string]string)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		k, v, _ := strings.Cut(line, "=")
		m[strings.TrimSpace(k)] = strings.TrimSpace(v)
	}
	return m
}
