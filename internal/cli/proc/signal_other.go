//go:build !unix

package proc

import (
	"os"
	"os/exec"
	"syscall"
)

// There are no process groups and no SIGINT here: the lifeline, cut by
// closing the pipe, and Kill have to do.
func isolate(*exec.Cmd, bool) {}

func interrupt(cmd *exec.Cmd) { kill(cmd) }

func kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func killedBy(*os.ProcessState) syscall.Signal { return 0 }
