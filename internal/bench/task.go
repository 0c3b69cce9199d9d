package bench

import (
	"encoding/json"
	"time"
)

// task is what a worker is told to do: the first line of its input, in JSON.
// Exactly one of Ring, Step, Pair and Probe is set.
type task struct {
	Rank, Nodes int
	Ring        *RingTask  `json:",omitempty"`
	Step        *StepTask  `json:",omitempty"`
	Pair        *PairTask  `json:",omitempty"`
	Probe       *ProbeTask `json:",omitempty"`
}

// RingTask asks for the sum of vectors of these sizes.
type RingTask struct {
	Transport string
	Sizes     []int         // bytes
	PerSize   time.Duration // how long to measure each
}

// StepTask asks for training steps.
type StepTask struct {
	Model     string // mlp, lenet or resnet20
	Method    string // as in --method
	Shards    int    // of the global batch; 0: one for each process
	Rows      int    // samples of a process in each step; 0: 128, and 32 for ResNet-20
	Transport string
	Duration  time.Duration // how long to measure
	Steps     int           // if positive, so many steps are measured, however long they take
	// Whole takes the steps in a whole run, with membership and comparisons of the
	// nodes' states, in Dir; it wants Steps. Glyphs takes them on the built-in
	// data, as Whole always does.
	Whole, Glyphs bool
	Dir           string
}

// PairTask asks for two kinds of steps in turn, in the same processes: blocks of
// steps of one kind, each followed by a block of the other. What the machine
// does to one of a pair it does to the other, and both lie in the same memory
// for the whole time.
type PairTask struct {
	Base, More StepTask // their Duration and Steps do not count
	Block      int      // steps of a block
	Pairs      int      // blocks of each kind
}

// ProbeTask asks for the peak of multiply-adds, for comparisons of what
// processes can reach beside each other.
type ProbeTask struct{ Duration time.Duration }

// said is a line that a worker writes: its address for each meeting with the
// others, then its result or its error.
type said struct {
	Ready  bool            `json:",omitempty"`
	Addr   string          `json:",omitempty"`
	Result json.RawMessage `json:",omitempty"`
	Err    string          `json:",omitempty"`
}

// heard is the line of a worker's input that ends a meeting, when all are ready.
type heard struct{ Addrs []string }
