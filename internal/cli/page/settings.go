package page

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ballast-ml/ballast/internal/cli"
)

// setting is one that a run was given.
type setting struct{ name, value, usual, origin string }

// readSettings returns the settings of config.yaml that are not the defaults.
func readSettings(dir string) (list []setting, missing string, err error) {
	text, err := os.ReadFile(filepath.Join(dir, configName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "config.yaml is missing: nothing is known of the settings", nil
	} else if err != nil {
		return nil, "", err
	}
	s := cli.DefaultSettings()
	usual := map[string]string{}
	for _, d := range parseSettings(cli.ConfigYAML(s.Flags(cli.ForLauncher), cli.Origins{})) {
		usual[d.name] = d.value
	}
	for _, v := range parseSettings(text) {
		v.usual = usual[v.name]
		if v.origin != cli.FromDefault && v.value != v.usual {
			list = append(list, v)
		}
	}
	return list, "", nil
}

// parseSettings reads the lines that [cli.ConfigYAML] writes, those in comments
// too: NAME: VALUE # ORIGIN.
func parseSettings(text []byte) (list []setting) {
	for line := range bytes.Lines(text) {
		name, rest, ok := strings.Cut(strings.TrimPrefix(strings.TrimRight(string(line), "\r\n"), "# "), ":")
		if !ok || name == "" || strings.ContainsAny(name, " #") {
			continue
		}
		v := setting{name: name, value: rest}
		if at := strings.LastIndex(rest+" ", " # "); at >= 0 {
			v.value, v.origin = rest[:at], strings.TrimSpace(rest[at+2:])
		}
		v.value = strings.TrimSpace(v.value)
		list = append(list, v)
	}
	return list
}
