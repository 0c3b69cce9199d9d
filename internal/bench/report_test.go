package bench

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// TestReport looks at the whole of a short report, as text and as JSON.
func TestReport(t *testing.T) {
	r := Report{
		Machine: Machine{CPU: "a processor", Cores: 2},
		Kernels: []KernelResult{{Product: Product{Model: "square", Op: OpNN, M: 1, N: 2, K: 3}, Path: "portable", Gflops: 4.25, Percent: 50}},
		Ring:    []RingResult{{Transport: "grpc", Nodes: 2, Bytes: 1 << 20, Micros: 1000, AlgBW: 1.0486, BusBW: 1.0486}},
		Step:    []StepResult{{Model: "lenet", Nodes: 2, Batch: 256, Samples: 1234.4}},
	}
	var b strings.Builder
	if err := r.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a processor, 2 cores", "1×2×3", "4.2  50", "1048576", "1.049", "1234"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var back Report
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("%+v came back from JSON, %v", back, err)
	}
}
