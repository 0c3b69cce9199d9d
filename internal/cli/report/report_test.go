package report_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ballast-ml/ballast/cluster"
	"github.com/ballast-ml/ballast/internal/cli/report"
	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/train"
)

func summary(classes int) train.Summary {
	s := train.Summary{
		ModelSHA256: "0123456789abcdef0123", SamplesPerSecond: 5432.1, WallSeconds: 12.34,
		Test: train.Metrics{Accuracy: 0.9, BalancedAccuracy: 0.85, WorstClassRecall: 0.5, MacroF1: 0.8, ECE: 0.05},
	}
	for c := range classes {
		s.Classes = append(s.Classes, fmt.Sprintf("c%d", c))
		s.TrainCounts = append(s.TrainCounts, 10+c)
		s.Test.PerClassRecall = append(s.Test.PerClassRecall, float64(c)/float64(classes))
	}
	return s
}

func lines(print func(*bytes.Buffer)) []string {
	var b bytes.Buffer
	print(&b)
	return strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
}

func TestFigures(t *testing.T) {
	a, b := summary(2), summary(2)
	a.TestGroups = map[string]train.Metrics{"unseen fonts": {BalancedAccuracy: 0.7}, "seen fonts": {BalancedAccuracy: 0.95}}
	b.Val = &train.Metrics{BalancedAccuracy: 0.6}
	got := lines(func(w *bytes.Buffer) { report.Figures(w, []report.Run{{"erm", a}, {"absgd+la", b}}) })
	want := []string{
		"test                                      erm      absgd+la",
		"accuracy                               0.9000        0.9000",
		"balanced accuracy                      0.8500        0.8500",
		"worst-class recall                     0.5000        0.5000",
		"macro-F1                               0.8000        0.8000",
		"calibration error                      0.0500        0.0500",
		"log-loss                               0.0000        0.0000",
		"balanced accuracy, seen fonts          0.9500             -",
		"balanced accuracy, unseen fonts        0.7000             -",
		"balanced accuracy, validation               -        0.6000",
		"samples/s                                5432          5432",
		"seconds                                  12.3          12.3",
		"model sha256                     0123456789ab  0123456789ab",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestGroups(t *testing.T) {
	s := summary(2)
	s.Test.Figures = map[string]train.Num{"worst_group": 0.75, "group_spread": 0.15}
	s.TestGroups = map[string]train.Metrics{
		"oslo": {Rows: 10, Accuracy: 0.9, BalancedAccuracy: 0.8, WorstClassRecall: 0.7},
		"rome": {Rows: 8, Accuracy: 0.75, BalancedAccuracy: 0.5, Intervals: map[string]metrics.Interval{"accuracy": {Low: 0.5, High: 1}}},
	}
	got := lines(func(w *bytes.Buffer) { report.Groups(w, s) })
	want := []string{
		"",
		"group  rows  accuracy  balanced accuracy  worst class  accuracy, 95 % interval",
		"rome      8    0.7500             0.5000       0.0000         0.5000 to 1.0000",
		"oslo     10    0.9000             0.8000       0.7000",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got = lines(func(w *bytes.Buffer) { report.Quality(w, []report.Run{{"erm", s}}) })
	if all := strings.Join(got, "\n"); !strings.Contains(all, "worst group         0.7500") || !strings.Contains(all, "group spread        0.1500") || strings.Contains(all, "oslo") {
		t.Errorf("figures:\n%s", all)
	}
	for i := range 30 {
		s.TestGroups[fmt.Sprint(i)] = train.Metrics{Accuracy: 1}
	}
	if got = lines(func(w *bytes.Buffer) { report.Groups(w, s) }); len(got) != 23 || !strings.HasPrefix(got[22], "(12 groups") {
		t.Errorf("of 32 groups: %d lines, the last %q", len(got), got[len(got)-1])
	}
}

// TestRecallsBlocks: with an odd number of classes the second block is one
// shorter, and every class is there once.
func TestRecallsBlocks(t *testing.T) {
	s := summary(13)
	s.Test.PerClassRecall[12] = math.NaN() // no test row
	got := lines(func(w *bytes.Buffer) { report.Recalls(w, []report.Run{{"erm", s}}) })
	want := []string{
		"class  train  recall  │  class  train  recall",
		"c12       22       -  │  c5        15   0.385",
		"c11       21   0.846  │  c4        14   0.308",
		"c10       20   0.769  │  c3        13   0.231",
		"c9        19   0.692  │  c2        12   0.154",
		"c8        18   0.615  │  c1        11   0.077",
		"c7        17   0.538  │  c0        10   0.000",
		"c6        16   0.462",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestRecallsManyClasses(t *testing.T) {
	got := lines(func(w *bytes.Buffer) { report.Recalls(w, []report.Run{{"a", summary(100)}, {"b", summary(100)}}) })
	if len(got) != 1+40+1 || !strings.Contains(got[41], "20 classes") {
		t.Errorf("%d lines, the last %q: want 42 with a note on 20 classes", len(got), got[len(got)-1])
	}
	if !strings.HasPrefix(got[1], "c99 ") || !strings.Contains(got[40], "c0 ") {
		t.Errorf("first line %q, last %q: want c99 and c0", got[1], got[40])
	}
}

func TestLongNames(t *testing.T) {
	s := summary(1)
	s.Classes[0] = strings.Repeat("ü", 40)
	got := lines(func(w *bytes.Buffer) { report.Recalls(w, []report.Run{{"erm", s}}) })
	if want := strings.Repeat("ü", 23) + "…     10   0.000"; got[1] != want {
		t.Errorf("%q, want %q", got[1], want)
	}
}

func Example() {
	s := train.Summary{
		Classes: []string{"cat", "dog"}, TrainCounts: []int{100, 1000},
		Test: train.Metrics{PerClassRecall: []float64{0.5, 0.75}},
	}
	report.Recalls(os.Stdout, []report.Run{{Title: "erm", Summary: s}})
	// Output:
	// class  train  recall
	// dog     1000   0.750
	// cat      100   0.500
}

func TestMembers(t *testing.T) {
	var b strings.Builder
	report.Members(&b, []cluster.MemberStatus{
		{Member: cluster.Member{Name: "n#1", Addr: "a:1"}, Rank: -1, Waiting: "waiting for a third node"},
		{Member: cluster.Member{Name: "n#2", Addr: "a:2"}, Rank: 1, Shards: [2]int{7, 8}, Error: "no answer within 1s"},
		{Member: cluster.Member{Name: "m#3", Addr: "b:1"}, Rank: 0, Shards: [2]int{0, 7}, Progress: cluster.Progress{Step: 7, Phase: "allreduce", WaitingFor: "n#2", Transport: "shm"}, Since: 12345678 * time.Microsecond, RTT: 1500 * time.Microsecond},
	})
	want := `rank  name  address  shards  to next  step  phase      waiting for  since  rtt
0     m     b:1      0-6     shm      7     allreduce  n#2          12.3s  2ms
1     n#2   a:2      7       -        -     no answer  -            -      -
-     n#1   a:1      -       -        0     no ring    -            -      -
n#2: no answer within 1s
n#1: waiting for a third node
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}

// TestMembersThatServe: where figures are to be had is a column of its own, if
// anybody serves any.
func TestMembersThatServe(t *testing.T) {
	var b strings.Builder
	report.Members(&b, []cluster.MemberStatus{
		{Member: cluster.Member{Name: "m#3", Addr: "b:1"}, Rank: 0, Shards: [2]int{0, 7}, Progress: cluster.Progress{Phase: "forward", Metrics: "http://127.0.0.1:9464/metrics"}},
		{Member: cluster.Member{Name: "n#2", Addr: "a:2"}, Rank: 1, Shards: [2]int{7, 8}, Progress: cluster.Progress{Phase: "forward"}},
	})
	want := `rank  name  address  shards  to next  step  phase    waiting for  since  rtt  metrics
0     m     b:1      0-6     -        0     forward  -            -      -    http://127.0.0.1:9464/metrics
1     n     a:2      7       -        0     forward  -            -      -    -
`
	if d := cmp.Diff(want, b.String()); d != "" {
		t.Error(d)
	}
}
