package cli

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/ballast-ml/ballast/internal/cli/report"
	"github.com/ballast-ml/ballast/internal/cli/screen"
	"github.com/ballast-ml/ballast/train"
)

// NewScreen returns a screen on the program's standard error, in the mode that
// the settings ask for.
func (p *Program) NewScreen(s Settings) *screen.Screen {
	return screen.New(screen.Config{
		Mode:   p.screenMode(s),
		Colour: screen.Colour(p.Getenv),
		Out:    p.Stderr,
		Width:  func() int { return screen.Width(p.Stderr) },
		Now:    time.Now,
	})
}

func (p *Program) screenMode(s Settings) screen.Mode {
	return screen.Choose(s.Progress, p.Stderr, p.Getenv)
}

// watch shows a node's own progress to the person who started it.
func watch(view *screen.Screen) train.Observer {
	formed := false
	return train.Tee(News(view.Note), train.Observer{
		DataReady: func(v train.DataReady) {
			for _, warning := range v.Warnings {
				view.Note("%s: %s", v.Name, warning)
			}
		},
		Joined: func(v train.Joined) { view.Note("%s listens on %s", v.Name, v.Addr) },
		RingFormed: func(v train.RingFormed) {
			if !formed {
				view.Note("ring of %d formed in %.2f s%s: %s", len(v.Names), v.Seconds, Over(v), strings.Join(v.Names, ", "))
			}
			formed = true
		},
		Waiting: func(v train.Waiting) {
			v.Reason = plainReason(v.Reason)
			view.Waiting(Missing(v))
		},
		StepDone:          view.StepDone,
		Evaluated:         view.Evaluated,
		CheckpointWritten: view.CheckpointWritten,
	})
}

// Over tells how gradients travel, as the node sees it that reports the ring.
func Over(v train.RingFormed) string {
	if v.Transport == "" {
		return ""
	}
	return " over " + v.Transport
}

// PrintRun prints the outcome of one run on standard output. Its last line is
// the model's checksum, which scripts read.
func (p *Program) PrintRun(s train.Summary, out string) {
	runs := []report.Run{{Title: s.Method, Summary: s}}
	var b bytes.Buffer
	report.Recalls(&b, runs)
	fmt.Fprintln(&b)
	report.Figures(&b, runs)
	report.Groups(&b, s)
	fmt.Fprintf(&b, "\n%d steps, %d samples; nodes %d, shards %d, seed %d; written to %s\n",
		s.Steps, s.SamplesSeen, s.Nodes, s.Shards, s.Seed, out)
	fmt.Fprintf(&b, "model sha256 %s\n", s.ModelSHA256)
	_, _ = p.Stdout.Write(b.Bytes()) // nobody is left to tell
}
