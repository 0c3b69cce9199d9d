package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ballast-ml/ballast/internal/bubble"
)

// flowing is a table of numbers, categories that the head may not know,
// missing cells and quoted cells with line ends in them.
func flowing(rows int) string {
	var b strings.Builder
	b.WriteString("size,note,colour,class\n")
	for i := range rows {
		size, colour := strconv.Itoa(i*i%37), []string{"red", "green", "blue"}[i%3]
		switch {
		case i%11 == 0:
			size = "?"
		case i%13 == 0:
			colour = "new " + strconv.Itoa(i)
		}
		fmt.Fprintf(&b, "%s,\"a \"\"%d\"\"\nb, c\",%s,%s\n", size, i%5, colour, []string{"yes", "no"}[i%7/4])
	}
	return b.String()
}

func streamSpec(place string, head int) Spec {
	return Spec{Data: "csv:" + place, Label: "class", Stream: head, Seed: 3}
}

// row is what a batch says of a row.
type row struct {
	ID int32
	Y  int32
	X  []float32
}

// taken is what a loader has given.
type taken struct {
	Rows    []row
	Sizes   []int
	Digests []uint64
	Last    []bool
}

// drain takes all batches from a step on; the error is nil at the end.
func drain(t testing.TB, d *Data, p Plan, from int, digest uint64) (got taken, err error) {
	t.Helper()
	l := NewStreamLoader(d.Stream, d.Train, p, 3, 0, 3, from, digest)
	defer l.Close()
	for {
		b, err := l.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return got, nil
		}
		if err != nil {
			return got, err
		}
		got.Sizes, got.Digests, got.Last = append(got.Sizes, b.Rows), append(got.Digests, b.Digest), append(got.Last, b.Last)
		for _, part := range b.Parts {
			for j, y := range part.Y {
				x := part.X[j*d.Features() : (j+1)*d.Features()]
				got.Rows = append(got.Rows, row{part.IDs[j], y, slices.Clone(x)})
			}
		}
	}
}

// put writes a file whole, as a rename does.
func put(t testing.TB, path string, content []byte) {
	t.Helper()
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path))
	if err := errors.Join(os.WriteFile(temporary, content, 0o666), os.Rename(temporary, path)); err != nil {
		t.Error(err)
	}
}

func openPlan(d *Data, batch int) Plan {
	return Plan{Rows: d.Train.Len(), Batch: batch, Epochs: 1, InOrder: true, Open: true}
}

// inMemory is the same pass over the same rows, read as a stored model says.
func inMemory(t testing.TB, text string, prep *Prep, first int) []row {
	t.Helper()
	path := write(t, "all.csv", []byte(text))
	d := open(t, Spec{Data: "csv:" + path, TestData: "csv:" + path, Prep: prep, Seed: 3})
	var rows []row
	for i := first; i < d.Train.Len(); i++ {
		x := make([]float32, d.Features())
		d.Train.Read(x, i)
		rows = append(rows, row{int32(i), d.Train.Label(i), x})
	}
	return rows
}

// TestStreamIsThePass: a stream gives the training rows of its head and then all
// others, each once and in order, as a table in memory has them that is prepared
// in the same way.
func TestStreamIsThePass(t *testing.T) {
	text := flowing(500)
	path := write(t, "rows.csv", []byte(text))
	d := open(t, streamSpec(path, 100))
	got, err := drain(t, d, openPlan(d, 16), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if n := d.Train.Len() + d.Test.Len(); n != 100 || d.Test.Len() < 19 || d.Test.Len() > 21 {
		t.Fatalf("a head of %d training and %d test rows, expected 100 with a fifth", d.Train.Len(), d.Test.Len())
	}
	for i := range d.Train.Len() {
		if int(got.Rows[i].ID) != d.Train.ID(i) || got.Rows[i].Y != d.Train.Label(i) {
			t.Fatalf("row %d is %+v", i, got.Rows[i])
		}
	}
	if diff := cmp.Diff(inMemory(t, text, &d.Prep, 100), got.Rows[d.Train.Len():]); diff != "" {
		t.Error(diff)
	}
	n := len(got.Sizes)
	if rest := (d.Train.Len() + 400) % 16; got.Sizes[n-1] != rest && rest > 0 {
		t.Errorf("the last batch has %d rows, expected %d", got.Sizes[n-1], rest)
	}
	if at := slices.Index(got.Last, true); at != n-1 {
		t.Errorf("batch %d is the last of %d", at, n)
	}
}

// spooled writes text to a spool in pieces of random sizes, at random times, and
// ends it.
func spooled(t testing.TB, path, text string, draws *rand.Rand) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o666)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	for rest := text; rest != ""; {
		n := min(len(rest), 1+draws.IntN(1+draws.IntN(2000)))
		if _, err := f.WriteString(rest[:n]); err != nil {
			t.Error(err)
			return
		}
		rest = rest[n:]
		<-time.After(time.Duration(draws.IntN(200)) * time.Millisecond)
	}
	put(t, path+EndSuffix, []byte(fmt.Sprintln(len(text))))
}

