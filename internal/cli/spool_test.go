package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/train"
)

// TestSpool: what comes is spooled with its size, and comes again where a run is
// resumed: all of it, a beginning and then more, or nothing any more.
func TestSpool(t *testing.T) {
	out := t.TempDir()
	fill := func(resume bool, in io.Reader) error {
		s, err := OpenSpool(out, resume)
		if err != nil {
			return err
		}
		if want := "csv:" + filepath.Join(out, train.SpoolName); s.Data() != want {
			t.Errorf("data %s, expected %s", s.Data(), want)
		}
		return s.Fill(t.Context(), in)
	}
	path := filepath.Join(out, train.SpoolName)
	holds := func(text, end string) {
		t.Helper()
		got, err := os.ReadFile(path)
		if err != nil || string(got) != text {
			t.Errorf("%q, %v; expected %q", got, err, text)
		}
		if told, _ := os.ReadFile(path + dataset.EndSuffix); string(told) != end {
			t.Errorf("the end is %q, expected %q", told, end)
		}
	}
	broken := errors.New("broken pipe")
	if err := fill(false, io.MultiReader(strings.NewReader("1,2\n3,"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Fatalf("a pipe that breaks: %v", err)
	}
	holds("1,2\n3,", "")
	for _, c := range []struct{ in, want string }{
		{"1,2\n4,5\n", "another stream than the one that the run began with: " + path + " differs at byte 4"},
		{"1,2\n", "ends after 4 bytes, of 6"},
	} {
		err := fill(true, strings.NewReader(c.in))
		if _, usage := errors.AsType[*train.UsageError](err); !usage || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, expected %q", c.in, err, c.want)
		}
	}
	holds("1,2\n3,", "")
	if err := fill(false, strings.NewReader("")); err == nil {
		t.Error("a spool is opened anew where there is one")
	}
	if err := fill(true, iotest.OneByteReader(strings.NewReader("1,2\n3,4\n5,6"))); err != nil {
		t.Fatal(err)
	}
	holds("1,2\n3,4\n5,6", "11\n")
	if err := fill(true, iotest.ErrReader(broken)); err != nil {
		t.Errorf("a stream that has ended is read again: %v", err)
	}
	if err := os.Remove(path + dataset.EndSuffix); err != nil {
		t.Fatal(err)
	}
	if err := fill(true, strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	holds("1,2\n3,4\n5,6", "11\n")
}

// TestSpoolStops when the run has ended.
func TestSpoolStops(t *testing.T) {
	s, err := OpenSpool(t.TempDir(), false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Fill(ctx, strings.NewReader("1,2\n")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestSettleStream: what nobody has said suits a stream, what was said stays or
// is refused.
func TestSettleStream(t *testing.T) {
	silent := func() Origins {
		return Origins{"method": FromDefault, "lambda": FromDefault, "epochs": FromDefault, "order": FromDefault}
	}
	s := DefaultSettings()
	s.Train.Data, s.Train.Stream = "-", 100
	o := silent()
	if err := s.SettleStream(o); err != nil {
		t.Fatal(err)
	}
	c := s.Train
	if c.Data != "csv:-" || c.Method != "absgd" || c.Lambda != "5" || c.Epochs != 1 || c.Order != "file" || o["method"] != FromStream || !s.IsStdin() {
		t.Errorf("%+v, %v", c, o)
	}
	if err := c.Validate(); err != nil {
		t.Errorf("what suits a stream is refused: %v", err)
	}

	s = DefaultSettings()
	before := s.Train
	if err := s.SettleStream(silent()); err != nil || s.Train != before {
		t.Errorf("without a stream: %v, %+v", err, s.Train)
	}
	s.Train.Stream, s.Train.Steps, s.Train.Method = 100, 50, "erm"
	o = silent()
	o["method"] = FromFlag
	if err := s.SettleStream(o); err != nil || s.Train.Method != "erm" || s.Train.Lambda != before.Lambda {
		t.Errorf("with a length: %v, %+v", err, s.Train)
	}
	o["epochs"] = FromFlag
	s.Train.Epochs = 2
	if err := s.SettleStream(o); err == nil || !strings.Contains(err.Error(), "--epochs 2") {
		t.Errorf("two epochs: %v", err)
	}
}

// TestMissing: a ring that is not there, and rows that are not.
func TestMissing(t *testing.T) {
	for want, v := range map[string]train.Waiting{
		"":             {},
		"no ring: why": {Reason: "why"},
		"rows":         {Reason: "rows", Rows: true},
	} {
		if got := Missing(v); got != want {
			t.Errorf("%+v: %q, expected %q", v, got, want)
		}
	}
}
