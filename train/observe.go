package train

import "github.com/ballast-ml/ballast/internal/metrics"

// Observer is told what happens on a node. Every field may be nil. The calls
// are synchronous, from one goroutine at a time, with values that the
// receiver may keep; a slow observer slows the step down.
type Observer struct {
	// DataReady is called once the data is open, before anyone is looked for.
	DataReady func(DataReady)
	// Joined is called when the node listens and looks for others.
	Joined func(Joined)
	// RingFormed is called for each agreed roster, on every node.
	RingFormed func(RingFormed)
	// RingLost is called when a ring has ended before the run; another follows.
	RingLost func(RingLost)
	// Diverged is called when the nodes are found in different states: they
	// return to the last one that they agreed on, and repeat.
	Diverged func(Diverged)
	// Waiting is called when there is no ring, or no rows of a stream, and the
	// reason changes; an empty reason is the end of the waiting. It may come from
	// another goroutine than all else.
	Waiting func(Waiting)
	// StepDone is called after each commit, on every node.
	StepDone func(StepDone)
	// Evaluated is called after each evaluation, on every node.
	Evaluated func(Evaluation)
	// CheckpointWritten, CheckpointFailed and CheckpointSkipped are called on
	// the node that writes or reads: a checkpoint is on the disk; it could not
	// be written, and training goes on; it was found and cannot be used.
	CheckpointWritten func(CheckpointWritten)
	CheckpointFailed  func(CheckpointFailed)
	CheckpointSkipped func(CheckpointSkipped)
	// Resumed is called when the node has taken its state from a checkpoint.
	Resumed func(Resumed)
	// Finished is called once, at the end of a whole run, on every node.
	Finished func(Summary)
}

// Tee returns an observer that tells a, then b.
func Tee(a, b Observer) Observer {
	return Observer{
		DataReady:         tee(a.DataReady, b.DataReady),
		Joined:            tee(a.Joined, b.Joined),
		RingFormed:        tee(a.RingFormed, b.RingFormed),
		RingLost:          tee(a.RingLost, b.RingLost),
		Diverged:          tee(a.Diverged, b.Diverged),
		Waiting:           tee(a.Waiting, b.Waiting),
		StepDone:          tee(a.StepDone, b.StepDone),
		Evaluated:         tee(a.Evaluated, b.Evaluated),
		CheckpointWritten: tee(a.CheckpointWritten, b.CheckpointWritten),
		CheckpointFailed:  tee(a.CheckpointFailed, b.CheckpointFailed),
		CheckpointSkipped: tee(a.CheckpointSkipped, b.CheckpointSkipped),
		Resumed:           tee(a.Resumed, b.Resumed),
		Finished:          tee(a.Finished, b.Finished),
	}
}

// tee joins two functions, either of which may be nil; the result never is, so
// that Tee(o, Observer{}) can be called without looking.
func tee[T any](a, b func(T)) func(T) {
	return func(v T) {
		if a != nil {
			a(v)
		}
		if b != nil {
			b(v)
		}
	}
}

// DataReady describes the data a node has opened.
type DataReady struct {
	Name        string  `json:"name"`
	Train       int     `json:"train"`
	Val         int     `json:"val"`
	Test        int     `json:"test"`
	Classes     int     `json:"classes"`
	Fingerprint string  `json:"fingerprint"`
	Seconds     float64 `json:"seconds"`
	// Stream says that more training rows follow, nobody knows how many.
	Stream bool `json:"stream,omitempty"`
	// Warnings are about what is in the data and should perhaps not be.
	Warnings []string `json:"warnings,omitempty"`
}

// Joined says where a node listens.
type Joined struct {
	Name string `json:"name"`
	Addr string `json:"addr"`
}

// RingFormed describes a roster from one member's point of view.
type RingFormed struct {
	Generation uint64   `json:"generation"`
	Rank       int      `json:"rank"`
	Names      []string `json:"names"`
	Addrs      []string `json:"addrs"`
	Shards     []int    `json:"shards"`    // node r hosts shards [Shards[r], Shards[r+1])
	Transport  string   `json:"transport"` // how frames travel to the next node: shm, tcp or grpc; empty on one node
	Writes     bool     `json:"writes"`    // this node writes its run directory
	Seconds    float64  `json:"seconds"`   // from Joined to the formed ring
}

// RingLost says why a ring has ended before the run.
type RingLost struct {
	Generation uint64 `json:"generation"`
	Step       int    `json:"step"` // committed so far
	Reason     string `json:"reason"`
}

