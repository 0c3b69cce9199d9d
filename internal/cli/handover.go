package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/ballast-ml/ballast/train"
)

// HandoverFlag makes a node read its settings from standard input. Only a
// launcher gives it.
const HandoverFlag = "handover"

// Handover is what a launcher tells a node before it starts. It goes through
// a pipe because an argument list can be read by everybody on the machine.
type Handover struct {
	Settings Settings
	Secret   []byte
	Config   []byte // config.yaml
	// Outlives has the node train on when the launcher is gone: it is detached,
	// or on another machine, where the end of the pipe may be the network's.
	// It ends, though, if it is on no ring for as long as a node waits for one
	// at the start: nobody looks after it.
	Outlives bool
	// Again says that the node was started before in this run.
	Again bool
	// Slots is how many nodes share the machine's cores, if the node is to see
	// to its share itself; 0: that is done.
	Slots int
}

// Line returns the handover as one line.
func (h Handover) Line() []byte {
	text, err := json.Marshal(h)
	if err != nil {
		panic("cli: handover: " + err.Error()) // plain data, checked by Validate
	}
	return append(text, '\n')
}

// StopWord, on a line of its own behind the handover, tells a node to end at
// once, as Ctrl-C does. It is for nodes that no signal reaches.
const StopWord = "stop"

// lifeline is a node's end of the pipe from its launcher.
type lifeline struct {
	stop <-chan struct{} // closed: the launcher wants the node to end
	gone <-chan struct{} // closed: the launcher is gone, without a word
	// outlives is for how long the node may be on no ring then; 0: it leaves.
	outlives time.Duration
}

// cutsOff tells that the node has ended because its launcher is gone.
func (l lifeline) cutsOff() bool { return l.outlives == 0 && l.cut() }

// receive reads the handover and keeps an eye on the pipe from then on. The
// goroutine that does so ends with r.
func receive(r io.Reader) (h Handover, l lifeline, err error) {
	in := bufio.NewReader(r)
	line, err := in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &h)
	}
	if err != nil {
		return h, l, Usagef("--%s is for the launcher: expected its settings on standard input: %w", HandoverFlag, err)
	}
	stop, gone := make(chan struct{}), make(chan struct{})
	go func() {
		if word, _ := in.ReadString('\n'); word == StopWord+"\n" {
			close(stop)
			return
		}
		_, _ = io.Copy(io.Discard, in)
		close(gone)
	}()
	return h, lifeline{stop: stop, gone: gone}, nil
}

// cut tells whether the launcher is gone. A dead launcher may be noticed first
// by the parent-death signal, which looks like any SIGTERM, so it waits a
// moment for the end of the pipe.
func (l lifeline) cut() bool {
	if l.gone == nil {
		return false
	}
	select {
	case <-l.gone:
		return true
	case <-time.After(lifelineDelay):
		return false
	}
}

// lifelineDelay is how much later than the parent-death signal the end of the
// lifeline may come.
const lifelineDelay = 50 * time.Millisecond

// options returns what the settings say about where and how a node runs, on
// the machine that it is to run on.
func (h Handover) options() (train.Options, error) {
	s := h.Settings
	advertise, err := Advertised(s.Advertise)
	return train.Options{
		Name: s.Name, Listen: s.Listen, Advertise: advertise, Join: s.Join,
		Nodes: s.NNodes.Min, Min: s.NNodes.Least(), Max: s.NNodes.Max, Quorum: s.Quorum,
		RunID: s.RunID, Secret: h.Secret, Insecure: s.Insecure, PlainLoopback: s.PlainLoopback, Transport: s.Transport, PlainOrder: !s.Overlap, Out: s.Out, ConfigFile: h.Config,
		Cache: s.CacheDir(), InMemory: int64(s.InMemory) << 20, DataFrom: s.DataFrom, EvalEvery: s.EvalEvery, Figures: s.Figures, TensorBoard: s.TensorBoard, StartTimeout: s.StartTimeout,
		Resume: s.Resume, CheckpointEvery: s.CheckpointEvery, KeepCheckpoints: s.KeepCheckpoints,
	}, err
}

// shareCores takes the node's share of the machine's cores, unless somebody has
// decided on it.
func (h Handover) shareCores(getenv func(string) string) {
	if h.Slots > 0 && getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(max(1, runtime.GOMAXPROCS(0)/h.Slots))
	}
}

// String keeps the secret out of whatever prints a handover.
func (h Handover) String() string {
	return fmt.Sprintf("handover of %s to %s", h.Settings.RunID, h.Settings.Name)
}
