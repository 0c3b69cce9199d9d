package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// findPython returns BALLAST_PEER_PYTHON, or the interpreter of a virtual
// environment in the state directory, made with torch and numpy from PyPI.
func findPython(ctx context.Context, state string) (string, error) {
	if python := os.Getenv("BALLAST_PEER_PYTHON"); python != "" {
		return python, nil
	}
	venv := filepath.Join(state, "venv")
	python := filepath.Join(venv, "bin", "python")
	if _, err := os.Stat(filepath.Join(venv, "complete")); err == nil {
		return python, nil
	}
	for _, args := range [][]string{{"python3", "-m", "venv", venv}, {python, "-m", "pip", "install", "--quiet", "numpy", "torch"}} {
		fmt.Fprintln(os.Stderr, strings.Join(args, " "))
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("%s: %w (or set BALLAST_PEER_PYTHON to a Python with numpy and torch)", args[0], err)
		}
	}
	return python, os.WriteFile(filepath.Join(venv, "complete"), nil, 0o644)
}

// output runs Python, one thread a process, and returns what it prints. A peer
// that fails is tried again: gloo now and then aborts when its processes end.
func (c comparison) output(ctx context.Context, stdin []byte, args ...string) (out []byte, err error) {
	for range 3 {
		if out, err = c.once(ctx, stdin, args); err == nil || ctx.Err() != nil {
			break
		}
		fmt.Fprintln(os.Stderr, "peers:", err)
	}
	return out, err
}

func (c comparison) once(ctx context.Context, stdin []byte, args []string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, c.python, args...)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1", "MKL_NUM_THREADS=1")
	cmd.Stdin = bytes.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", args[0], err, stderr.Bytes())
	}
	return out, nil
}

// torch is what the step of PyTorch prints.
type torch struct {
	Impl    string  `json:"impl"`
	Samples float64 `json:"samples_per_s"`
	Min     float64 `json:"step_ms_min"`
	Batch   int     `json:"batch"`
	World   int     `json:"world"`
}

// best is the rate of the fastest step.
func (t torch) best() float64 { return float64(t.Batch*t.World) / t.Min * 1e3 }

func (c comparison) torch(ctx context.Context, model string, world int, seconds float64) (t torch, err error) {
	out, err := c.output(ctx, nil, filepath.Join(c.peers, "torch_peer.py"), "--model", model,
		"--world", strconv.Itoa(world), "--threads", "1", "--seconds", fmt.Sprint(seconds))
	if err == nil {
		err = json.Unmarshal(out, &t)
	}
	return t, err
}

// gloo returns the median and the best time of gloo's all-reduce by size, in
// microseconds.
func (c comparison) gloo(ctx context.Context, world int, sizes []int) (map[int][2]float64, error) {
	var list []string
	for _, s := range sizes {
		list = append(list, strconv.Itoa(s))
	}
	out, err := c.output(ctx, nil, filepath.Join(c.peers, "gloo_bench.py"), strconv.Itoa(world), strings.Join(list, ","))
	if err != nil {
		return nil, err
	}
	times := make(map[int][2]float64)
	for _, field := range strings.Fields(string(out)) {
		var size int
		var median, best, cpu float64
		if _, err := fmt.Sscanf(field, "%d:%f/%f/%f", &size, &median, &best, &cpu); err != nil {
			return nil, fmt.Errorf("gloo_bench.py printed %q, want SIZE:MEDIAN/BEST/CPU: %w", field, err)
		}
		times[size] = [2]float64{median, best}
	}
	for _, s := range sizes {
		if times[s][0] <= 0 {
			return nil, fmt.Errorf("gloo_bench.py printed no time for %d bytes", s)
		}
	}
	return times, nil
}

// blasProgram times numpy's float32 product, which is OpenBLAS's sgemm, as our
// own products are timed: the best of short rounds.
const blasProgram = `
import json, sys, time, numpy as np
task = json.load(sys.stdin); out = []
for p in task["products"]:
    m, n, k = p["m"], p["n"], p["k"]
    a = np.random.rand(m, k).astype(np.float32); b = np.random.rand(k, n).astype(np.float32); c = np.empty((m, n), np.float32)
    if p["op"] == "aᵀ·b": a = np.ascontiguousarray(a.T).T
    if p["op"] == "a·bᵀ": b = np.ascontiguousarray(b.T).T
    def run(calls):
        t = time.perf_counter()
        for _ in range(calls): np.dot(a, b, out=c)
        return time.perf_counter() - t
    run(1); calls = 1
    while run(calls) < 5e-5: calls *= 2
    out.append(2e-9 * m * n * k / (min(run(calls) for _ in range(task["rounds"])) / calls))
info = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
print(json.dumps(dict(version=info["name"] + " " + info["version"] + ", numpy " + np.__version__, gflops=out)))
`

// blas returns the best rates of OpenBLAS for products, in GFLOP/s.
func (c comparison) blas(ctx context.Context, products any, rounds int) (version string, gflops []float64, err error) {
	text, err := json.Marshal(map[string]any{"products": products, "rounds": rounds})
	if err != nil {
		return "", nil, err
	}
	out, err := c.output(ctx, text, "-c", blasProgram)
	if err != nil {
		return "", nil, err
	}
	var r struct {
		Version string    `json:"version"`
		Gflops  []float64 `json:"gflops"`
	}
	err = json.Unmarshal(out, &r)
	return r.Version, r.Gflops, err
}
