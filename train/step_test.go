package train

import (
	"fmt"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/kernel"
	"github.com/ballast-ml/ballast/internal/rng"
	"github.com/ballast-ml/ballast/model"
	"github.com/ballast-ml/ballast/optimizer"
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
	ring, err := allreduce.Form(tb.Context(), nil, allreduce.Topology{Run: "test", Names: []string{"n"}, Shards: []int{0, cfg.Shards}, Groups: cfg.Fold})
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
	for i, arch := range []string{"mlp:32", "lenet"} {
		cfg := Defaults()
		cfg.Data, cfg.Model, cfg.Norm, cfg.Dropout, cfg.Lambda = "idx:"+images, arch, "batch", 0.1, "2"
		cfg.Batch, cfg.Epochs, cfg.Fold = 32, 1000, 4*i
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

// BenchmarkPeer is the step of the peer program in PyTorch: the same networks,
// batches, ABSGD and momentum on random data, one shard, no data set and no
// ring.
func BenchmarkPeer(b *testing.B) {
	for _, p := range []struct {
		arch  string
		input []int
		rows  int
	}{
		{"mlp:256,128", []int{784}, 128}, {"lenet", []int{1, 28, 28}, 128}, {"resnet20", []int{3, 32, 32}, 32},
	} {
		b.Run(p.arch, func(b *testing.B) {
			net, err := model.New(model.Config{Arch: p.arch, Input: p.input, Classes: 10, Seed: 1})
			if err != nil {
				b.Fatal(err)
			}
			w, err := optimizer.NewABSGD(optimizer.ABSGDConfig{Lambda: optimizer.Lambda{{Lambda: 1}}, Gamma: 0.9, Alpha: 1, Batch: p.rows})
			if err != nil {
				b.Fatal(err)
			}
			sgd, err := optimizer.New(optimizer.Config{Name: "sgd", LR: 0.01, Momentum: 0.9, WeightDecay: 5e-4}, len(net.Params()))
			if err != nil {
				b.Fatal(err)
			}
			const samples = 2048
			noise, size := rng.New(1, rng.Glyph, 2), 1
			for _, d := range p.input {
				size *= d
			}
			x, y := make([]float32, samples*size), make([]int32, samples)
			for i := range x {
				x[i] = float32(noise.Norm(uint64(i)))
			}
			for i := range y {
				y[i] = int32(noise.IntN(uint64(i), 10))
			}
			shards := []optimizer.Shard{{Q: make([]float32, p.rows)}}
			step := 0
			for b.Loop() {
				at, first := optimizer.At{Step: step, Steps: 1 << 30}, step*p.rows%samples
				labels := y[first : first+p.rows]
				shards[0].Losses = net.Losses(model.Pass{Train: true, Step: uint64(step)}, model.CrossEntropy{}, x[first*size:(first+p.rows)*size], labels)
				shards[0].Labels = labels
				o, err := w.Weigh(b.Context(), at, shards, optimizer.Solo{})
				if err != nil {
					b.Fatal(err)
				}
				net.Backward(shards[0].Q, nil)
				kernel.ScaleTo(net.Grads(), o.Factors[0], net.Grads())
				if sgd.Step(net.Params(), net.Grads(), at).Skipped {
					b.Fatal("the gradient is not finite")
				}
				net.Blend(net.Stats())
				w.Commit(o)
				step++
			}
			b.ReportMetric(float64(p.rows)*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
