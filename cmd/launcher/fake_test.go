package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/train"
)

// fakeTrain stands in for train.Run. What it does after 3 steps is in the
// variable FAKE: see deed.
func fakeTrain(ctx context.Context, cfg train.Config, o train.Options) (train.Summary, error) {
	if err := cfg.Validate(); err != nil {
		return train.Summary{}, &train.UsageError{Err: err}
	}
	if path, ok := strings.CutPrefix(cfg.Data, "csv:"); ok {
		if _, err := os.Stat(path); err != nil {
			return train.Summary{}, &train.UsageError{Err: err}
		}
	}
	o.Observe = train.Tee(o.Observe, train.Observer{})
	seen := fmt.Sprintf("join %s, nodes %d, resume %s\n", strings.Join(o.Join, ","), o.Nodes, o.Resume)
	if err := appendTo(o.Name+".starts", seen); err != nil {
		return train.Summary{}, err
	}
	o.Observe.DataReady(train.DataReady{Name: cfg.Data, Train: 100, Test: 20, Classes: 2})
	o.Observe.Joined(train.Joined{Name: o.Name, Addr: "127.0.0.1:1"})
	if err := deed(ctx, o, "early"); err != nil {
		return train.Summary{}, err
	}
	names := make([]string, max(o.Nodes, 1))
	bounds := []int{0}
	for i := range names {
		names[i] = fmt.Sprintf("node-%d", i)
		bounds = append(bounds, (i+1)*cfg.Shards/len(names))
	}
	writes := len(o.Join) == 0
	if writes {
		if err := os.MkdirAll(o.Out, 0o777); err != nil {
			return train.Summary{}, err
		}
		if err := os.WriteFile(filepath.Join(o.Out, "config.yaml"), o.ConfigFile, 0o666); err != nil {
			return train.Summary{}, err
		}
		seen := fmt.Sprintf("run %s\nsecret of %d bytes\nlisten %s\nnodes %d, from %d to %d, quorum %d\nresume %s, checkpoints every %d, keep %d\n",
			o.RunID, len(o.Secret), o.Listen, o.Nodes, o.Min, o.Max, o.Quorum, o.Resume, o.CheckpointEvery, o.KeepCheckpoints)
		if err := os.WriteFile(filepath.Join(o.Out, "options"), []byte(seen), 0o666); err != nil {
			return train.Summary{}, err
		}
	}
	o.Observe.RingFormed(train.RingFormed{Generation: 1, Names: names, Addrs: []string{"127.0.0.1:1"}, Shards: bounds, Writes: writes})
	o.Log.Info().Str("gomaxprocs", os.Getenv("GOMAXPROCS")).Msg("ring formed")
	for i := range 10 {
		if i == 3 {
			if err := deed(ctx, o, ""); err != nil {
				return train.Summary{}, err
			}
		}
		o.Observe.StepDone(train.StepDone{Step: i + 1, Steps: 10, Epoch: 1, Epochs: 1, SamplesSeen: int64(i) * 10, Loss: 1})
	}
	s := fakeSummary(cfg)
	s.Nodes = len(names)
	if strings.Contains(os.Getenv("FAKE"), o.Name+":differs") {
		s.ModelSHA256 = "another"
	}
	o.Observe.Finished(s)
	return s, nil
}

func fakeSummary(cfg train.Config) train.Summary {
	return train.Summary{
		ModelSHA256: "feedface-" + cfg.Method, Method: cfg.Method, Steps: 10, Seed: cfg.Seed, Shards: cfg.Shards,
		SamplesPerSecond: 1234, WallSeconds: 5, Classes: []string{"cat", "dog"}, TrainCounts: []int{10, 90},
		Test:       train.Metrics{Accuracy: 0.9, PerClassRecall: []float64{0.5, 1}},
		TestGroups: map[string]train.Metrics{"unseen fonts": {BalancedAccuracy: 0.75}},
	}
}

