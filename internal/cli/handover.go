package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
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
}

// Line returns the handover as one line.
func (h Handover) Line() []byte {
	text, err := json.Marshal(h)
	if err != nil {
		panic("cli: handover: " + err.Error()) // plain data, checked by Validate
	}
	return append(text, '\n')
}

// receive reads the handover, and returns a context that ends with
// ErrOrphaned when the launcher's end of the pipe is closed. The goroutine
// that waits for this ends with r.
//
// A dead launcher may be noticed first by the parent-death signal, which looks
// like any SIGTERM: orphaned tells, once ctx has ended, which it was.
func receive(ctx context.Context, r io.Reader) (_ context.Context, h Handover, orphaned func() bool, err error) {
	in := bufio.NewReader(r)
	line, err := in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &h)
	}
	if err != nil {
		return ctx, h, nil, Usagef("--%s is for the launcher: expected its settings on standard input: %w", HandoverFlag, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, in)
		cancel(ErrOrphaned)
		close(ended)
	}()
	return ctx, h, func() bool {
		if ctx.Err() == nil {
			return false // the node has a reason of its own to end
		}
		select {
		case <-ended:
			return true
		case <-time.After(lifelineDelay):
			return false
		}
	}, nil
}

// lifelineDelay is how much later than the parent-death signal the end of the
// lifeline may come.
const lifelineDelay = 50 * time.Millisecond

// options returns what the settings say about where and how a node runs.
func (h Handover) options() train.Options {
	s := h.Settings
	return train.Options{
		Name: s.Name, Listen: s.Listen, Advertise: s.Advertise, Join: s.Join,
		Nodes: s.NNodes.Min, Min: s.NNodes.Least(), Max: s.NNodes.Max, Quorum: s.Quorum,
		RunID: s.RunID, Secret: h.Secret, Insecure: s.Insecure, PlainLoopback: s.PlainLoopback, Out: s.Out, ConfigFile: h.Config,
		EvalEvery: s.EvalEvery, StartTimeout: s.StartTimeout,
		Resume: s.Resume, CheckpointEvery: s.CheckpointEvery, KeepCheckpoints: s.KeepCheckpoints,
	}
}

// String keeps the secret out of whatever prints a handover.
func (h Handover) String() string {
	return fmt.Sprintf("handover of %s to %s", h.Settings.RunID, h.Settings.Name)
}
