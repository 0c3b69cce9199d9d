package proc

import (
	"os/exec"
	"syscall"
)

// isolate gives the child a process group of its own, and has the kernel send
// it SIGTERM when the thread that starts it dies; or a session of its own, in
// which nothing happens to it then.
func isolate(cmd *exec.Cmd, detached bool) {
	if detached {
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		return
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