// TestStreamFromAnyStep: a loader that begins at a step gives what one that has
// come to it gives, from a place that it remembers or from the beginning; and one
// of another stream says so.
func TestStreamFromAnyStep(t *testing.T) {
	path := write(t, "rows.csv", []byte(flowing(250)))
	d := open(t, streamSpec(path, 60))
	p := openPlan(d, 16)
	want, err := drain(t, d, p, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for step := range len(want.Sizes) {
		digest := uint64(0)
		if step > 0 {
			digest = want.Digests[step-1]
		}
		if at, _ := d.Stream.nearest(stop{p.Batch, step}); at != step {
			t.Errorf("of step %d the place is not known, but of step %d", step, at)
		}
		tail := taken{want.Rows[16*step:], want.Sizes[step:], want.Digests[step:], want.Last[step:]}
		for _, data := range []*Data{d, open(t, streamSpec(path, 60))} {
			got, err := drain(t, data, p, step, digest)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tail, got); diff != "" {
				t.Fatalf("from step %d: %s", step, diff)
			}
			if step > 0 {
				_, err = drain(t, data, p, step, digest+1)
				wantError(t, err, fmt.Sprintf("the rows before step %d are not those", step+1))
			}
		}
	}
	larger := openPlan(d, 23) // through the same stream, without a trace of the smaller batches
	whole, err := drain(t, d, larger, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := drain(t, d, larger, 5, whole.Digests[4]); err != nil || len(got.Rows) != len(whole.Rows)-5*23 {
		t.Errorf("batches of another size: %v", err)
	}
	other := open(t, streamSpec(path, 60))
	_, err = drain(t, other, p, len(want.Sizes)+3, 1)
	wantError(t, err, "the stream ends after")
}

// TestStreamSteps: a plan that ends early does not look behind its last row.
func TestStreamSteps(t *testing.T) {
	rows := strings.SplitAfter(flowing(200), "\n")
	path := write(t, "rows"+SpoolSuffix, []byte(strings.Join(rows[:1+2*92], "")))
	s := streamSpec(path, 60)
	s.TestData = "csv:" + write(t, "test.csv", []byte(flowing(50)))
	d := open(t, s)
	p := openPlan(d, 23)
	p.Steps = 4
	got, err := drain(t, d, p, 0, 0)
	if err != nil || !slices.Equal(got.Sizes, []int{23, 23, 23, 23}) || slices.Contains(got.Last, true) {
		t.Fatalf("%v: %d rows, last %v", err, got.Sizes, got.Last)
	}
	put(t, path+EndSuffix, []byte(fmt.Sprintln(len(strings.Join(rows[:1+2*92], "")))))
	again, err := drain(t, open(t, s), p, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(got, again); diff != "" {
		t.Errorf("the end behind the last step shows: %s", diff)
	}
}

// TestStreamHeaderArrival: whether the first line holds names is not decided by
// that line alone where the others have not come yet.
func TestStreamHeaderArrival(t *testing.T) {
	text := "red,a\n" + strings.Repeat("blue,b\nred,a\n", 50)
	bubble.Test(t, func(t *testing.T) {
		path := write(t, "rows"+SpoolSuffix, []byte(text[:6]))
		written := make(chan bool)
		go func() {
			defer close(written)
			<-time.After(10 * time.Second)
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			if err == nil {
				_, err = f.WriteString(text[6:])
				err = errors.Join(err, f.Close())
			}
			if err != nil {
				t.Error(err)
			}
			put(t, path+EndSuffix, []byte(fmt.Sprintln(len(text))))
		}()
		defer func() { <-written }()
		d := open(t, Spec{Data: "csv:" + path, Stream: 40})
		got, err := drain(t, d, openPlan(d, 16), 0, 0)
		if err != nil || len(got.Rows) != 101-d.Test.Len() {
			t.Errorf("%v: %d rows are trained on, %d tested, of 101", err, len(got.Rows), d.Test.Len())
		}
	})
}

// TestStreamMemory: however long a stream is, little of it is in memory.
func TestStreamMemory(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "rows.csv"))
	if err != nil {
		t.Fatal(err)
	}
	part := []byte(flowing(20_000))
	header := bytes.IndexByte(part, '\n') + 1
	const parts = 40
	for i := range parts {
		if _, err := f.Write(part[min(i, 1)*header:]); err != nil {
			t.Fatal(err)
		}
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	heap := func() int {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	d := open(t, streamSpec(f.Name(), 500))
	before := heap()
	l := NewStreamLoader(d.Stream, d.Train, openPlan(d, 1000), 3, 0, 3, 0, 0)
	defer l.Close()
	rows, most := 0, 0
	for step := 0; ; step++ {
		b, err := l.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if rows += b.Rows; step%100 == 99 {
			most = max(most, heap()-before)
		}
	}
	if want := d.Train.Len() + parts*20_000 - 500; rows != want {
		t.Errorf("%d rows, expected %d", rows, want)
	}
	t.Logf("%d KiB of a stream of %d", most>>10, size>>10)
	if most > 8<<20 || size < 16<<20 {
		t.Errorf("%d bytes in memory, of a stream of %d", most, size)
	}
}

// TestStreamArrival: what is read does not depend on how the bytes come.
func TestStreamArrival(t *testing.T) {
	text := flowing(300)
	whole := write(t, "rows.csv", []byte(text))
	d := open(t, streamSpec(whole, 60))
	want, err := drain(t, d, openPlan(d, 16), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(5) {
		bubble.Test(t, func(t *testing.T) {
			path := write(t, "rows"+SpoolSuffix, nil)
			written := make(chan bool)
			go func() {
				defer close(written)
				spooled(t, path, text, rand.New(rand.NewPCG(seed, 1)))
			}()
			grown := open(t, streamSpec(path, 60))
			got, err := drain(t, grown, openPlan(grown, 16), 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			<-written
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("seed %d: %s", seed, diff)
			}
			if grown.Fingerprint != d.Fingerprint {
				t.Error("the head has another fingerprint")
			}
		})
	}
}
