package train

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/allreduce/allreducetest"
	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/rng"
)

// writeTable makes a small imbalanced table: rows around a centre per class.
func writeTable(t testing.TB, rows int) string {
	t.Helper()
	var b strings.Builder
	noise := rng.New(11, rng.Glyph, 1)
	for i := range rows {
		class := min(i%7/3, 2) // 3:3:1
		for c := range 5 {
			v := noise.Norm(uint64(i*5 + c))
			if c == class {
				v += 2
			}
			fmt.Fprintf(&b, "%.4f,", v)
		}
		fmt.Fprintf(&b, "%d\n", class)
	}
	return writeFile(t, "table.csv", []byte(b.String()))
}

// writeWeighted makes the table of writeTable with weights of the rows in front.
func writeWeighted(t testing.TB, rows int) string {
	t.Helper()
	text, err := os.ReadFile(writeTable(t, rows))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	i := 0
	for line := range strings.Lines(string(text)) {
		fmt.Fprintf(&b, "%.1f,%s", 0.3+float64(i%5), line)
		i++
	}
	return writeFile(t, "weighted.csv", []byte(b.String()))
}

// writeReviews makes a table whose class depends on a word in a text.
func writeReviews(t testing.TB, rows int) string {
	t.Helper()
	b := strings.Builder{}
	b.WriteString("size,review,class\n")
	draws := rng.New(4, rng.Glyph)
	for i := range rows {
		class := i % 5 / 3
		word := []string{"bad,dull,broken", "good,fine,lovely"}[class]
		word = strings.Split(word, ",")[draws.IntN(uint64(3*i), 3)]
		fmt.Fprintf(&b, "%d,\"number %d came %s on day %d\",%d\n", i%13, draws.IntN(uint64(3*i+1), 1e6), word, draws.IntN(uint64(3*i+2), 1e6), class)
	}
	return writeFile(t, "reviews.csv", []byte(b.String()))
}

// writeMixed makes a small table of numbers, texts and codes, some missing.
func writeMixed(t testing.TB, rows int) string {
	t.Helper()
	b := strings.Builder{}
	b.WriteString("size,colour,code,class\n")
	for i := range rows {
		size := fmt.Sprint(i * i % 37)
		if i%11 == 0 {
			size = "?"
		}
		fmt.Fprintf(&b, "%s,%s,%d,%d\n", size, []string{"red", "green", "NA"}[i%3], i%4, i%7/5)
	}
	return writeFile(t, "mixed.csv", []byte(b.String()))
}

// writeImages makes a small IDX set of 28x28 images, with a bar whose place
// is the class.
func writeImages(t testing.TB, train, test int) string {
	t.Helper()
	dir := t.TempDir()
	for _, part := range []struct {
		name string
		rows int
	}{{"train", train}, {"t10k", test}} {
		images := binary.BigEndian.AppendUint32(nil, 2051)
		for _, n := range []int{part.rows, 28, 28} {
			images = binary.BigEndian.AppendUint32(images, uint32(n))
		}
		labels := binary.BigEndian.AppendUint32(nil, 2049)
		labels = binary.BigEndian.AppendUint32(labels, uint32(part.rows))
		noise := rng.New(5, rng.Glyph, uint64(part.rows))
		for i := range part.rows {
			class := i % 3
			labels = append(labels, byte(class))
			for p := range 784 {
				v := noise.IntN(uint64(i*784+p), 60)
				if p/28/9 == class {
					v += 150
				}
				images = append(images, byte(v))
			}
		}
		write(t, filepath.Join(dir, part.name+"-images-idx3-ubyte"), images)
		write(t, filepath.Join(dir, part.name+"-labels-idx1-ubyte"), labels)
	}
	return dir
}

func writeFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	write(t, path, data)
	return path
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// inProcess trains cfg on nodes rings over the in-memory transport and returns
// the summary, which must be the same on all of them.
func inProcess(t testing.TB, cfg Config, nodes int) Summary {
	t.Helper()
	data, err := Open(t.Context(), cfg, "")
	if err != nil {
		t.Fatal(err)
	}
	mem := allreduce.NewMem()
	summaries := make([]Summary, nodes)
	errs := make([]error, nodes)
	var wg sync.WaitGroup
	for rank := range nodes {
		wg.Go(func() {
			summaries[rank], errs[rank] = oneNode(t.Context(), mem, cfg, data, rank, nodes)
		})
	}
	wg.Wait()
	for rank := range nodes {
		if errs[rank] != nil {
			t.Fatalf("node %d of %d: %v", rank, nodes, errs[rank])
		}
		if summaries[rank].ModelSHA256 != summaries[0].ModelSHA256 {
			t.Fatalf("node %d ended with %s, node 0 with %s", rank, summaries[rank].ModelSHA256, summaries[0].ModelSHA256)
		}
	}
	return summaries[0]
}

