package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/internal/tfevents/tfeventstest"
	"github.com/ballast-ml/ballast/train"
)

// TestFiguresThroughADeath watches a run by Prometheus's endpoint and writes it
// for TensorBoard, and kills the node that writes. The figures tell of the loss,
// the new process serves as the old one did, TensorBoard sees every step once,
// and the model is that of a run that nobody has watched.
func TestFiguresThroughADeath(t *testing.T) {
	want := baseline(t, lasting...)
	dir := filepath.Join(t.TempDir(), "run")
	p := launched(t, 3, dir, lasting, "--metrics-addr", "0", "--tensorboard")
	eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 50 })
	before := servedBy(t, dir)
	for name, url := range before {
		if !strings.Contains(p.stderr.String(), name+" "+url) {
			t.Errorf("nobody has told of %s %s:\n%s", name, url, p.stderr.String())
		}
		if n := figure(t, url, "ballast_world_size"); n != 3 {
			t.Errorf("%s: a ring of %v nodes", name, n)
		}
		if samples, steps := figure(t, url, "ballast_samples_total"), figure(t, url, "ballast_steps_total"); samples == 0 || steps == 0 || samples > 128*steps+128 {
			t.Errorf("%s: %v samples, %v steps", name, samples, steps)
		}
	}
	strike(t, p, "node-0", syscall.SIGKILL)
	eventually(t, 20*time.Second, "a ring with node-0", func() bool { return strings.Contains(p.stderr.String(), "formed again with 3 nodes") })
	after := servedBy(t, dir)
	eventually(t, 20*time.Second, "the ring, as node-0 sees it", func() bool { return figure(t, after["node-0"], "ballast_world_size") == 3 })
	if lost := figure(t, after["node-1"], "ballast_rings_lost_total"); lost < 1 {
		t.Errorf("node-1 tells of %v rings that were lost", lost)
	}
	if code := p.wait(t, time.Minute); code != 0 || p.sha(t) != want {
		t.Errorf("exit code %d, model %s, undisturbed %s\n%s", code, p.sha(t), want, p.stderr.String())
	}
	checkCurves(t, dir)
}

// checkCurves compares what TensorBoard shows with the summary.
func checkCurves(t *testing.T, dir string) {
	t.Helper()
	var s train.Summary
	readJSON(t, filepath.Join(dir, "summary.json"), &s)
	curves, err := tfeventstest.Curves(dir)
	if err != nil {
		t.Fatal(err)
	}
	loss := curves["train/loss"]
	for i, point := range loss {
		if point.Step != int64(i+1) {
			t.Fatalf("step %d is followed by %d", i, point.Step)
		}
	}
	if len(loss) != s.Steps {
		t.Errorf("%d steps, the run had %d", len(loss), s.Steps)
	}
	if c := curves["final/test/accuracy"]; len(c) != 1 || float32(c[0].Value) != float32(s.Test.Accuracy) {
		t.Errorf("accuracy %v, the summary has %v", c, s.Test.Accuracy)
	}
	files, err := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*"))
	if err != nil || len(files) < 2 {
		t.Errorf("files %v (%v): another node has taken the pen", files, err)
	}
}

// servedBy returns where each node of a run serves its figures, as status tells.
func servedBy(t *testing.T, dir string) map[string]string {
	t.Helper()
	var members []cluster.MemberStatus
	text := run(t, 0, ballast, "status", "--run", dir, "--json").stdout.String()
	if err := json.Unmarshal([]byte(text), &members); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	urls := map[string]string{}
	for _, m := range members {
		name, _, _ := strings.Cut(m.Member.Name, "#")
		if m.Error == "" {
			urls[name] = m.Progress.Metrics
		}
	}
	if len(urls) != 3 {
		t.Fatalf("nodes %v\n%s", urls, text)
	}
	return urls
}

// figure reads a figure of a node.
func figure(t *testing.T, url, name string) float64 {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(body)
	if m == nil {
		t.Fatalf("no %s in\n%s", name, body)
	}
	v, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestMetricsPorts: the nodes of a machine count up.
func TestMetricsPorts(t *testing.T) {
	first := twoPorts(t)
	dir := filepath.Join(t.TempDir(), "run")
	p := launched(t, 2, dir, lasting, "--metrics-addr", strconv.Itoa(first))
	eventually(t, 30*time.Second, "the first steps", func() bool { return steps(dir) > 20 })
	for i := range 2 {
		url := "http://127.0.0.1:" + strconv.Itoa(first+i) + "/metrics"
		if got := figure(t, url, "ballast_rank"); got != float64(i) {
			t.Errorf("%s has rank %v", url, got)
		}
	}
	kill(t, p, syscall.SIGINT)
	p.wait(t, 5*time.Second)
}

// twoPorts returns a port of loopback that was free a moment ago, as was the
// next one.
func twoPorts(t *testing.T) int {
	t.Helper()
	for {
		a, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := a.Addr().(*net.TCPAddr).Port
		b, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port+1))
		_ = a.Close()
		if err == nil {
			_ = b.Close()
			return port
		}
	}
}
