package train

import (
	"fmt"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/dataset"
)

// lone is a session of one node that hosts all shards, and its loader.
func lone(tb testing.TB, cfg Config) (*session, *dataset.Loader) {
	tb.Helper()
	data, err := dataset.Open(tb.Context(), cfg.spec())
	if err != nil {
		tb.Fatal(err)
	}
	j, err := newJob(cfg, data)
	if err != nil {
		tb.Fatal(err)
	}
	j.observe = Tee(Observer{}, Observer{})
	ring, err := allreduce.Form(tb.Context(), nil, allreduce.Topology{Run: "test", Names: []string{"n"}, Shards: []int{0, cfg.Shards}})
	if err != nil {
		tb.Fatal(err)
	}
	s := newSession(j, ring, 0, cfg.Shards)
	loader := dataset.NewLoader(data.Train, j.plan, cfg.Shards, 0, cfg.Shards, 0)
	tb.Cleanup(func() {
		loader.Close()
		s.close()
		if err := ring.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s, loader
}

func (s *session) next(tb testing.TB, loader *dataset.Loader) {
	tb.Helper()
	b, err := loader.Next(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := s.step(tb.Context(), b); err != nil {
		tb.Fatal(err)
	}
}

// TestSteadyStepAllocatesNothing, neither on the shards' goroutines nor in the
// ring, once every buffer has its size.
func TestSteadyStepAllocatesNothing(t *testing.T) {
	images := writeImages(t, 96, 3)
	for _, arch := range []string{"mlp:32", "lenet"} {
		cfg := Defaults()
		cfg.Data, cfg.Model, cfg.BatchNorm, cfg.Dropout, cfg.Lambda = "idx:"+images, arch, true, 0.1, "2"
		cfg.Batch, cfg.Epochs = 32, 1000
		s, loader := lone(t, cfg)
		for range 6 {
			s.next(t, loader)
		}
		if n := testing.AllocsPerRun(12, func() { s.next(t, loader) }); n > 0 {
			t.Errorf("%s: %v allocations in a step", arch, n)
		}
	}
}

// BenchmarkStep is one step of 128 samples on one node, which hosts all shards.
func BenchmarkStep(b *testing.B) {
	images := writeImages(b, 1024, 3)
	for _, arch := range []string{"mlp:256,128", "lenet"} {
		for _, method := range []string{"erm", "absgd+la"} {
			for _, shards := range []int{1, 8} {
				b.Run(fmt.Sprintf("%s/%s/S=%d", arch, method, shards), func(b *testing.B) {
					cfg := Defaults()
					cfg.Data, cfg.Model, cfg.Method, cfg.Lambda, cfg.Epochs = "idx:"+images, arch, method, "2", 1_000_000
					cfg.Shards = shards
					s, loader := lone(b, cfg)
					b.ReportAllocs()
					for b.Loop() {
						s.next(b, loader)
					}
					b.ReportMetric(float64(cfg.Batch)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
				})
			}
		}
	}
}
