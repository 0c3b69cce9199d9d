package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDataFromPeers starts a node in an empty folder: it gets the files from
// the other one, and both train the model of one that has them.
func TestDataFromPeers(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte(strings.Repeat("secret", 8)), 0o600); err != nil {
		t.Fatal(err)
	}
	small := []string{"--model", "mlp:16", "--steps", "10", "--eval-every", "0", "--batch", "37"}
	want := run(t, 0, ballast, append([]string{"run", "--nproc-per-node", "1", "--progress", "none", "--out", filepath.Join(dir, "alone")}, small...)...).sha(t)

	args := append([]string{"--join", freeAddress(t, "peers"), "--nnodes", "2", "--job-secret-file", secret, "--progress", "plain", "--log-level", "info"}, small...)
	empty, cache := filepath.Join(dir, "empty"), filepath.Join(dir, "cache")
	without := start(t, node, append([]string{"--data", "idx:" + empty, "--data-from", "peers", "--cache", cache, "--out", filepath.Join(dir, "without")}, args...)...)
	eventually(t, 20*time.Second, "it waits for a node with the data", func() bool {
		return strings.Contains(without.stderr.String(), "no node gives the data")
	})
	with := start(t, node, append([]string{"--data-from", "peers", "--out", filepath.Join(dir, "with")}, args...)...)
	for _, p := range []*process{with, without} {
		if code := p.wait(t, time.Minute); code != 0 || p.sha(t) != want {
			t.Errorf("exit code %d, want the model %s\n%s", code, want, p.stderr.String())
		}
	}
	files, err := filepath.Glob(filepath.Join(cache, "from-peers", "*", "data", "*"))
	if err != nil || len(files) != 4 {
		t.Errorf("files that have come: %v, %v", files, err)
	}
	if left, err := os.ReadDir(empty); err == nil {
		t.Errorf("the folder of --data was written to: %v", left)
	}
}

// pictures makes a folder of images of three classes, which differ in their
// upper rows.
func pictures(t *testing.T, dir string) string {
	t.Helper()
	for i := range 120 {
		class := i % 3
		m := image.NewGray(image.Rect(0, 0, 12, 12))
		for at := range m.Pix {
			m.Pix[at] = uint8((i*37 + at*11) % 90)
			if at/48 == class {
				m.Pix[at] += 120
			}
		}
		path := filepath.Join(dir, "train", []string{"cat", "dog", "Eule ä"}[class], fmt.Sprintf("%03d.png", i))
		if i%5 == 0 {
			path = strings.Replace(path, "train", "test", 1)
		}
		var b bytes.Buffer
		if err := errors.Join(png.Encode(&b, m), os.MkdirAll(filepath.Dir(path), 0o700)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestPicturesFromPeers: a folder of pictures comes with its directories, and two
// nodes without it train the model of one that has it.
func TestPicturesFromPeers(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte(strings.Repeat("secret", 8)), 0o600); err != nil {
		t.Fatal(err)
	}
	folder := "images:" + pictures(t, filepath.Join(dir, "pictures"))
	small := []string{"--model", "mlp:16", "--steps", "10", "--eval-every", "0", "--batch", "37"}
	want := run(t, 0, ballast, append([]string{"run", "--data", folder, "--nproc-per-node", "1", "--progress", "none", "--out", filepath.Join(dir, "alone")}, small...)...).sha(t)

	args := append([]string{"--join", freeAddress(t, "pictures"), "--nnodes", "3", "--job-secret-file", secret, "--progress", "plain", "--log-level", "info", "--data-from", "peers"}, small...)
	nodes := []*process{start(t, node, append([]string{"--data", folder, "--out", filepath.Join(dir, "with")}, args...)...)}
	for _, name := range []string{"one", "two"} { // of one cache, at the same time
		nodes = append(nodes, start(t, node, append([]string{"--data", "images:" + filepath.Join(dir, "nowhere"), "--cache", filepath.Join(dir, "cache"), "--out", filepath.Join(dir, name)}, args...)...))
	}
	for _, p := range nodes {
		if code := p.wait(t, time.Minute); code != 0 || p.sha(t) != want {
			t.Errorf("exit code %d, want the model %s\n%s", code, want, p.stderr.String())
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "cache", "from-peers", "*", "data", "t*", "*", "*.png"))
	if err != nil || len(files) != 120 {
		t.Errorf("%d files have come: %v", len(files), err)
	}
	left, err := filepath.Glob(filepath.Join(dir, "cache", "from-peers", "*", ".arriving", "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
