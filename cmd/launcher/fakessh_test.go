package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// fakeSSH stands in for ssh: it runs the command here, with the user's home
// in the directory of the host's name. The variable REFUSES names hosts that
// do not let anybody in. Like ssh it stands between the pipes: what it starts
// sees only the end of its input when it dies.
func fakeSSH() {
	at := slices.Index(os.Args, "--")
	if at < 1 || at+2 != len(os.Args) || !slices.Equal(os.Args[1:at-1], []string{"-o", "BatchMode=yes"}) {
		fmt.Fprintf(os.Stderr, "fakessh: unexpected arguments %q\n", os.Args)
		os.Exit(255)
	}
	host := os.Args[at-1]
	if slices.Contains(strings.Fields(os.Getenv("REFUSES")), host) {
		fmt.Fprintf(os.Stderr, "Warning: Permanently added %s.\r\n%[1]s: Permission denied (publickey).\r\n", host)
		os.Exit(255)
	}
	home := os.Getenv("WORK") + "/home/" + host
	if err := os.MkdirAll(home, 0o777); err != nil {
		panic(err)
	}
	cmd := exec.Command("sh", "-c", os.Args[at+1])
	cmd.Dir, cmd.Env = home, append(os.Environ(), "HOME="+home, "TMPDIR="+home)
	cmd.Stdout, cmd.Stderr = struct{ io.Writer }{os.Stdout}, struct{ io.Writer }{os.Stderr}
	in, err := cmd.StdinPipe()
	if err != nil {
		panic(err)
	}
	go func() { // it ends with the process
		_, _ = io.Copy(in, os.Stdin)
		_ = in.Close()
	}()
	var exit *exec.ExitError
	if err := cmd.Run(); errors.As(err, &exit) && exit.ExitCode() >= 0 {
		os.Exit(exit.ExitCode())
	} else if err != nil {
		os.Exit(255)
	}
	os.Exit(0)
}
