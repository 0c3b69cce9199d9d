package telemetry

import (
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/ballast-ml/ballast/train"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMetricsAddress(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"9464", "127.0.0.1:9464"},
		{":9464", "127.0.0.1:9464"},
		{"0", "127.0.0.1:0"},
		{"host-a:80", "host-a:80"},
		{"0.0.0.0:9464", "0.0.0.0:9464"},
		{"[::1]:9464", "[::1]:9464"},
		{"", ""}, {":", ""}, {"65536", ""}, {"-1", ""}, {"host-a", ""}, {"host-a:http", ""}, {"::1:80", ""}, {"a:b:1", ""},
	} {
		got, err := Address(tt.text)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("Address(%q) = %q, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

func TestNext(t *testing.T) {
	for _, tt := range []struct {
		addr string
		i    int
		want string
	}{
		{"127.0.0.1:9464", 0, "127.0.0.1:9464"},
		{"[::1]:9464", 3, "[::1]:9467"},
		{"127.0.0.1:0", 7, "127.0.0.1:0"},
		{"127.0.0.1:65535", 0, "127.0.0.1:65535"},
	} {
		if got, err := Next(tt.addr, tt.i); got != tt.want || err != nil {
			t.Errorf("Next(%q, %d) = %q, %v; want %q", tt.addr, tt.i, got, err, tt.want)
		}
	}
	if got, err := Next("127.0.0.1:65534", 2); err == nil || !strings.Contains(err.Error(), "65536") {
		t.Errorf("port 65536: %q, %v", got, err)
	}
}

// serve serves figures until the test ends.
func serve(t *testing.T, f *Figures) *Server {
	t.Helper()
	s, err := Listen(t.Context(), "127.0.0.1:0", f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// client keeps no connection, so that none outlives the test.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 20 * time.Second}

// get returns the answer to a request.
func get(t *testing.T, method, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// has checks lines of /metrics.
func has(t *testing.T, s *Server, lines ...string) {
	t.Helper()
	status, body := get(t, http.MethodGet, s.URL())
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, body)
	}
	for _, line := range lines {
		if !strings.Contains("\n"+body, "\n"+line+"\n") {
			name, _, _ := strings.Cut(line, " ")
			name, _, _ = strings.Cut(name, "{")
			t.Errorf("want %q; of that name are\n%s", line, grep(body, name))
		}
	}
}

func grep(text, word string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.Contains(line, word) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// TestFigures: what an observer is told is there to be read, in the units that
// the names say.
func TestFigures(t *testing.T) {
	f := NewFigures()
	s, o := serve(t, f), f.Observer()
	has(t, s, "ballast_world_size 0", "ballast_steps_total 0", `ballast_build_info{contract="`+train.Contract+`",goversion="`+goVersion()+`",version="`+train.Version+`"} 1`)
	o.Joined(train.Joined{Name: "a\xff#1", Addr: "127.0.0.1:7"})
	o.RingFormed(train.RingFormed{Generation: 3, Rank: 1, Names: []string{"x", "a"}, Shards: []int{0, 3, 8}, Writes: true})
	for step := 41; step <= 42; step++ {
		o.StepDone(train.StepDone{
			Step: step, Steps: 90, Epoch: 2, Rows: 64, SamplesSeen: 2688, Loss: 0.5, WeightedLoss: 0.75, Objective: 0.625, LogU: train.Num(math.Inf(-1)),
			ESS: 16, LR: 0.125, Lambda: train.Num(math.Inf(1)), GradNorm: train.Num(math.NaN()),
			Phases: train.Phases{Data: 1, Forward: 2, Normalizer: 0.25, Backward: 4, AllReduce: 8, Optimizer: 1e-4},
		})
	}
	o.StepDone(train.StepDone{Step: 43, Steps: 90, Epoch: 3, Rows: 32, Skipped: "the loss is NaN"})
	o.Evaluated(train.Evaluation{Split: "val", Step: 40, Metrics: train.Metrics{Accuracy: 0.875, Figures: map[string]train.Num{"recall@fpr=0.01": 0.5}}})
	o.CheckpointWritten(train.CheckpointWritten{Step: 40, Seconds: 0.5, Bytes: 4096})
	o.CheckpointFailed(train.CheckpointFailed{})
	o.Diverged(train.Diverged{})
	has(t, s,
		`ballast_node_info{addr="127.0.0.1:7",name="a`+"\uFFFD"+`#1"} 1`,
		"ballast_world_size 2", "ballast_rank 1", "ballast_shards 5", "ballast_ring_generation 3", "ballast_writes 1",
		"ballast_steps_total 3", "ballast_samples_total 160", "ballast_steps_skipped_total 1", "ballast_step 43", "ballast_planned_steps 90", "ballast_epoch 3",
		`ballast_step_seconds_sum{phase="data"} 2`, `ballast_step_seconds_sum{phase="forward"} 4`, `ballast_step_seconds_sum{phase="normalizer"} 0.5`,
		`ballast_step_seconds_sum{phase="backward"} 8`, `ballast_step_seconds_sum{phase="allreduce"} 16`, `ballast_step_seconds_sum{phase="optimizer"} 0.0002`,
		`ballast_step_seconds_count{phase="data"} 3`, `ballast_step_seconds_bucket{phase="optimizer",le="0.0001"} 3`, `ballast_step_seconds_bucket{phase="allreduce",le="5"} 1`,
		`ballast_evaluation{figure="accuracy",split="val"} 0.875`, `ballast_evaluation{figure="recall@fpr=0.01",split="val"} 0.5`, `ballast_evaluation_step{split="val"} 40`,
		"ballast_checkpoints_written_total 1", "ballast_checkpoint_failures_total 1", "ballast_checkpoint_step 40", "ballast_checkpoint_seconds 0.5", "ballast_checkpoint_bytes 4096",
		"ballast_divergences_total 1", "ballast_rings_lost_total 0")
	o.StepDone(train.StepDone{
		Step: 44, Rows: 64, Loss: 0.5, WeightedLoss: 0.75, Objective: 0.625, LogU: train.Num(math.Inf(-1)), ESS: 16, LR: 0.125,
		Lambda: train.Num(math.Inf(1)), GradNorm: train.Num(math.NaN()),
	})
	has(t, s, "ballast_loss 0.5", "ballast_weighted_loss 0.75", "ballast_objective 0.625", "ballast_ess_ratio 0.25", "ballast_learning_rate 0.125",
		"ballast_lambda +Inf", "ballast_log_u -Inf", "ballast_gradient_norm NaN")
	o.RingLost(train.RingLost{})
	has(t, s, "ballast_world_size 0", "ballast_rings_lost_total 1", "ballast_ring_generation 3")
}

// TestHealth: a node is well while it is on a ring, and says what it waits for.
func TestHealth(t *testing.T) {
	f := NewFigures()
	s, o := serve(t, f), f.Observer()
	url := strings.TrimSuffix(s.URL(), "metrics") + "healthz"
	want := func(code int, text string) {
		t.Helper()
		if got, body := get(t, http.MethodGet, url); got != code || body != text {
			t.Errorf("%d %q, want %d %q", got, body, code, text)
		}
	}
	want(503, "on no ring\n")
	o.Waiting(train.Waiting{Reason: "1 of 2 nodes"})
	want(503, "on no ring\n1 of 2 nodes\n")
	o.RingFormed(train.RingFormed{})
	want(200, "on a ring\n")
	o.Waiting(train.Waiting{Reason: "no rows yet", Rows: true})
	want(200, "on a ring\nno rows yet\n")
	o.Waiting(train.Waiting{Rows: true})
	o.RingLost(train.RingLost{})
	want(503, "on no ring\n")
}

// TestSteadyStepAllocatesNothing: to keep the figures of a step costs no memory.
func TestSteadyStepAllocatesNothing(t *testing.T) {
	done := NewFigures().Observer().StepDone
	v := train.StepDone{Step: 300, Rows: 128, Loss: 1, ESS: 100, Phases: train.Phases{Data: 1e-5, Forward: 1e-3, Backward: 0.3}}
	if n := testing.AllocsPerRun(100, func() { done(v) }); n > 0 {
		t.Errorf("%v allocations in a step", n)
	}
}

func BenchmarkStepDone(b *testing.B) {
	done := NewFigures().Observer().StepDone
	v := train.StepDone{Step: 300, Rows: 128, Loss: 1, ESS: 100, Phases: train.Phases{Data: 1e-5, Forward: 1e-3, Backward: 0.3}}
	b.ReportAllocs()
	for b.Loop() {
		done(v)
	}
}

// TestPortInUseIsTold, with what to do.
func TestPortInUseIsTold(t *testing.T) {
	s := serve(t, NewFigures())
	addr := strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/metrics")
	if _, err := Listen(t.Context(), addr, NewFigures()); !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), addr) || !strings.Contains(err.Error(), "0 for any") {
		t.Errorf("got %v", err)
	}
	if _, err := Listen(t.Context(), "192.0.2.1:0", NewFigures()); err == nil || !strings.Contains(err.Error(), "192.0.2.1:0") {
		t.Errorf("an address that no machine has: %v", err)
	}
}

// TestURL: an address of all interfaces is told by the host's name.
func TestURL(t *testing.T) {
	for addr, want := range map[string]string{"127.0.0.1:80": "http://127.0.0.1:80/metrics", "[::1]:80": "http://[::1]:80/metrics"} {
		a, err := net.ResolveTCPAddr("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if got := urlOf(a); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
	if got := urlOf(&net.TCPAddr{IP: net.IPv6unspecified, Port: 80}); strings.Contains(got, "::") || !strings.HasSuffix(got, ":80/metrics") {
		t.Errorf("all interfaces: %s", got)
	}
}
