package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ballast-ml/ballast/internal/cli/proc"
)

// Crew starts workers: processes of the program itself, which call [Worker].
type Crew struct {
	Path string   // of the executable
	Args []string // Args[0], the name it is called by, included
}

// do runs one task on a number of processes and returns the results by rank.
func (c Crew) do(ctx context.Context, nodes int, t task) ([]json.RawMessage, error) {
	w := &workers{group: proc.NewGroup(), addrs: make([]string, nodes), results: make([]json.RawMessage, nodes), logs: make([]bytes.Buffer, nodes)}
	defer w.group.Close()
	for rank := range nodes {
		if err := w.start(c, rank, nodes, t); err != nil {
			return nil, err
		}
	}
	if err := w.listen(ctx); err != nil {
		return nil, err
	}
	return w.results, nil
}

// workers are the processes of one task.
type workers struct {
	group   *proc.Group
	inputs  []*io.PipeWriter
	addrs   []string
	results []json.RawMessage
	logs    []bytes.Buffer // what they wrote to standard error
	ready   int
	done    int
}

func (w *workers) start(c Crew, rank, nodes int, t task) error {
	t.Rank, t.Nodes = rank, nodes
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	rest, input := io.Pipe()
	w.inputs = append(w.inputs, input)
	_, err = w.group.Start(proc.Command{
		Name: fmt.Sprintf("worker %d", rank), Path: c.Path, Args: c.Args,
		Env:   append(os.Environ(), "GOMAXPROCS=1"),
		Stdin: io.MultiReader(bytes.NewReader(append(text, '\n')), rest),
		Log:   &w.logs[rank],
	})
	return err
}

// listen follows the workers until all have given their results.
func (w *workers) listen(ctx context.Context) error {
	defer func() {
		for _, in := range w.inputs {
			in.Close()
		}
	}()
	for w.done < len(w.results) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case e := <-w.group.Events():
			if err := w.hear(e); err != nil {
				return fmt.Errorf("process %d of %d: %w", e.Child+1, len(w.results), err)
			}
		}
	}
	return nil
}

// hear takes one line of a worker, or its end.
func (w *workers) hear(e proc.Event) error {
	if e.Exit != nil {
		if w.results[e.Child] != nil {
			return nil
		}
		return fmt.Errorf("%v\n%s", e.Exit, bytes.TrimSpace(w.logs[e.Child].Bytes()))
	}
	var s said
	if err := json.Unmarshal(e.Line, &s); err != nil {
		return fmt.Errorf("said %q: %w", e.Line, err)
	}
	switch {
	case s.Err != "":
		return errors.New(s.Err)
	case s.Ready:
		w.addrs[e.Child] = s.Addr
		w.ready++
		if w.ready == len(w.addrs) {
			w.ready = 0 // for the next meeting
			return w.tell(heard{Addrs: w.addrs})
		}
	default:
		w.results[e.Child] = s.Result
		w.done++
	}
	return nil
}

// tell has all workers begin.
func (w *workers) tell(h heard) error {
	text, err := json.Marshal(h)
	if err != nil {
		return err
	}
	for _, in := range w.inputs {
		if _, err := in.Write(append(text, '\n')); err != nil {
			return err
		}
	}
	return nil
}
