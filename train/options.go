package train

import (
	"cmp"
	"time"

	"github.com/rs/zerolog"
)

// Version is the program's version. Nodes of different versions do not train
// together: what one of them fixed, the other may still compute.
const Version = "0.1.0"

// Options is where and how a node runs: nothing in it may change the model.
type Options struct {
	// Name is shown to people and orders the roster; it is made unique. Empty:
	// the host's name.
	Name string
	// Listen is the address of the node's one port; empty: the join address if
	// it is this machine's and free, else a free port.
	Listen string
	// Advertise is the address others use; empty: found out.
	Advertise string
	// Join lists addresses of nodes to look for; empty: this node is the first.
	Join []string
	// Nodes is how many nodes form the first ring; 0: as many as come, at least
	// two with Join and one without.
	Nodes int
	// Min and Max bound the later rings: below Min nodes all wait for more, and
	// say so; 0: one is enough. No more than Max are taken in; 0: all who come.
	Min, Max int
	// Quorum is how many members of the last ring must be in the next one; 0: a
	// majority, those that are proved dead not counted.
	Quorum int
	// RunID labels the run: nodes of another label are refused.
	RunID string
	// Secret is what the nodes of the run share: all that they say is
	// encrypted, and only its holders are heard. Empty: neither, which a node
	// that others can reach does only if it is told to be Insecure.
	Secret []byte
	// Insecure lets strangers in: it allows a node that other machines can
	// reach, or that joins others there, to have no secret.
	Insecure bool
	// PlainLoopback leaves the ring's streams unencrypted between nodes that
	// reach each other by loopback, once they have proved that they hold the
	// Secret: it is faster, and who could listen there can look into the
	// processes as well.
	PlainLoopback bool
	// Transport is how the ring's frames travel between two nodes: "shm", "tcp"
	// or "grpc"; "auto" or empty: the first of these that can be had.
	Transport string
	// Out is the run directory; empty: nothing is written.
	Out string
	// TensorBoard has what goes into metrics.jsonl written to event files in Out
	// as well.
	TensorBoard bool
	// Metrics is the address at which this node's figures are to be had, for
	// those who ask how the members are; empty: nowhere.
	Metrics string
	// Cache is a directory where parsed tables are kept; empty: nowhere.
	Cache string
	// InMemory is the size in bytes of the largest piece of the data that is held
	// in memory, as in [dataset.Spec]; 0: dataset.DefaultInMemory.
	InMemory int64
	// DataFrom is "files" (or empty), or "peers": what of the data's files is not
	// here is fetched from the nodes of Join, into Cache.
	DataFrom string
	// ConfigFile is written to the run directory as config.yaml.
	ConfigFile []byte
	// EvalEvery is the number of epochs between evaluations, on the validation
	// part if there is one and else on the test part; 0: only at the end.
	EvalEvery int
	// Figures are names of figures to report of the test and the validation
	// part, beside those that are always reported: recall@precision=0.9 and the
	// like.
	Figures []string
	// PlainOrder waits for each collective before the computation behind it, so
	// that nothing is under way during the backward pass: slower, with the same
	// bits, for measuring what the overlap brings.
	PlainOrder bool
	// Resume says where the run starts: "never" (or empty) at the beginning, in
	// a new directory; "auto" at the newest valid checkpoint in Out, or at the
	// beginning if there is none; PATH at that checkpoint, or at the newest
	// valid one in that directory. Nodes take the state of the one that is
	// furthest ahead, so that one node with a checkpoint is enough.
	Resume string
	// CheckpointEvery is the number of steps between checkpoints; 0: one at the
	// end of each epoch; negative: none.
	CheckpointEvery int
	// KeepCheckpoints is how many are kept, and the best one by balanced
	// accuracy on the validation part besides; 0: 3.
	KeepCheckpoints int
	// Drain, when closed, has the node finish its step, leave the run to the
	// others and return ErrDrained; nil: never.
	Drain <-chan struct{}
	// StartTimeout is how long to wait for the others; 0: 10 minutes.
	StartTimeout time.Duration
	// Log receives the node's log.
	Log zerolog.Logger
	// Observe is told what happens.
	Observe Observer
}

// run returns the label of the run.
func (o Options) run() string { return cmp.Or(o.RunID, defaultRun) }

// UsageError is a mistake of the person who started the run: bad input, a bad
// flag, a file that is not there. Programs exit with code 2 on it.
type UsageError struct{ Err error }

// Error returns the message of the wrapped error.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the wrapped error.
func (e *UsageError) Unwrap() error { return e.Err }

// usage wraps an error as the person's.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &UsageError{err}
}
