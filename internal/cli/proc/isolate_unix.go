//go:build unix && !linux

package proc

import (
	"os/exec"
	"syscall"
)

// isolate gives the child a process group or a session of its own. There is no
// parent-death signal here: the lifeline alone ends an orphan.
func isolate(cmd *exec.Cmd, detached bool) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !detached, Setsid: detached}
}
