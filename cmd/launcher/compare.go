package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"

	"github.com/ballast-ml/ballast/internal/cli"
	"github.com/ballast-ml/ballast/internal/cli/report"
	"github.com/ballast-ml/ballast/internal/cli/screen"
	"github.com/ballast-ml/ballast/train"
)

// compared are the methods of a run that nobody has said more about. Each adds
// one thing to the one before, so that the table shows what that thing does.
var compared = []string{"erm", "la", "absgd+la"}

// compare trains a model by each of the methods, one after the other, and
// prints them side by side.
func compare(ctx context.Context, l launch, view *screen.Screen, origins cli.Origins) error {
	var runs []report.Run
	dir := l.settings.Out
	origins = maps.Clone(origins)
	for i, method := range compared {
		l.settings.Train.Method = method
		l.settings.Out = filepath.Join(dir, method)
		origins["method"], origins["out"] = "compared", "compared"
		l.config = cli.ConfigYAML(l.settings.Flags(cli.ForLauncher), origins)
		view.Begin(fmt.Sprintf("%d/%d %s", i+1, len(compared), method))
		summary, err := l.completed()
		if errors.Is(err, os.ErrNotExist) {
			summary, err = l.run(ctx, view)
		}
		if err != nil {
			_ = os.Remove(dir) // which fails, as it should, if anything is in it
			return err
		}
		l.again = true
		runs = append(runs, report.Run{Title: method, Summary: summary})
	}
	view.Close()
	var b bytes.Buffer
	report.Recalls(&b, runs)
	fmt.Fprintln(&b)
	report.Figures(&b, runs)
	l.settings.Out = dir
	fmt.Fprintf(&b, "\nWritten to %s.", l.where())
	if len(l.distant()) == 0 {
		l.settings.Out = filepath.Join(dir, compared[len(compared)-1])
		fmt.Fprintf(&b, " Worth trying next:")
		for _, line := range next(call(l.program), l.settings) {
			fmt.Fprintf(&b, "\n  %s", line)
		}
	}
	fmt.Fprintln(&b)
	last := runs[len(runs)-1].Summary
	fmt.Fprintf(&b, "model sha256 %s\n", last.ModelSHA256)
	_, err := l.program.Stdout.Write(b.Bytes())
	return err
}

// completed returns the summary of a run that has come to its end before this
// one went on with it; os.ErrNotExist says that there is none.
func (l launch) completed() (s train.Summary, err error) {
	path := filepath.Join(l.settings.Out, "summary.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("%s: %w: remove it to train this model again", path, err)
	}
	return s, nil
}

// next returns three commands worth trying after a comparison, each behind a
// line that says why: the same bits from another number of nodes, other data,
// and the figures from the file.
func next(program string, s cli.Settings) []string {
	other := 1
	if s.NProc == 1 {
		other = min(2, s.Train.Shards)
	}
	lines := [][2]string{
		{fmt.Sprintf("%s run --config %s --nproc-per-node %d", program, filepath.Join(s.Out, "config.yaml"), other),
			"the same model, bit for bit, from another number of nodes"},
		{program + " run --data idx:DIR --long-tail 100", "your images: MNIST's four files, or Fashion-MNIST's"},
		{fmt.Sprintf("%s eval --run %s", program, s.Out), "the figures again, from the model file"},
	}
	text := make([]string, 0, 2*len(lines))
	for _, l := range lines {
		text = append(text, "# "+l[1], l[0])
	}
	return text
}

// call returns how to call the program again.
func call(p *cli.Program) string {
	if path, err := os.Executable(); err == nil && strings.Contains(path, "go-build") {
		return "go run ./cmd/launcher" // the executable is gone when "go run" ends
	}
	return p.Args[0]
}
