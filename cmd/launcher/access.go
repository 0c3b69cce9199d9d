package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/ballast-ml/ballast/internal/cli"
)

// access is how to ask the nodes of a run how they are. While the run goes on
// it is in the run directory, for "status --run".
type access struct {
	Join       []string `json:"join"` // addresses of its nodes
	SecretFile string   `json:"secret_file,omitempty"`
}

// Both files are for the person alone who started the run: the second holds a
// secret that was made up for it.
const (
	accessName = "access.json"
	secretName = "job.secret"
)

// noteAccess notes the addresses of a ring, and the secret if nobody else
// knows it.
func (l launch) noteAccess(addrs []string) error {
	dir := l.logDir()
	a := access{Join: addrs, SecretFile: l.settings.SecretFile}
	if l.invented {
		a.SecretFile = filepath.Join(dir, secretName)
		if err := private(a.SecretFile, append(slices.Clone(l.secret), '\n')); err != nil {
			return err
		}
	}
	if a.SecretFile != "" {
		path, err := filepath.Abs(a.SecretFile)
		if err != nil {
			return err
		}
		a.SecretFile = path
	}
	text, err := json.Marshal(a)
	if err != nil {
		return err
	}
	return private(filepath.Join(dir, accessName), append(text, '\n'))
}

// private writes a file that nobody else can read, whole.
func private(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// forgetAccess removes what noteAccess has written.
func (l launch) forgetAccess() {
	for _, name := range []string{accessName, secretName} {
		_ = os.Remove(filepath.Join(l.logDir(), name))
	}
}

// readAccess returns the access to the run in a directory.
func readAccess(dir string) (a access, err error) {
	path := filepath.Join(dir, "logs", accessName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return a, cli.Usagef("--run %s: no run goes on in it that a launcher on this machine has started: give the address of one of its nodes with --join", dir)
	}
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err == nil && len(a.Join) == 0 {
		err = fmt.Errorf("%s names no node", path)
	}
	if err != nil {
		return a, cli.Usagef("--run %s: %w", dir, err)
	}
	return a, nil
}
