package train

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/bubble"
)

// begun writes the first 200 rows of the table of cfg to a spool, and returns its
// path and the rows that are still to come.
func begun(t testing.TB, cfg Config) (path string, rest []string) {
	t.Helper()
	text, err := os.ReadFile(strings.TrimPrefix(cfg.Data, "csv:"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	return writeFile(t, "rows"+dataset.SpoolSuffix, []byte(strings.Join(lines[:200], ""))), lines[200:]
}

// slowly writes the rest of a table to a spool, with long pauses, and ends it.
func slowly(t testing.TB, path string, lines []string) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	for part := range slices.Chunk(lines, 100) {
		<-time.After(30 * time.Second)
		text := strings.Join(part, "")
		for _, piece := range []string{text[:len(text)/2], text[len(text)/2:]} {
			if _, err := f.WriteString(piece); err != nil {
				t.Error(err)
			}
		}
	}
	info, err := f.Stat()
	if err == nil {
		err = os.WriteFile(path+dataset.EndSuffix, fmt.Appendln(nil, info.Size()), 0o666)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestStreamWaits: a node that waits for rows for far longer than any step does
// not hang, those who wait for it do not either, a node that dies meanwhile is
// replaced, and the model is that of a stream which was all there.
func TestStreamWaits(t *testing.T) {
	cfg := streamRun(t, func(c *Config) { c.TestData = "" })
	want := inProcess(t, cfg, 1).ModelSHA256
	for name, script := range map[string][]string{
		"undisturbed":                  {"start 3", "expect done 0,1,2"},
		"kill one":                     {"start 3", "step 9", "kill 1", "expect done 0,2"},
		"kill and replace":             {"start 2", "step 9", "kill 0", "step 14", "join", "expect done 1,2"},
		"drain":                        {"start 3", "step 9", "drain 1", "expect left 1", "expect done 0,2"},
		"kill in the middle of a step": {"start 3", "kill 2 at 15 backward", "expect done 0,1"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble.Test(t, func(t *testing.T) {
				cfg := cfg
				path, rest := begun(t, cfg)
				cfg.Data = "csv:" + path
				w := newWorld(t, cfg, streamData(t, cfg), want)
				defer w.end()
				written := make(chan bool)
				go func() {
					defer close(written)
					slowly(t, path, rest)
				}()
				for _, line := range script {
					w.do(line)
				}
				<-written
			})
		})
	}
}

// TestStreamIsLate on one node, for far longer than a node may stand still: it does
// not hang, and nobody is expelled.
func TestStreamIsLate(t *testing.T) {
	cfg := streamRun(t, func(c *Config) { c.TestData = "" })
	want, whole := inProcess(t, cfg, 1).ModelSHA256, streamData(t, cfg)
	bubble.Test(t, func(t *testing.T) {
		late := cfg
		path, rest := begun(t, cfg)
		late.Data = "csv:" + path
		w := newWorld(t, cfg, whole, want)
		w.own = map[int]*dataset.Data{1: streamData(t, late)}
		defer w.end()
		written := make(chan bool)
		go func() {
			defer close(written)
			slowly(t, path, rest)
		}()
		w.do("start 3")
		w.do("expect done 0,1,2")
		<-written
		if n := w.nodes[1].summary.Nodes; n != 3 {
			t.Errorf("the last ring had %d nodes: one was taken to hang", n)
		}
	})
}

// TestStreamDrains: a node that is asked to leave does not wait for rows first.
func TestStreamDrains(t *testing.T) {
	cfg := streamRun(t, func(c *Config) { c.TestData = "" })
	bubble.Test(t, func(t *testing.T) {
		cfg := cfg
		path, _ := begun(t, cfg)
		cfg.Data = "csv:" + path
		w := newWorld(t, cfg, streamData(t, cfg), "")
		defer w.end()
		for _, line := range []string{"start 2", "step 4", "pass 20s", "drain 0,1", "pass 2s"} {
			w.do(line)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, n := range w.nodes {
			if !n.finished || n.err != nil {
				t.Errorf("node %d: finished %v, %v", n.index, n.finished, n.err)
			}
		}
	})
}

// TestStreamHangs: who reads a stream and gets on with nothing hangs all the same.
func TestStreamHangs(t *testing.T) {
	cfg := streamRun(t, nil)
	data, want := streamData(t, cfg), inProcess(t, cfg, 1).ModelSHA256
	play(t, cfg, data, want, "start 3\nhang 1 at 7 loading\nexpect done 0,2")
}

// TestStreamTellsOfWaiting: the observers hear that rows are missing, and of the
// end of it.
func TestStreamTellsOfWaiting(t *testing.T) {
	cfg := streamRun(t, func(c *Config) { c.TestData = "" })
	bubble.Test(t, func(t *testing.T) {
		cfg := cfg
		path, rest := begun(t, cfg)
		cfg.Data = "csv:" + path
		j := testJob(t, cfg, streamData(t, cfg))
		var told []string
		j.observe = Tee(Observer{Waiting: func(v Waiting) { told = append(told, v.Reason) }}, Observer{})
		written := make(chan bool)
		go func() {
			defer close(written)
			slowly(t, path, rest[:301])
		}()
		if _, err := trainJobs(t.Context(), j); err != nil {
			t.Fatal(err)
		}
		<-written
		if len(told) != 4 || !strings.HasPrefix(told[0], "waiting for rows: "+path+" has given ") || told[1] != "" || told[3] != "" {
			t.Errorf("told %q", told)
		}
	})
}
