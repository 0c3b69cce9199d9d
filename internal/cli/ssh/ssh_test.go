//go:build unix

package ssh_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/ballast-ml/ballast/internal/cli/ssh"
)

// remote does with the arguments what ssh and the host's shell do.
func remote(args []string) *exec.Cmd {
	for i, a := range args {
		if a == "--" {
			return exec.Command("sh", "-c", strings.Join(args[i+1:], " "))
		}
	}
	panic("no --")
}

func TestArguments(t *testing.T) {
	args := ssh.Client{}.Run("me@host-a", "/work", "/bin/ballast", "node")
	if got, want := strings.Join(args[:5], " "), "ssh -o BatchMode=yes me@host-a --"; got != want || len(args) != 6 {
		t.Errorf("%q, want %q and one command", args, want)
	}
}

// TestRun: words arrive as they are, in the directory, with the exit code.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	out, err := remote(ssh.Client{}.Run("h", dir, "sh", "-c", `pwd; printf '%s\n' "$@"; exit 7`, "x", "a b", "it's", "$HOME `x` \\ \"", "")).Output()
	if want := dir + "\na b\nit's\n$HOME `x` \\ \"\n\n"; string(out) != want {
		t.Errorf("%q, want %q", out, want)
	}
	if got := err.(*exec.ExitError).ExitCode(); got != 7 {
		t.Errorf("exit code %d, want 7", got)
	}
	cmd := remote(ssh.Client{}.Run("h", dir+"/none", "sh", "-c", "pwd; kill -9 $$"))
	home := t.TempDir()
	cmd.Dir = home
	out, err = cmd.Output()
	if strings.TrimSpace(string(out)) != home {
		t.Errorf("in %q, want where ssh begins", out)
	}
	if got := err.(*exec.ExitError).ExitCode(); got != 128+9 {
		t.Errorf("exit code %d of a killed command, want 137", got)
	}
	if err := remote(ssh.Client{}.Run("h", dir, dir+"/nothing")).Run(); err.(*exec.ExitError).ExitCode() != 127 {
		t.Errorf("a command that is not there: %v, want code 127", err)
	}
}

// TestCopy: the file is there, for its owner alone, until the input ends.
func TestCopy(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	program := bytes.Repeat([]byte("program\x00\n"), 1<<15)
	cmd := remote(ssh.Client{}.Copy("h", "ballast", int64(len(program))))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write(program); err != nil {
		t.Fatal(err)
	}
	var system, machine, path string
	if _, err := fmt.Fscan(out, &system, &machine, &path); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, program) {
		t.Errorf("%d bytes, %v; want %d", len(got), err, len(program))
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v: want mode 0700", info.Mode(), err)
	}
	in.Close()
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(path)); !os.IsNotExist(err) {
		t.Errorf("something stays behind: %v", err)
	}
}

// TestCopyCutShort: half a program is never run.
func TestCopyCutShort(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	cmd := remote(ssh.Client{}.Copy("h", "ballast", 100))
	cmd.Stdin = strings.NewReader("half")
	if out, err := cmd.Output(); err == nil || len(out) > 0 {
		t.Errorf("printed %q, %v", out, err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestQuote: whatever the text, the shell sees one word.
func TestQuote(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var words []string
		for _, w := range rapid.SliceOfN(rapid.String(), 1, 20).Draw(t, "words") {
			words = append(words, strings.ReplaceAll(w, "\x00", ""))
		}
		command := "printf '%s\\0'"
		for _, w := range words {
			command += " " + ssh.Quote(w)
		}
		out, err := exec.Command("sh", "-c", command).Output()
		if want := strings.Join(words, "\x00") + "\x00"; err != nil || string(out) != want {
			t.Fatalf("%q, %v; want %q", out, err, want)
		}
	})
}

func TestPlatform(t *testing.T) {
	for _, tt := range []struct{ uname, os, arch string }{
		{"Linux x86_64\n", "linux", "amd64"}, {"Linux aarch64", "linux", "arm64"}, {"Darwin arm64", "darwin", "arm64"},
	} {
		if goos, arch, ok := ssh.Platform(tt.uname); goos != tt.os || arch != tt.arch || !ok {
			t.Errorf("%q: %s/%s, %v", tt.uname, goos, arch, ok)
		}
	}
	for _, unknown := range []string{"", "Plan9", "Linux vax", "Haiku x86_64"} {
		if _, _, ok := ssh.Platform(unknown); ok {
			t.Errorf("%q is known", unknown)
		}
	}
}

func TestFind(t *testing.T) {
	if c, err := ssh.Find("sh"); err != nil || !filepath.IsAbs(c.Path()) {
		t.Errorf("%q, %v", c.Path(), err)
	}
	if _, err := ssh.Find("/does/not/exist"); err == nil || !strings.Contains(err.Error(), "/does/not/exist") {
		t.Errorf("%v: want the name", err)
	}
}

func ExampleQuote() {
	fmt.Println(ssh.Quote("it's here"))
	// Output:
	// 'it'\''s here'
}
