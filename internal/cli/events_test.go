package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/train"
)

// TestEventsRoundTrip: the launcher sees what the node saw, numbers that are
// none included.
func TestEventsRoundTrip(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	r := NewReporter(&out, func() time.Time { return now })
	o := r.Observer()
	sent := []any{
		train.DataReady{Name: "glyphs", Train: 3},
		train.Joined{Name: "node-0", Addr: "127.0.0.1:1"},
		train.RingFormed{Generation: 1, Names: []string{"a", "b"}, Shards: []int{0, 4, 8}, Writes: true},
		train.RingLost{Generation: 1, Step: 7, Reason: "cluster: lost b"},
		train.StepDone{Step: 1, Steps: 3, Loss: train.Num(math.NaN()), Lambda: train.Num(math.NaN())},
		train.StepDone{Step: 3, Steps: 3, Loss: 0.5},
		train.Evaluation{Split: "val", Metrics: train.Metrics{Accuracy: 0.5, PerClassRecall: []float64{1, 0}}},
		train.Summary{ModelSHA256: "ab", TestGroups: map[string]train.Metrics{"x": {Rows: 1}}},
		Failed{Message: "peer x (y) (rank 0), step 3, sum: z", Code: 1, Lost: true},
	}
	o.DataReady(sent[0].(train.DataReady))
	o.Joined(sent[1].(train.Joined))
	o.RingFormed(sent[2].(train.RingFormed))
	o.RingLost(sent[3].(train.RingLost))
	o.StepDone(sent[4].(train.StepDone))
	now = now.Add(stepInterval / 2)
	o.StepDone(train.StepDone{Step: 2, Steps: 3}) // too soon to be worth a line
	o.StepDone(sent[5].(train.StepDone))          // the last always is
	o.Evaluated(sent[6].(train.Evaluation))
	o.Finished(sent[7].(train.Summary))
	r.Failed(fmt.Errorf("%w", &allreduce.PeerError{Peer: "x (y)", Step: 3, Phase: "sum", Err: errors.New("z")}))

	var got []any
	back := collector(&got)
	for line := range bytes.Lines(out.Bytes()) {
		if err := Dispatch(line, back, Told{Failed: func(v Failed) { got = append(got, v) }}); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if err := Dispatch(line, train.Observer{}, Told{}); err != nil {
			t.Errorf("%s, nobody listening: %v", line, err)
		}
	}
	equal := cmp.Comparer(func(a, b train.Num) bool { return a == b || a != a && b != b })
	if d := cmp.Diff(sent, got, equal); d != "" {
		t.Error(d)
	}
}

// collector returns an observer that keeps all that it is told.
func collector(got *[]any) train.Observer {
	var o train.Observer
	fields := reflect.ValueOf(&o).Elem()
	for i := range fields.NumField() {
		f := fields.Field(i)
		f.Set(reflect.MakeFunc(f.Type(), func(args []reflect.Value) []reflect.Value {
			*got = append(*got, args[0].Interface())
			return nil
		}))
	}
	return o
}

// TestEveryEventIsPassedOn: whatever training tells an observer, the launcher
// hears too.
func TestEveryEventIsPassedOn(t *testing.T) {
	var out bytes.Buffer
	sender := reflect.ValueOf(NewReporter(&out, time.Now).Observer())
	for i := range sender.NumField() {
		name, f := sender.Type().Field(i).Name, sender.Field(i)
		if f.IsNil() {
			t.Errorf("the event %s is not written", name)
			continue
		}
		out.Reset()
		sent := reflect.New(f.Type().In(0)).Elem()
		f.Call([]reflect.Value{sent})
		var got []any
		if err := Dispatch(out.Bytes(), collector(&got), Told{}); err != nil || len(got) != 1 {
			t.Errorf("%s: read back as %d events, %v", name, len(got), err)
		} else if reflect.TypeOf(got[0]) != sent.Type() {
			t.Errorf("%s: read back as %T", name, got[0])
		}
	}
}

// FuzzDispatch: whatever a node prints, the launcher goes on.
func FuzzDispatch(f *testing.F) {
	f.Add([]byte(`{"event":"step_done","step":1,"loss":null}`))
	f.Add([]byte(`{"event":"step_done","step":"x"}`))
	f.Add([]byte(`{"event":"finished","classes":null}`))
	f.Add([]byte(`panic: x`))
	f.Fuzz(func(_ *testing.T, line []byte) {
		_ = Dispatch(line, train.Observer{StepDone: func(train.StepDone) {}}, Told{Failed: func(Failed) {}})
	})
}

// TestHandover: what the launcher says arrives, and the end of the pipe ends
// the node.
func TestHandover(t *testing.T) {
	seed := uint64(1<<63 + 1)
	h := Handover{Settings: DefaultSettings(), Secret: []byte{0, 255}, Config: []byte("a: b\n")}
	h.Settings.Train.DataSeed, h.Settings.Join = &seed, []string{"a:1"}
	r, w := io.Pipe()
	go func() { _, _ = w.Write(h.Line()) }()
	got, line, err := receive(r)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(h, got); d != "" {
		t.Error(d)
	}
	if line.cut() {
		t.Error("orphaned while the launcher lives")
	}
	if strings.Contains(h.String(), "255") {
		t.Error("the secret can be printed")
	}
	w.Close()
	<-line.gone
	if !line.cut() {
		t.Error("not orphaned by the end of the pipe")
	}
}

// TestStopWord: a launcher that says so is not gone.
func TestStopWord(t *testing.T) {
	_, line, err := receive(strings.NewReader("{}\n" + StopWord + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	<-line.stop
	if line.cut() {
		t.Error("orphaned by a word")
	}
	_, line, err = receive(strings.NewReader("{}\n" + StopWord))
	if err != nil {
		t.Fatal(err)
	}
	<-line.gone
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte("{}\n"))
	f.Add(Handover{Settings: DefaultSettings()}.Line())
	f.Add([]byte(`{"Settings":{"Train":{"Seed":-1}}}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, line, err := receive(bytes.NewReader(text))
		if err == nil {
			select { // the text has an end
			case <-line.gone:
			case <-line.stop:
			}
		} else if ExitCode(err) != ExitUsage {
			t.Errorf("%v: want a usage error", err)
		}
	})
}

func ExampleReporter() {
	r := NewReporter(os.Stdout, time.Now)
	r.Observer().Joined(train.Joined{Name: "node-0", Addr: "127.0.0.1:7700"})
	r.Failed(Usagef("rows.csv:7: expected 4 columns, found 3"))
	// Output:
	// {"event":"joined","name":"node-0","addr":"127.0.0.1:7700"}
	// {"event":"failed","message":"rows.csv:7: expected 4 columns, found 3","code":2,"lost":false,"numeric":false}
}
