package optimizer

import (
	"errors"
	"math"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ballast-ml/ballast/internal/rng"
)

// run is what a number of nodes made of the same steps: the weights of each
// step in batch order, and the state of each node.
type run struct {
	weights [][]float32
	logU    []float64
	state   []float64
}

// uneven cuts 8 shards out of rows, one of them empty.
func uneven(rows int) []int {
	sizes := []int{rows / 4, 1, 0, rows / 8, rows / 3, 2, 1, 0}
	left := rows
	for _, n := range sizes {
		left -= n
	}
	sizes[7] = left
	return sizes
}

// play trains on the given number of nodes and checks that they agree.
func play(t *testing.T, nodes int, weighter func() Weighter) run {
	t.Helper()
	const steps, classes = 12, 3
	h := newHub(nodes, 8)
	runs := make([]run, nodes)
	var wg sync.WaitGroup
	for node := range nodes {
		lo, hi := node*8/nodes, (node+1)*8/nodes
		wg.Go(func() {
			w := weighter()
			for k := range steps {
				rows := 40
				if k%4 == 3 {
					rows = 23
				}
				shards := cut(drawLosses(k, rows), drawLabels(k, rows, classes), uneven(rows))
				mine := shards[lo:hi]
				o, err := w.Weigh(t.Context(), At{k, steps}, mine, port{h, lo})
				if err != nil {
					t.Error(err)
					return
				}
				runs[node].weights = append(runs[node].weights, weights(mine, o.Factors))
				runs[node].logU = append(runs[node].logU, o.LogU)
				w.Commit(o)
			}
			runs[node].state = w.State()
		})
	}
	wg.Wait()
	all := runs[0]
	for _, r := range runs[1:] {
		if diff := cmp.Diff(all.logU, r.logU); diff != "" {
			t.Errorf("%d nodes: log u differs between nodes:\n%s", nodes, diff)
		}
		if diff := cmp.Diff(all.state, r.state); diff != "" {
			t.Errorf("%d nodes: the state differs between nodes:\n%s", nodes, diff)
		}
		for k, w := range r.weights {
			all.weights[k] = append(all.weights[k], w...)
		}
	}
	return all
}

func drawLosses(k, rows int) []float32 {
	s := rng.New(5, rng.Augment, uint64(k))
	l := make([]float32, rows)
	for i := range l {
		x := s.Float64(uint64(i))
		l[i] = float32(12 * x * x * x)
	}
	return l
}

func drawLabels(k, rows, classes int) []int32 {
	s := rng.New(6, rng.Augment, uint64(k))
	y := make([]int32, rows)
	for i := range y {
		y[i] = int32(s.IntN(uint64(i), classes))
	}
	return y
}

// everyWeighter returns one of each kind, for three classes.
func everyWeighter(t *testing.T) map[string]func() Weighter {
	c := []float64{0.3, 1, 1.7}
	lambda := func(v float64) Lambda { return Lambda{{math.Inf(1), 0}, {v, 0.25}, {v / 2, 0.75}} }
	return map[string]func() Weighter{
		"erm": func() Weighter { return &ERM{} },
		"cb": func() Weighter {
			w, err := NewClassBalanced(c, 0.5)
			if err != nil {
				t.Error(err)
			}
			return w
		},
		"absgd": func() Weighter {
			return mustABSGD(t, ABSGDConfig{Lambda: lambda(2), Gamma: 0.9, Alpha: 1, Batch: 40})
		},
		"absgd < 0": func() Weighter {
			return mustABSGD(t, ABSGDConfig{Lambda: lambda(-2), Gamma: 0.5, Alpha: 0.7, FromZero: true})
		},
		"absgd, floor and classes": func() Weighter {
			return mustABSGD(t, ABSGDConfig{Lambda: lambda(-1), Gamma: 0.9, Alpha: 1, Floor: true, ClassWeights: c, ClassesFrom: 0.4})
		},
		"absgd, sized": func() Weighter {
			return mustABSGD(t, ABSGDConfig{Lambda: lambda(1), Gamma: 0.9, Alpha: 0.5, Size: 0.4, ClassWeights: c, ClassesFrom: 0.5})
		},
		"absgd, sized, < 0 with a floor": func() Weighter {
			return mustABSGD(t, ABSGDConfig{Lambda: lambda(-1), Gamma: 0.9, Alpha: 1, Size: 0.4, Floor: true})
		},
		"cvar": func() Weighter { return mustWeigher(NewCVaR(0.37, 0.25))(t) },
		"chi2": func() Weighter { return mustWeigher(NewChiSquareDRO(0.5, 0.25))(t) },
		"group dro": func() Weighter {
			return mustGroups(t, GroupDROConfig{Counts: []int{50, 20, 9}, Eta: 0.3, Adjust: 1, From: 0.25})
		},
		"rgd":        func() Weighter { return mustWeigher(NewRGD(RGDConfig{Tau: 2, Normalised: true}))(t) },
		"reverse kl": func() Weighter { return mustWeigher(NewRGD(RGDConfig{Divergence: "reverse-kl", Tau: 2, From: 0.5}))(t) },
		"absgd, far apart": func() Weighter {
			return mustABSGD(t, ABSGDConfig{Lambda: lambda(0.01), Gamma: 0.9, Alpha: 1})
		},
		"scaled rgd": func() Weighter {
			return mustWeigher(NewScaled(mustWeigher(NewRGD(RGDConfig{Tau: 2}))(t), c, 0.5))(t)
		},
	}
}