func oneNode(ctx context.Context, tr allreduce.Transport, cfg Config, data *dataset.Data, rank, nodes int) (Summary, error) {
	j, err := newJob(cfg, data)
	if err != nil {
		return Summary{}, err
	}
	j.observe = Tee(Observer{}, Observer{})
	j.plain = nodes > 1 && rank%3 == 0 // nodes with and without overlap understand each other
	top := allreduce.Topology{Run: "test", Generation: 1, Roster: 1, Rank: rank, Shards: allreducetest.Bounds(cfg.Shards, nodes), Groups: cfg.Fold}
	if cfg.Fold > 0 {
		top.Shards = allreducetest.GroupBounds(cfg.Shards, cfg.Fold, nodes)
	}
	for r := range nodes {
		top.Names = append(top.Names, fmt.Sprintf("n%d", r))
	}
	ring, err := allreduce.Form(ctx, tr, top)
	if err != nil {
		return Summary{}, err
	}
	defer ring.Close()
	out, err := trainOn(ctx, j, ring, top.Shards[rank], top.Shards[rank+1])
	return out.summary, err
}

// TestSameBits is the promise: the model is a function of data, configuration,
// seed and shards, and of nothing else.
func TestSameBits(t *testing.T) {
	table, images := writeTable(t, 211), writeImages(t, 90, 30)
	mixed := writeMixed(t, 211)
	small := Defaults()
	small.Label, small.Epochs, small.Batch, small.Warmup = "-1", 2, 37, 0.5
	for _, c := range []struct {
		name string
		edit func(*Config)
	}{
		{"mlp absgd+la", func(c *Config) { c.Data = "csv:" + table; c.Model = "mlp:16,8"; c.Lambda = "2" }},
		{"mlp absgd negative", func(c *Config) {
			c.Data = "csv:" + table
			c.Model, c.Method, c.Lambda = "mlp:16,8", "absgd", "-2"
			c.Norm = "batch"
		}},
		{"mlp absgd floor, adam", func(c *Config) {
			c.Data = "csv:" + table
			c.Model, c.Method, c.Lambda, c.Floor, c.Optimizer = "mlp:9", "absgd+cb", "inf@0,-1@0.5", true, "adam"
			c.CBFrom = 0.3
		}},
		{"logistic cb", func(c *Config) { c.Data = "csv:" + table; c.Model, c.Method, c.CBFrom = "logistic", "cb", 0.5 }},
		{"mixed table, by quantiles", func(c *Config) {
			c.Data, c.Label, c.Scale, c.Categorical = "csv:"+mixed, "class", dataset.ScaleQuantile, "code"
			c.Model, c.Lambda = "mlp:8", "2"
		}},
		{"mixed table, embedded", func(c *Config) {
			c.Data, c.Label, c.Categorical = "csv:"+mixed, "class", "code"
			c.Model, c.Embed, c.Lambda = "mlp:8", "ple:4,3+cat:2", "2"
		}},
		{"weighted rows", func(c *Config) {
			c.Data, c.Weight = "csv:"+writeWeighted(t, 211), "0"
			c.Model, c.Norm, c.Lambda = "mlp:8", "batch", "inf@0,2@0.5"
		}},
		{"free text", func(c *Config) {
			c.Data, c.Label, c.Text, c.TextSize = "csv:"+writeReviews(t, 211), "class", "review", "128x4"
			c.Model, c.Embed, c.Lambda = "mlp:8", "ple:4,3", "2"
		}},
		{"ensemble", func(c *Config) {
			c.Data = "csv:" + table
			c.Model, c.Ensemble, c.Lambda, c.Dropout = "mlp:8", 3, "2", 0.2
		}},
		{"frozen, scaled", func(c *Config) {
			c.Data = "csv:" + table
			c.Model, c.Norm, c.Freeze, c.LRScale, c.Lambda = "mlp:8,6", "batch", "layers.0.*,layers.1.*", "classifier=3", "2"
		}},
		{"resmlp, piecewise linear", func(c *Config) {
			c.Data = "csv:" + table
			c.Model, c.Embed, c.Lambda, c.Dropout = "resmlp:8x1", "tree:6,4", "2", 0.2
		}},
		{"periodic", func(c *Config) { c.Data = "csv:" + table; c.Model, c.Embed, c.Lambda = "mlp:8", "periodic:3,0.2", "2" }},
		{"lenet batch norm dropout", func(c *Config) {
			c.Data = "idx:" + images
			c.Model, c.Norm, c.Dropout, c.Lambda = "lenet", "batch", 0.2, "2"
		}},
		{"lenet, augmented", func(c *Config) {
			c.Data = "idx:" + images
			c.Model, c.Augment, c.Lambda = "lenet", "crop,flip,cutout", "2"
		}},
		{"one pass, in the order of the file", func(c *Config) {
			c.Data, c.Order, c.Epochs = "csv:"+table, "file", 1
			c.Model, c.Lambda, c.Batch = "mlp:8", "2", 19
		}},
		{"batch smaller than the shards", func(c *Config) {
			c.Data = "csv:" + table
			c.Model, c.Lambda, c.Batch, c.Steps = "mlp:8", "2", 5, 12
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := small
			c.edit(&cfg)
			want := inProcess(t, cfg, 1)
			if want.Test.Rows == 0 || want.SamplesSeen == 0 {
				t.Fatalf("nothing was done: %+v", want)
			}
			for _, nodes := range []int{2, 3, 4, 7, 8} {
				if got := inProcess(t, cfg, nodes); got.ModelSHA256 != want.ModelSHA256 {
					t.Errorf("%d nodes: model %s, one node: %s", nodes, got.ModelSHA256, want.ModelSHA256)
				} else if !reflect.DeepEqual(got.Test, want.Test) {
					t.Errorf("%d nodes: test %+v, one node: %+v", nodes, got.Test, want.Test)
				}
			}
		})
	}
}

