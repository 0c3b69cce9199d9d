package telemetry

import (
	"runtime"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/ballast-ml/ballast/train"
)

// Figures are those of one node. Counters count what this process has seen; all
// figures of a step are of the global batch, and so the same on every node.
type Figures struct {
	registry *prometheus.Registry

	phases                                                     [6]prometheus.Observer // in the order of phaseNames
	samples, steps, skipped                                    prometheus.Counter
	step, planned, epoch                                       prometheus.Gauge
	loss, weighted, objective, ess, lambda, logU, rate, norm   prometheus.Gauge
	world, rank, shards, generation, writes                    prometheus.Gauge
	lost, diverged, written, failed                            prometheus.Counter
	checkpointStep, checkpointSeconds, checkpointSize, savedAt prometheus.Gauge
	evaluation                                                 *prometheus.GaugeVec // by split and figure
	evaluatedAt                                                *prometheus.GaugeVec // by split
	node                                                       *prometheus.GaugeVec // by name and address

	health struct {
		sync.Mutex
		ring   bool
		reason string // why there is none, or no rows; empty: nobody has said
	}
}

var phaseNames = [...]string{"data", "forward", "normalizer", "backward", "allreduce", "optimizer"}

// stepBuckets bound the histograms of a step's phases, in seconds: factors of
// two and a half or two from 10 µs to 100 s.
var stepBuckets = []float64{1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100}

// NewFigures returns the figures of a node that has not begun.
func NewFigures() *Figures {
	f := &Figures{registry: prometheus.NewRegistry()}
	f.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	f.vector("ballast_build_info", "The program and the numeric contract that it computes by; always 1.", "version", "contract", "goversion").
		WithLabelValues(train.Version, train.Contract, runtime.Version()).Set(1)
	f.node = f.vector("ballast_node_info", "The node of this process, by its name and address on the ring; always 1.", "name", "addr")

	seconds := prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "ballast_step_seconds", Help: "Where the time of a step went on this node, by phase.", Buckets: stepBuckets,
	}, []string{"phase"})
	f.registry.MustRegister(seconds)
	for i, name := range phaseNames {
		f.phases[i] = seconds.WithLabelValues(name)
	}
	f.samples = f.counter("ballast_samples_total", "Samples of the global batches of the steps that this process has seen.")
	f.steps = f.counter("ballast_steps_total", "Steps that this process has seen committed; one that comes again counts again.")
	f.skipped = f.counter("ballast_steps_skipped_total", "Steps that were left out because a loss or a gradient was not finite.")
	f.step = f.gauge("ballast_step", "Steps of the run that are committed, those before a resume included.")
	f.planned = f.gauge("ballast_planned_steps", "Steps that the run is planned to take; 0: nobody knows how many.")
	f.epoch = f.gauge("ballast_epoch", "The epoch of the last step, from 1.")
	f.loss = f.gauge("ballast_loss", "Mean base loss of the last global batch.")
	f.weighted = f.gauge("ballast_weighted_loss", "Weighted loss of the last global batch.")
	f.objective = f.gauge("ballast_objective", "What ABSGD descends, of the last global batch.")
	f.ess = f.gauge("ballast_ess_ratio", "Effective sample size of the last global batch's weights, as a part of the batch.")
	f.lambda = f.gauge("ballast_lambda", "Temperature of ABSGD; +Inf is plain averaging.")
	f.logU = f.gauge("ballast_log_u", "Logarithm of ABSGD's moving average; not finite while it is not in use.")
	f.rate = f.gauge("ballast_learning_rate", "Learning rate of the last step.")
	f.norm = f.gauge("ballast_gradient_norm", "Norm of the last gradient, before clipping.")

	f.world = f.gauge("ballast_world_size", "Nodes on the ring; 0: there is none.")
	f.rank = f.gauge("ballast_rank", "This node's place on its last ring.")
	f.shards = f.gauge("ballast_shards", "Shards that this node hosts on its last ring.")
	f.generation = f.gauge("ballast_ring_generation", "Number of the last ring.")
	f.writes = f.gauge("ballast_writes", "1 if this node writes its run directory.")
	f.lost = f.counter("ballast_rings_lost_total", "Rings that ended before the run.")
	f.diverged = f.counter("ballast_divergences_total", "How often nodes were found in different states.")

	f.written = f.counter("ballast_checkpoints_written_total", "Checkpoints that this node has written.")
	f.failed = f.counter("ballast_checkpoint_failures_total", "Checkpoints that this node could not write or remove.")
	f.checkpointStep = f.gauge("ballast_checkpoint_step", "Committed steps in the last checkpoint of this node.")
	f.checkpointSeconds = f.gauge("ballast_checkpoint_seconds", "How long the last checkpoint took to write.")
	f.checkpointSize = f.gauge("ballast_checkpoint_bytes", "Size of the last checkpoint.")
	f.savedAt = f.gauge("ballast_checkpoint_timestamp_seconds", "When the last checkpoint was on the disk, in seconds since 1970.")

	f.evaluation = f.vector("ballast_evaluation", "Figures of the last evaluation of a part of the data, by their names.", "split", "figure")
	f.evaluatedAt = f.vector("ballast_evaluation_step", "The step behind which a part of the data was evaluated last.", "split")
	return f
}

func (f *Figures) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	f.registry.MustRegister(c)
	return c
}

func (f *Figures) gauge(name, help string) prometheus.Gauge {
	g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	f.registry.MustRegister(g)
	return g
}

func (f *Figures) vector(name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	f.registry.MustRegister(v)
	return v
}

// label makes of a name from outside one that a label can have.
func label(name string) string { return strings.ToValidUTF8(name, "\uFFFD") }
