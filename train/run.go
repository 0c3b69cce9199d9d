package train

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/ballast-ml/ballast/dataset"
)

// Run trains on this node, with the others that it finds, until the model is
// done or ctx ends. Everything that the person can get wrong is looked at
// before the network is.
func Run(ctx context.Context, cfg Config, opts Options) (Summary, error) {
	j, err := prepare(ctx, cfg, opts)
	if err != nil {
		return Summary{}, err
	}
	m := &member{job: j, opts: opts, started: time.Now(), flight: flight{metrics: opts.Metrics}}
	if opts.Out != "" {
		if m.dir, err = claim(opts.Out, opts.resumes()); err != nil {
			return Summary{}, usage(err)
		}
		m.dir.metrics.warn = func(err error) {
			opts.Log.Error().Err(err).Msg("metrics cannot be written; they are kept and tried again")
		}
		if opts.TensorBoard {
			m.dir.metrics.events = newEventFile(opts.Out)
		}
		j.observe = Tee(j.observe, m.dir.observer())
		m.checkpoints = openCheckpoints(filepath.Join(opts.Out, checkpointsName), opts.CheckpointEvery, opts.KeepCheckpoints, identityOf(j))
	}
	summary, err := m.join(ctx)
	m.checkpoints.close(j.observe)
	if m.dir != nil {
		err = errors.Join(err, m.dir.close())
		if err != nil && j.state.Step == 0 {
			m.dir.release()
		}
	}
	return summary, err
}

// prepare checks the configuration, opens the data and builds the job.
func prepare(ctx context.Context, cfg Config, opts Options) (*job, error) {
	if err := cfg.Validate(); err != nil {
		return nil, usage(err)
	}
	start := time.Now()
	cfg, err := withData(ctx, cfg, opts)
	if err != nil {
		return nil, err
	}
	spec, err := cfg.dataSpec()
	if err != nil {
		return nil, usage(err)
	}
	spec.Cache, spec.InMemory = opts.Cache, opts.InMemory
	observe := Tee(opts.Observe, Observer{})
	spec.Waiting = func(reason string) { observe.Waiting(Waiting{Reason: reason, Rows: true}) }
	data, err := openData(ctx, spec)
	if err != nil {
		return nil, err
	}
	j, err := newJob(cfg, data)
	if err != nil {
		return nil, usage(err)
	}
	if j.setup.Extra, err = parseFigures(opts.Figures); err != nil {
		return nil, usage(err)
	}
	j.observe = observe
	j.evalEvery, j.plain = opts.EvalEvery, opts.PlainOrder
	j.observe.DataReady(DataReady{
		Name: data.Name, Train: data.Train.Len(), Val: data.Val.Len(), Test: data.Test.Len(),
		Classes: len(data.Classes), Fingerprint: data.Fingerprint, Seconds: time.Since(start).Seconds(),
		Warnings: data.Warnings, Stream: cfg.Stream > 0,
	})
	return j, nil
}

// openData reads the data. What is wrong with it is the person's to mend, but
// not that a server is down.
func openData(ctx context.Context, spec dataset.Spec) (*dataset.Data, error) {
	data, err := dataset.Open(ctx, spec)
	if err != nil && !errors.Is(err, dataset.ErrUnavailable) {
		return nil, usage(err)
	}
	return data, err
}