// TestSameBitsAnyGOMAXPROCS trains with one and with two processors.
func TestSameBitsAnyGOMAXPROCS(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Model, cfg.Epochs, cfg.Batch, cfg.Lambda = "csv:"+writeTable(t, 150), "mlp:16", 2, 32, "2"
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	one := inProcess(t, cfg, 2)
	runtime.GOMAXPROCS(2)
	if two := inProcess(t, cfg, 2); one.ModelSHA256 != two.ModelSHA256 {
		t.Errorf("GOMAXPROCS 1: %s, 2: %s", one.ModelSHA256, two.ModelSHA256)
	}
}

// TestSeedMatters makes sure that the checksum can tell runs apart.
func TestSeedMatters(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Model, cfg.Epochs, cfg.Batch = "csv:"+writeTable(t, 150), "mlp:8", 1, 32
	one := inProcess(t, cfg, 1)
	for _, change := range []func(*Config){
		func(c *Config) { c.Seed = 2 },
		func(c *Config) { c.Shards = 3; c.Norm = "batch" },
		func(c *Config) { c.LR = 0.001 },
		func(c *Config) { c.Order = "file" },
		func(c *Config) { c.InitScale = 0.5 },
	} {
		other := cfg
		change(&other)
		if got := inProcess(t, other, 1); got.ModelSHA256 == one.ModelSHA256 {
			t.Errorf("%+v trains the same model as %+v", other, cfg)
		}
	}
}

// trainOn trains a job to its end on one ring.
func trainOn(ctx context.Context, j *job, ring *allreduce.Ring, lo, hi int) (trained, error) {
	s := newSession(j, ring, lo, hi)
	defer s.close()
	return s.train(ctx)
}

// TestDrawsHaveNoOrder: the method that draws rows is told so, with the flag.
func TestDrawsHaveNoOrder(t *testing.T) {
	cfg := Defaults()
	cfg.Data, cfg.Method, cfg.Order, cfg.Batch = "csv:"+writeTable(t, 60), "erm+drs", "file", 10
	data, err := dataset.Open(t.Context(), cfg.spec())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newJob(cfg, data); err == nil || !strings.Contains(err.Error(), "--order file") {
		t.Errorf("error %v", err)
	}
}
