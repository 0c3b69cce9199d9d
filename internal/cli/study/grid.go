package study

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/train"
)

// Cell is one model to train.
type Cell struct {
	// Method is how tables call it; cells of one method differ in the seed or
	// in their trial.
	Method string
	// Trial numbers the settings that were tried for the method, from 0.
	Trial int
	// Domain is what is left out in training and tested; empty: no domain.
	Domain string
	Config train.Config
}

// Title names the cell among those of its grid.
func (c Cell) Title() string {
	if c.Domain != "" {
		return fmt.Sprintf("%s without %s, seed %d", c.Method, c.Domain, c.Config.Seed)
	}
	return fmt.Sprintf("%s, seed %d", c.Method, c.Config.Seed)
}

// name is the file of the cell's result: its settings decide it.
func (c Cell) name() string {
	sum := sha256.Sum256([]byte(c.Config.DataKey() + "\n" + c.Config.Canonical()))
	return hex.EncodeToString(sum[:12]) + ".json"
}

// Result is what came of a cell. It is stored as it is.
type Result struct {
	Method      string        `json:"method"`
	Trial       int           `json:"trial"`
	Domain      string        `json:"domain,omitempty"`
	Seed        uint64        `json:"seed"`
	Fingerprint string        `json:"data_fingerprint"`
	Seconds     float64       `json:"seconds"`
	Summary     train.Summary `json:"summary"`
}

// Grid trains cells, several at once.
type Grid struct {
	// Dir keeps a file for each finished cell.
	Dir string
	// Parallel is how many train at once; below 1 is one.
	Parallel int
	// Figures are asked for besides; see [train.Options].
	Figures []string
	// Cache is where parsed tables are kept, so that many seeds parse a file once;
	// empty: nowhere.
	Cache string
	// Progress is told of each cell that is finished, in this run or an earlier
	// one; it may be nil. It is called by one goroutine at a time.
	Progress func(done, of int, c Cell, r Result, earlier bool)

	mu   sync.Mutex
	open map[string]*opened
	done int
}

// opened is data that cells share, opened by the first that needs it.
type opened struct {
	once sync.Once
	data *dataset.Data
	err  error
	left int // cells that are going to use it
}

// Run returns the results of all cells, in their order. Cells whose file is in
// Dir are read, all others trained. On an error the cells under way are
// cancelled; those that were finished stay, and the next Run goes on from there.
func (g *Grid) Run(ctx context.Context, cells []Cell) ([]Result, error) {
	if err := os.MkdirAll(g.Dir, 0o777); err != nil {
		return nil, &train.UsageError{Err: err}
	}
	results := make([]Result, len(cells))
	var missing []int
	g.open, g.done = map[string]*opened{}, 0
	for i, c := range cells {
		r, err := g.read(c)
		switch {
		case err == nil:
			r.Method, r.Trial, r.Domain = c.Method, c.Trial, c.Domain // equal settings may have another name here
			results[i] = r
			g.tell(len(cells), c, r, true)
		case errors.Is(err, os.ErrNotExist):
			missing = append(missing, i)
			key := c.Config.DataKey()
			if g.open[key] == nil {
				g.open[key] = &opened{}
			}
			g.open[key].left++
		default:
			return nil, err
		}
	}
	return results, g.train(ctx, cells, missing, results)
}

// train trains the cells that are missing.
func (g *Grid) train(ctx context.Context, cells []Cell, missing []int, results []Result) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan int)
	var wg sync.WaitGroup
	for range max(1, min(g.Parallel, len(missing))) {
		wg.Go(func() {
			for i := range work {
				r, err := g.cell(ctx, cells[i])
				if err != nil {
					cancel(fmt.Errorf("%s: %w", cells[i].Title(), err))
					return
				}
				results[i] = r
				g.tell(len(cells), cells[i], r, false)
			}
		})
	}
feed:
	for _, i := range missing {
		select {
		case work <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(work)
	wg.Wait()
	return context.Cause(ctx)
}

func (g *Grid) tell(of int, c Cell, r Result, earlier bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done++
	if g.Progress != nil {
		g.Progress(g.done, of, c, r, earlier)
	}
}

// cell trains one model and stores what came of it.
func (g *Grid) cell(ctx context.Context, c Cell) (Result, error) {
	data, release, err := g.data(ctx, c.Config)
	if err != nil {
		return Result{}, err
	}
	defer release()
	start := time.Now()
	_, summary, err := train.Alone(ctx, c.Config, data, train.Options{Figures: g.Figures})
	if err != nil {
		return Result{}, err
	}
	r := Result{
		Method: c.Method, Trial: c.Trial, Domain: c.Domain, Seed: c.Config.Seed, Fingerprint: data.Fingerprint,
		Seconds: time.Since(start).Seconds(), Summary: summary,
	}
	return r, g.write(c, r)
}

// data opens a cell's data, or shares it with the cells that need the same. It
// is let go when the last of them has released it.
func (g *Grid) data(ctx context.Context, cfg train.Config) (*dataset.Data, func(), error) {
	key := cfg.DataKey()
	o := g.open[key]
	o.once.Do(func() { o.data, o.err = train.Open(ctx, cfg, g.Cache) })
	return o.data, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		if o.left--; o.left == 0 {
			o.data = nil
		}
	}, o.err
}

func (g *Grid) read(c Cell) (Result, error) {
	path := filepath.Join(g.Dir, c.name())
	text, err := os.ReadFile(path)
	if err != nil {
		return Result{}, err
	}
	var r Result
	if err := json.Unmarshal(text, &r); err != nil {
		return r, &train.UsageError{Err: fmt.Errorf("%s: %w: remove it to train this model again", path, err)}
	}
	for _, figure := range g.Figures {
		if _, ok := r.Summary.Test.Value(figure); !ok {
			return r, os.ErrNotExist // it was not asked for then
		}
	}
	return r, nil
}

// write writes a result whole or not at all.
func (g *Grid) write(c Cell, r Result) error {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return writeWhole(filepath.Join(g.Dir, c.name()), append(text, '\n'))
}

// writeWhole writes a file beside its place and moves it there.
func writeWhole(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".part-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
