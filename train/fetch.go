package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	clusterrpc "github.com/ballast-ml/ballast/cluster/rpc"
	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/jobkey"
	"github.com/ballast-ml/ballast/internal/share"
)

// What files of a run are for.
const (
	dataPart = "data"
	testPart = "test"
)

// shelf is what this node gives to those without the files: its own, if it has
// any. Strangers get nothing: without a secret nobody does, but where strangers
// were let in.
func shelf(cfg Config, opts Options) *share.Shelf {
	return share.NewShelf(opts.run(), func(ctx context.Context) (files []share.File, err error) {
		if len(opts.Secret) == 0 && !opts.Insecure {
			return nil, nil
		}
		for _, part := range [][2]string{{dataPart, cfg.Data}, {testPart, cfg.TestData}} { // in one order on all nodes
			if part[1] == "" {
				continue
			}
			f, err := dataset.FilesOf(ctx, part[1], cfg.spec())
			if err != nil {
				return nil, fmt.Errorf("this node does not give its data: %w", err)
			}
			for i, path := range f.Paths {
				files = append(files, share.File{Part: part[0], Name: f.Names[i], Path: path})
			}
		}
		return files, nil
	})
}

// withData returns the configuration with data that are on this node: as it
// is, if they are there, or with those that a node of the run has given.
func withData(ctx context.Context, cfg Config, opts Options) (Config, error) {
	if opts.DataFrom != "peers" {
		return cfg, nil
	}
	if cfg.Stream > 0 {
		return cfg, usage(errors.New("--data-from peers does not go with --stream: its files are not there yet"))
	}
	data, missing, err := filesOf(ctx, cfg.Data, cfg)
	if err != nil {
		return cfg, usage(fmt.Errorf("--data-from peers: %w", err))
	}
	var test dataset.Files
	if cfg.TestData != "" {
		var none bool
		if test, none, err = filesOf(ctx, cfg.TestData, cfg); err != nil {
			return cfg, usage(fmt.Errorf("--data-from peers: %w", err))
		}
		missing = missing || none
	}
	if !missing {
		return cfg, nil
	}
	if len(opts.Join) == 0 {
		return cfg, usage(fmt.Errorf("--data-from peers: the files of %s are not here, and --join names no node that has them", cfg.Data))
	}
	got, err := fetch(ctx, opts)
	if err != nil {
		return cfg, fmt.Errorf("--data-from peers: %w", err)
	}
	names := map[string][]string{}
	for _, e := range got.Files {
		names[e.Part] = append(names[e.Part], e.Name)
	}
	if len(names[dataPart]) == 0 || cfg.TestData != "" && len(names[testPart]) == 0 {
		return cfg, usage(errors.New("--data-from peers: the other node has no such files: its --data and --test-data are others"))
	}
	cfg.Data = data.At(filepath.Join(got.Dir, dataPart), names[dataPart])
	if cfg.TestData != "" {
		cfg.TestData = test.At(filepath.Join(got.Dir, testPart), names[testPart])
	}
	return cfg, nil
}

// filesOf returns the files of a source, and whether they are missing here.
func filesOf(ctx context.Context, word string, cfg Config) (f dataset.Files, missing bool, err error) {
	f, err = dataset.FilesOf(ctx, word, cfg.spec())
	if errors.Is(err, fs.ErrNotExist) {
		return f, true, nil
	}
	return f, false, err
}

// fetch gets the files of the run from the nodes to join.
func fetch(ctx context.Context, opts Options) (share.Fetched, error) {
	credentials, err := jobkey.TLS(opts.Secret)
	if err != nil {
		return share.Fetched{}, err
	}
	// Only its client side is used: nothing is served.
	client, err := clusterrpc.Listen(ctx, "127.0.0.1:0", clusterrpc.TLS(credentials), clusterrpc.PlainLoopback(opts.PlainLoopback), clusterrpc.Log(opts.Log))
	if err != nil {
		return share.Fetched{}, err
	}
	dir := opts.Cache
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "ballast")
	}
	wait := opts.StartTimeout
	if wait == 0 {
		wait = 10 * time.Minute
	}
	observe := Tee(opts.Observe, Observer{})
	c := share.Client{
		Run: opts.run(), Peers: opts.Join, Parts: []string{dataPart, testPart}, Dir: filepath.Join(dir, "from-peers"),
		Patience: wait,
		Ask:      client.Ask, Waiting: func(reason string) { observe.Waiting(Waiting{Reason: reason}) },
	}
	got, err := c.Fetch(ctx)
	if err := errors.Join(err, client.Close()); err != nil {
		return got, err
	}
	opts.Log.Info().Int("files", len(got.Files)).Int64("bytes", got.Bytes).Str("dir", got.Dir).Msg("the data are here")
	return got, nil
}