// TestNodesAgree: 8 uneven shards, one of them empty, give the same bits on 1,
// 2, 3 and 8 nodes, with and without weights of the samples' own.
func TestNodesAgree(t *testing.T) {
	for name, plain := range everyWeighter(t) {
		weighted := func() Weighter { return &ownWeights{Weighter: plain(), of: drawWeight} }
		for with, weighter := range map[string]func() Weighter{"": plain, ", weighted": weighted} {
			t.Run(name+with, func(t *testing.T) {
				want := play(t, 1, weighter)
				for _, nodes := range []int{2, 3, 8} {
					if diff := cmp.Diff(want, play(t, nodes, weighter), cmp.AllowUnexported(run{})); diff != "" {
						t.Errorf("%d nodes (-1 node):\n%s", nodes, diff)
					}
				}
			})
		}
	}
}

// TestShardCounts: the number of shards moves the float64 weights by rounding
// only.
func TestShardCounts(t *testing.T) {
	losses := drawLosses(1, 61)
	exact := func(shards int) (w []float64, logU float64) {
		a := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{2, 0}}, Gamma: 0.9, Alpha: 1})
		step(t, a, At{}, cut(batches[0], nil, even(4, shards)))
		local := cut(losses, nil, even(61, shards))
		o, err := a.Weigh(t.Context(), At{}, local, Solo{})
		if err != nil {
			t.Fatal(err)
		}
		total, _ := Solo{}.LogSumExp(t.Context(), a.n.triples)
		for s := range local {
			f := averageOf(o.next).factor(a.n.triples[s], total)
			for _, q := range a.terms[s] {
				w = append(w, f*q)
			}
		}
		return w, o.LogU
	}
	want, wantU := exact(1)
	for _, shards := range []int{2, 3, 7, 8, 64} {
		got, u := exact(shards)
		if math.Abs(u-wantU) > 1e-12 {
			t.Errorf("%d shards: log u = %v, want %v", shards, u, wantU)
		}
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-12*want[i] {
				t.Errorf("%d shards: w[%d] = %v, want %v", shards, i, got[i], want[i])
			}
		}
	}
}

// TestNonFiniteEverywhere: every node names the same sample.
func TestNonFiniteEverywhere(t *testing.T) {
	losses := []float32{1, 2, 3, float32(math.NaN()), 5, float32(math.Inf(1))}
	h := newHub(3, 3)
	var wg sync.WaitGroup
	for node := range 3 {
		wg.Go(func() {
			w := mustABSGD(t, ABSGDConfig{Lambda: Lambda{{-2, 0}}, Gamma: 1, Alpha: 1})
			_, err := w.Weigh(t.Context(), At{}, cut(losses, nil, []int{1, 3, 2})[node:node+1], port{h, node})
			var bad *NonFiniteError
			if !errors.As(err, &bad) || bad.Row != 3 || bad.Loss == bad.Loss {
				t.Errorf("node %d: %v, want NaN at position 3", node, err)
			}
		})
	}
	wg.Wait()
}
