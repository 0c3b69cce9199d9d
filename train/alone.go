package train

import (
	"context"
	"fmt"

	"github.com/ballast-ml/ballast/allreduce"
	"github.com/ballast-ml/ballast/dataset"
)

// Open opens the data that a configuration names. Configurations with equal
// [Config.DataKey] may share it. Parsed tables are kept in the directory cache;
// empty: nowhere.
func Open(ctx context.Context, cfg Config, cache string) (*dataset.Data, error) {
	if err := cfg.Validate(); err != nil {
		return nil, usage(err)
	}
	spec, err := cfg.dataSpec()
	if err != nil {
		return nil, usage(err)
	}
	spec.Cache = cache
	data, err := dataset.Open(ctx, spec)
	return data, usage(err)
}

// Alone trains a model in this process and returns its file and summary: the
// same bits as any run of the same configuration on nodes. There is no network
// and nothing is written; data is that of cfg, already open. Several may train
// at once. Of o, Figures and Observe count.
func Alone(ctx context.Context, cfg Config, data *dataset.Data, o Options) ([]byte, Summary, error) {
	if err := cfg.Validate(); err != nil {
		return nil, Summary{}, usage(err)
	}
	j, err := newJob(cfg, data)
	if err == nil {
		j.setup.Extra, err = parseFigures(o.Figures)
	}
	if err != nil {
		return nil, Summary{}, usage(err)
	}
	j.observe = Tee(o.Observe, Observer{})
	t := allreduce.Topology{Run: "alone", Generation: 1, Names: []string{"alone"}, Shards: []int{0, cfg.Shards}, Groups: cfg.Fold}
	ring, err := allreduce.Form(ctx, allreduce.NewMem(), t)
	if err != nil {
		return nil, Summary{}, err
	}
	s := newSession(j, ring, 0, cfg.Shards)
	s.bounds, s.names = t.Shards, t.Names
	out, err := s.train(ctx)
	s.close()
	if closing := ring.Close(); err == nil {
		err = closing
	}
	out.summary.Nodes = 1
	return out.file, out.summary, err
}

// DataKey tells configurations apart that choose or prepare rows differently.
func (c Config) DataKey() string { return fmt.Sprintf("%+v %s", c.spec(), c.Init) }
