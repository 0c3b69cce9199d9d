package proc

import (
	"os/exec"
	"syscall"
)

// isolate gives the child a process group of its own, and has the kernel send
// it SIGTERM when the thread that starts it dies.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