func fakeEvaluate(_ context.Context, model string, cfg train.Config, _ train.EvaluateOptions) (train.Summary, error) {
	if _, err := os.Stat(model); err != nil {
		return train.Summary{}, err
	}
	s := fakeSummary(cfg)
	s.Test.BalancedAccuracy = float64(cfg.Seed) / 100 // shows which rows were asked for
	return s, nil
}

// fakeAsk stands in for cli.Ask: the node at host-a:1 is gone, all others answer.
func fakeAsk(_ context.Context, addr string, secret []byte) ([]cluster.MemberStatus, error) {
	if addr == "host-a:1" {
		return nil, errors.New("host-a:1: connection refused")
	}
	return []cluster.MemberStatus{
		{Member: cluster.Member{Name: "b#2", Addr: "10.0.0.2:7"}, Rank: 1, Shards: [2]int{4, 8}, Generation: 3, Progress: cluster.Progress{Step: 41, Phase: "sum", WaitingFor: "a#1", Transport: "tcp"}, Since: 5200 * time.Millisecond, RTT: 400 * time.Microsecond},
		{Member: cluster.Member{Name: "a#1", Addr: addr}, Rank: 0, Shards: [2]int{0, 4}, Generation: 3, Progress: cluster.Progress{Step: 42, Phase: fmt.Sprintf("secret of %d bytes", len(secret))}},
	}, nil
}

// deed does what the variable FAKE has the node do: words NAME:DEED, where the
// deed may have the prefix "early-" and then happens before there is a ring.
func deed(ctx context.Context, o train.Options, when string) error {
	for word := range strings.FieldsSeq(os.Getenv("FAKE")) {
		who, what, _ := strings.Cut(word, ":")
		what, early := strings.CutPrefix(what, "early-")
		if who != o.Name && who != "all" || early != (when == "early") {
			continue
		}
		if err := act(ctx, o, what); err != nil {
			return err
		}
	}
	return nil
}

func act(ctx context.Context, o train.Options, what string) error {
	lost := &allreduce.PeerError{Peer: "node-9", Step: 3, Phase: "sum", Err: errors.New("stream broken")}
	what, arg, _ := strings.Cut(what, "=")
	switch what {
	case "nan":
		return &train.NumericError{Step: 4, What: "the loss is NaN"}
	case "fail":
		return errors.New("a bug")
	case "lost":
		return lost
	case "usage":
		return cli.Usagef("rows.csv:7: expected 4 columns, found 3")
	case "panic":
		panic("index out of range")
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "once": // killed, and noted when it comes again
		if _, err := os.Stat(noted(o.Name + ".was")); err == nil {
			note(o.Name + ".again")
			return nil
		}
		note(o.Name + ".was")
		return act(ctx, o, "killed")
	case "after": // goes on when the note is there
		for {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(5 * time.Millisecond):
			}
			if _, err := os.Stat(noted(arg)); err == nil {
				return nil
			}
		}
	case "waits": // until it is told to end
		note(o.Name)
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-o.Drain:
			note(o.Name + ".drained")
			return train.ErrDrained
		}
	case "lostlater": // as survivors do when a neighbour is gone
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
		return lost
	case "prints":
		fmt.Fprintln(os.Stderr, "something of its own")
	case "stubborn": // whatever it is told
		note(o.Name)
		select {}
	}
	return nil
}

// noted returns the file of a note.
func noted(name string) string { return filepath.Join(os.Getenv("NOTES"), name+".pid") }

// appendTo adds a line to a file beside the notes, if they are kept.
func appendTo(name, line string) error {
	if os.Getenv("NOTES") == "" {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(os.Getenv("NOTES"), name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}

// note leaves the node's process number in a file, whole.
func note(name string) {
	file := noted(name)
	if err := os.WriteFile(file+".new", []byte(strconv.Itoa(os.Getpid())), 0o666); err != nil {
		panic(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		panic(err)
	}
}