// Waiting says why there is no ring, or why no rows.
type Waiting struct {
	Reason string `json:"reason"`
	Rows   bool   `json:"rows,omitempty"` // it is rows of a stream that are missing
}

// Diverged names the nodes that differ from the majority, or all if there is
// none.
type Diverged struct {
	Step  int      `json:"step"`
	Nodes []string `json:"nodes"`
	Back  int      `json:"back"` // the step that all return to
}

// StepDone reports one committed step. The losses are means over the global
// batch; weights are those of the global batch.
type StepDone struct {
	Step         int     `json:"step"`  // of Steps, from 1
	Steps        int     `json:"steps"` // planned; 0: nobody knows how many
	Epoch        int     `json:"epoch"` // from 1
	Epochs       int     `json:"epochs"`
	Rows         int     `json:"rows"`
	SamplesSeen  int64   `json:"samples_seen"`
	Loss         Num     `json:"loss"`          // mean base loss, rows by their weights of their own
	WeightedLoss Num     `json:"weighted_loss"` // Σ w_i ℓ_i
	Objective    Num     `json:"objective"`     // λ·log mean exp(ℓ/λ) of the batch's base losses: what ABSGD descends
	LogU         Num     `json:"log_u"`         // of ABSGD's moving average; not finite while it is untouched
	SumW         float64 `json:"sum_w"`
	ESS          float64 `json:"ess"` // (Σw)²/Σw²
	LR           float64 `json:"lr"`
	Lambda       Num     `json:"lambda"` // +Inf (null in JSON): plain averaging
	GradNorm     Num     `json:"grad_norm"`
	Phases       Phases  `json:"seconds"`
	Skipped      string  `json:"skipped,omitempty"` // why the step was left out (--on-nan skip)
}

// Phases is where the time of one step went on one node, in seconds.
type Phases struct {
	Data       float64 `json:"data"`
	Forward    float64 `json:"forward"`
	Normalizer float64 `json:"normalizer"`
	Backward   float64 `json:"backward"`
	AllReduce  float64 `json:"allreduce"`
	Optimizer  float64 `json:"optimizer"`
}

// Evaluation is one pass over a part of the data.
type Evaluation struct {
	Split string `json:"split"` // val, test, or test/GROUP
	Step  int    `json:"step"`
	Epoch int    `json:"epoch"`
	Metrics
}

// Metrics are the figures of some rows, each counted exactly once.
type Metrics = metrics.Report

// Num is a float64 that JSON can carry: a value that is not finite is written
// as null, and null is read as NaN.
type Num = metrics.Num

// CheckpointWritten tells of a checkpoint that is whole and on the disk.
type CheckpointWritten struct {
	Path    string  `json:"path"`
	Step    int     `json:"step"` // committed steps in it
	Seconds float64 `json:"seconds"`
	Bytes   int64   `json:"bytes"`
}

// CheckpointFailed tells of a file that could not be written, or an old one
// that could not be removed. The next checkpoint is tried all the same.
type CheckpointFailed struct {
	Path string `json:"path"`
	Err  string `json:"error"`
}

// CheckpointSkipped tells of a file that is damaged, or of another run.
type CheckpointSkipped struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// Resumed tells where a node starts.
type Resumed struct {
	Path string `json:"path"`
	Step int    `json:"step"` // committed steps
}

// Summary is the end of a run, written as summary.json.
type Summary struct {
	ModelSHA256      string             `json:"model_sha256"`
	Method           string             `json:"method"`
	Steps            int                `json:"steps"`
	Epochs           int                `json:"epochs"`
	Ensemble         int                `json:"ensemble"`            // members of the model
	BestStep         int                `json:"best_step,omitempty"` // whose model this is, if not the last one's
	SamplesSeen      int64              `json:"samples_seen"`
	Nodes            int                `json:"nodes"`
	Shards           int                `json:"shards"`
	Seed             uint64             `json:"seed"`
	SamplesPerSecond float64            `json:"samples_per_second"`
	WallSeconds      float64            `json:"wall_seconds"`
	TrainLoss        float64            `json:"train_loss"` // mean base loss over the last epoch
	Classes          []string           `json:"classes"`
	TrainCounts      []int              `json:"train_counts"`
	Test             Metrics            `json:"test"`
	TestGroups       map[string]Metrics `json:"test_groups,omitempty"`
	Val              *Metrics           `json:"val,omitempty"`
}
