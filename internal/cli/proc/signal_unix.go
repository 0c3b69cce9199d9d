//go:build unix

package proc

import (
	"os"
	"os/exec"
	"syscall"
)

// The leader of a process group has the group's number; a negative number
// means the group. The one error, that there is no such group, says that the
// child has ended, which its exit tells better.
func interrupt(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }

func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

func killedBy(state *os.ProcessState) syscall.Signal {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return status.Signal()
	}
	return 0
}
