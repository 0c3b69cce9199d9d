package bench

import (
	"os"
	"runtime"
	"strings"

	"github.com/ballast-ml/ballast/internal/kernel"
	"github.com/ballast-ml/ballast/train"
)

// Machine is what figures were measured on.
type Machine struct {
	CPU     string `json:"cpu"`
	Cores   int    `json:"cores"`
	Path    string `json:"path"` // of the kernels
	System  string `json:"system"`
	Go      string `json:"go"`
	Version string `json:"version"`
	Load    string `json:"load,omitempty"` // the system's load averages, where it tells
}

// ThisMachine describes the machine at this moment.
func ThisMachine() Machine {
	m := Machine{
		CPU: runtime.GOARCH, Cores: runtime.NumCPU(), Path: kernel.Path(),
		System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Version: train.Version,
	}
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, ok := strings.Cut(string(text), "model name"); ok {
			line, _, _ := strings.Cut(rest, "\n")
			m.CPU = strings.TrimSpace(strings.TrimLeft(line, "\t :"))
		}
	}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		if f := strings.Fields(string(text)); len(f) >= 3 {
			m.Load = strings.Join(f[:3], " ")
		}
	}
	return m
}
