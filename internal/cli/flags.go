package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/ballast-ml/ballast/dataset"
	"github.com/ballast-ml/ballast/internal/metrics"
	"github.com/ballast-ml/ballast/model"
	"github.com/ballast-ml/ballast/train"
)

// RegainAfter is how long a node has to be on a ring to get back one of the
// restarts that it has spent: a run of weeks outlives more crashes than one
// that crashes at once.
const RegainAfter = 5 * time.Minute

// Words that the flags with a fixed choice take.
var (
	progressModes = []string{"auto", "tty", "plain", "none"}
	logLevels     = []string{"trace", "debug", "info", "warn", "error"}
	headerModes   = []string{"auto", "yes", "no"}
	scaleModes    = []string{dataset.ScaleStandard, dataset.ScaleQuantile, dataset.ScaleNone}
	onNaNModes    = []string{"stop", "skip"}
	dataFroms     = []string{"files", "peers"}
	orders        = []string{"shuffled", "file"}
	transports    = []string{"auto", "shm", "tcp", "grpc"}
)

func (s *Settings) dataFlags(f *pflag.FlagSet) {
	c := &s.Train
	f.StringVar(&c.Data, "data", c.Data, "`SOURCE` of the data: glyphs (built in), fashion-mnist or mnist (downloaded once), idx:DIR (MNIST's files), images:DIR (a folder for each class), cifar10:DIR, cifar100:DIR, or a table csv:FILE, arff:FILE, libsvm:FILE, parquet:FILE, npy:FILE or npz:FILE; all may be gzipped; DIR and FILE are paths or http(s) addresses")
	f.IntVar(&c.Stream, "stream", c.Stream, "`HEAD`: --data is a stream of rows (csv:- is standard input, csv:DIR a directory that files are moved into until one called END, csv:FILE a file), gone through once as it comes; its first HEAD rows tell columns, classes and test rows; 0: no stream")
	f.StringVar(&c.TestData, "test-data", c.TestData, "a second table to test on, a `SOURCE` like that of --data, in place of a split")
	f.StringVar(&c.Label, "label", c.Label, "`COLUMN` of a table that holds the label: a name, or an index from 0; -1 is the last")
	f.StringVar(&c.Target, "target", c.Target, "`LABEL,...` that make up one class; all other labels are the other")
	f.StringVar(&c.Classes, "classes", c.Classes, "`LABEL,...`: all classes of a table, also those that come late in a stream (default: the labels of the training rows)")
	f.StringVar(&c.Categorical, "categorical", c.Categorical, "`COLUMN,...` whose numbers are the codes of categories; columns of text are categories without being told")
	f.StringVar(&c.Drop, "drop", c.Drop, "`COLUMN,...` of a table to leave out")
	f.StringVar(&c.Text, "text", c.Text, "`COLUMN,...` of free text, whose words, pairs of words and trigrams of characters are hashed into an embedding")
	f.StringVar(&c.TextSize, "text-size", c.TextSize, "`BUCKETSxWIDTH` of the embedding of a column of free text: buckets that n-grams are hashed to, and the width of a bucket's vector")
	f.StringVar(&c.Weight, "weight", c.Weight, "`COLUMN` of a table that says how much a training row counts: so many copies of it, up to a common factor; rows of weight 0 are not trained on; figures of validation and testing count rows")
	f.StringVar(&c.Missing, "missing", c.Missing, "`TEXT,...` that stand for a missing cell, as an empty cell always does; auto: ?, NA, N/A, nan, NaN, null, NULL")
	f.Var(wordValue{&c.Scale, scaleModes}, "scale", "`WORD`: numbers of a table to mean 0 and deviation 1 (standard), to the normal deviate of their rank (quantile), or as they are (none)")
	f.Var(wordValue{&c.Header, headerModes}, "header", "`WORD`: whether line 1 of a table holds names: yes, no, or auto: if no feature in it is a number and it is unlike the rows that follow")
	f.StringVar(&c.Separator, "separator", c.Separator, "`CHAR` between the cells of a table, or comma, tab or space; auto: the first of tab, ; , | and space in line 1")
	f.StringVar(&c.ImageSize, "image-size", c.ImageSize, "`PIXELS` that the files of images:DIR are brought to: one number, HEIGHTxWIDTH, or auto: they are of one size")
	f.StringVar(&c.Augment, "augment", c.Augment, "`CHANGE,...` that training images go through, in another way each time: crop (a shift by up to an eighth of the side, or crop=PIXELS), flip (left to right), cutout (a black square of half the side, or cutout=PIXELS); none")
	f.StringVar(&c.Split, "split", c.Split, "`HOW` the rows of one table become training and test rows: stratified (a fifth of each class is tested), kfold:K:FOLD, time:COLUMN (the latest fifth), group:COLUMN (whole groups) or leave:COLUMN=VALUE (the rows with this value; in compare leave:COLUMN, each in turn)")
	f.StringVar(&c.GroupBy, "group-by", c.GroupBy, "`COLUMN` of a table whose values divide the rows into groups, which are judged apart; it is no feature")
	f.BoolVar(&c.GroupFeature, "group-feature", c.GroupFeature, "let the column of --group-by be a feature as well")
	f.Float64Var(&c.LongTail, "long-tail", c.LongTail, "thin the training classes to an exponential profile with this `RATIO` of the largest to the smallest; 0 keeps all rows")
	f.StringVar(&c.LabelNoise, "label-noise", c.LabelNoise, "give training rows wrong labels: sym:`RATE`")
	f.Float64Var(&c.ValFraction, "val-fraction", c.ValFraction, "`FRACTION` of the training rows to set aside for validation")
	f.Uint64Var(&c.Seed, "seed", c.Seed, "`NUMBER` that decides everything random")
	f.Var(optionalValue{&c.DataSeed}, "data-seed", "`NUMBER` in place of the seed for the choice of rows (split, tail, noise, glyphs)")
}

func (s *Settings) methodFlags(f *pflag.FlagSet) {
	c := &s.Train
	f.Var(modelValue{&c.Model}, "model", modelUsage())
	f.Var(autoValue{&c.Dropout, -1}, "dropout", "`PROBABILITY` of dropping a hidden activation; auto: 0.3 on tables, 0 on images")
	f.Float64Var(&c.InitScale, "init-scale", c.InitScale, "`FACTOR` of the initial weights; 1 is He's initialisation, 0.4 about that of PyTorch's layers")
	f.StringVar(&c.Embed, "embed", c.Embed, "how the numbers of a table are taken in, a `WORD`: "+model.Embeddings)
	f.IntVar(&c.Ensemble, "ensemble", c.Ensemble, "`NUMBER` of networks that train side by side, and predict by the mean of their probabilities")
	f.StringVar(&c.Norm, "norm", c.Norm, "what normalises hidden layers, a `WORD`: none, batch (by the statistics of the shard), layer or group:GROUPS; auto is the model's own")
	f.StringVar(&c.Method, "method", c.Method, "`METHOD` as WEIGHTER[+BASELOSS][+cb][+drs] of the words "+strings.Join(methodWords(), ", ")+"; options in brackets: absgd[lambda=2@0.8]+la")
	f.StringVar(&c.Lambda, "lambda", c.Lambda, "temperature of ABSGD as a `SCHEDULE`: one value, or VALUE@START items, START a fraction of the run; inf is plain averaging, a negative value favours easy samples")
	f.Float64Var(&c.Gamma, "gamma", c.Gamma, "`RATE` of ABSGD's moving average u, in (0, 1]")
	f.Float64Var(&c.ESS, "ess", c.ESS, "`FRACTION` of the batch that ABSGD's effective sample size is to be: chooses the size of lambda in each step where it is finite; 0 takes lambda as it is")
	f.Float64Var(&c.Alpha, "alpha", c.Alpha, "`NUMBER` that divides all weights of ABSGD")
	f.Var(wordValue{&c.UInit, []string{"first", "zero"}}, "u-init", "`WORD`: u starts at the value of the first batch (first) or at zero (zero)")
	f.BoolVar(&c.Floor, "floor", c.Floor, "add 1/B to every weight of ABSGD: the variant for noisy labels")
	f.Float64Var(&c.Tau, "tau", c.Tau, "`STRENGTH` of logit adjustment")
	f.Float64Var(&c.CBFrom, "cb-from", c.CBFrom, "`FRACTION` of the run from which class-balanced weights count")
	f.Float64Var(&c.CBBeta, "cb-beta", c.CBBeta, "`BETA` of the effective number of samples in class-balanced weights")
}

// modelUsage says what --model takes.
func modelUsage() string {
	var list []string
	for _, a := range model.Architectures() {
		list = append(list, a.Usage+" ("+a.About+")")
	}
	return "`MODEL` to train; auto is mlp:256,128; " + strings.Join(list, "; ") + "; or a YAML FILE of layers (see docs/models.md)"
}

func (s *Settings) trainingFlags(f *pflag.FlagSet) {
	c := &s.Train
	f.IntVar(&c.Epochs, "epochs", c.Epochs, "`NUMBER` of passes over the data")
	f.IntVar(&c.Steps, "steps", c.Steps, "end after this `NUMBER` of steps; 0 is no limit")
	f.IntVar(&c.Batch, "batch", c.Batch, "`NUMBER` of samples of one step, over all nodes")
	f.Var(wordValue{&c.Order, orders}, "order", "`WORD`: the rows of an epoch shuffled, or as in the file (file), which reads data larger than memory from the disk in one go")
	f.BoolVar(&c.DropLast, "drop-last", c.DropLast, "leave out the short last batch of an epoch")
	f.StringVar(&c.Init, "init", c.Init, "start from the model of another run, a `PATH` of its directory or file, or from a checkpoint: its file, RUN@STEP or RUN@best; with its network, preprocessing and parameters")
	f.StringVar(&c.Reset, "reset", c.Reset, "`NAMES` of tensors that start from the seed all the same, as in --freeze")
	f.StringVar(&c.Freeze, "freeze", c.Freeze, "`NAMES` of tensors not to train, separated by commas: classifier (the last layer), features (all else) or patterns such as layers.0.*")
	f.StringVar(&c.LRScale, "lr-scale", c.LRScale, "factors of the learning rate for some tensors, NAME=`FACTOR`,...; the last that names a tensor counts: features=0.1")
	f.StringVar(&c.Optimizer, "optimizer", c.Optimizer, "`NAME`: sgd, nesterov, adam or adamw; auto: sgd on images, adamw on tables")
	f.Var(autoValue{&c.LR, 0}, "lr", "learning `RATE`; auto: 0.05 on images, 0.002 on tables")
	f.StringVar(&c.LRSchedule, "lr-schedule", c.LRSchedule, "`SCHEDULE`: constant, cosine, step:EVERY:FACTOR or multistep:F1,F2:FACTOR; auto: multistep:0.6,0.8:0.1 on images, cosine on tables")
	f.Float64Var(&c.Momentum, "momentum", c.Momentum, "`NUMBER` in [0, 1) for sgd and nesterov")
	f.Var(autoValue{&c.WeightDecay, -1}, "weight-decay", "`NUMBER`; auto: 5e-4 on images, 1e-2 on tables")
	f.Float64Var(&c.Warmup, "warmup", c.Warmup, "`EPOCHS` over which the learning rate rises")
	f.Float64Var(&c.Clip, "clip", c.Clip, "largest `NORM` of the gradient; 0 is no limit")
	f.Var(wordValue{&c.OnNaN, onNaNModes}, "on-nan", "`WORD`: stop at a step whose loss or gradient is not finite, or skip it")
	f.IntVar(&c.Shards, "shards", c.Shards, "`NUMBER` of slices of every global batch, and the largest number of nodes; the model depends on it, not on the number of nodes")
	f.IntVar(&c.Fold, "fold", c.Fold, "`GROUPS` of shards whose gradients are summed first, and then the groups: faster from 16 nodes on, and another model by its rounding; 0: one ring")
}

func (s *Settings) judgingFlags(f *pflag.FlagSet) {
	c := &s.Train
	f.StringVar(&c.Positive, "positive", c.Positive, "`CLASS` that costs and thresholds are about (default: the one with the fewest training rows)")
	f.StringVar(&c.Cost, "cost", c.Cost, "what missing a row of the positive class and a false alarm `COST`, as in FN=50,FP=1: the figure cost")
	f.StringVar(&c.Monitor, "monitor", c.Monitor, "`FIGURE` on the validation part that the best epoch is chosen by: "+strings.Join(append(metrics.Names(), metrics.Patterns()...), ", "))
	f.IntVar(&c.Patience, "patience", c.Patience, "stop after so many `EPOCHS` without a better --monitor, and take the best epoch's model; 0 takes the last one's")
	f.StringVar(&c.Decide, "decide", c.Decide, "raw, or the `FIGURE` that the decision between classes is tuned for, on the validation part")
	f.StringVar(&c.Prior, "prior", c.Prior, "`FREQUENCIES` of the classes where the model is used: train, balanced, or CLASS=FREQUENCY,... for each; auto is balanced for images thinned to a long tail, and else train")
}

func (s *Settings) nodeFlags(f *pflag.FlagSet, who For) {
	if who == ForLauncher {
		f.Var(countValue{&s.NProc}, "nproc-per-node", "`N` nodes on this machine; auto: half of the cores, at least 2, at most the shards")
		f.Var(rangeValue{&s.NNodes}, "nnodes", "`N` machines, each running this command, or MIN:MAX; 0 is 1, or as many as come with --join")
		f.IntVar(&s.MaxRestarts, "max-restarts", s.MaxRestarts, fmt.Sprintf("how many `TIMES` a node that crashed is started again, while the others go on; each %d minutes on a ring give it one back", int(RegainAfter.Minutes())))
		f.StringSliceVarP(&s.Hosts, "hosts", "H", s.Hosts, "`HOST:SLOTS,...` to start nodes on, through ssh; without slots --nproc-per-node, or 1")
		f.StringVar(&s.HostFile, "hostfile", s.HostFile, "`FILE` of hosts, one a line, as in 'host-a slots=2' (Open MPI's format)")
		f.StringSliceVar(&s.Include, "include", s.Include, "`HOST,...` of the list of hosts to start nodes on (default: all)")
		f.StringSliceVar(&s.Exclude, "exclude", s.Exclude, "`HOST,...` of the list of hosts to leave out")
		f.StringSliceVar(&s.Tee, "tee", s.Tee, "`NODE,...` whose logs are shown on the screen as well, or all; they are in --out/logs in any case")
		f.BoolVar(&s.Push, "push", s.Push, "copy this program to the hosts for the time of the run")
		f.BoolVar(&s.Detach, "detach", s.Detach, "end once there is a ring, and let the nodes train on; those that crash are not started again then")
	} else {
		f.Var(rangeValue{&s.NNodes}, "nnodes", "`N` nodes to start with, of which any number may be lost later; or MIN:MAX: start with MIN, wait below it, take in up to MAX; 0 takes those who come")
		f.StringVar(&s.Name, "name", s.Name, "`NAME` of this node; it orders the ring (default: the host's)")
	}
	f.IntVar(&s.Quorum, "quorum", s.Quorum, "`NUMBER` of nodes of the last ring that have to be in the next one; 0 is more than half, proved dead ones not counted")
	f.StringSliceVar(&s.Join, "join", s.Join, "`HOST:PORT` of a node to join; may be given several times; the same on every machine")
	f.StringVar(&s.Listen, "listen", s.Listen, "`HOST:PORT` to listen on (default: the --join address if it is here and free, else any free port)")
	f.StringVar(&s.Advertise, "advertise", s.Advertise, "`ADDRESS` that others reach this machine at: HOST, HOST:PORT, the name of an interface, a network as 10.0.0.0/8, or ^NAME,... for all interfaces but these (default: found out)")
	f.StringVar(&s.RunID, "run-id", s.RunID, "`LABEL` of the run; nodes of another label are refused")
	f.StringVar(&s.SecretFile, "job-secret-file", s.SecretFile, "`FILE` with the secret that the nodes share; or set "+secretVariable)
	f.BoolVar(&s.Insecure, "insecure", s.Insecure, "allow a run that other machines can reach to have no secret: strangers can read and join it")
	if who == ForLauncher {
		// Its nodes are of one user on one machine: who they are is proved, and
		// encrypting what never leaves the machine would cost a sixth of the speed.
		s.PlainLoopback = true
	}
	f.BoolVar(&s.PlainLoopback, "plain-loopback", s.PlainLoopback, "between nodes of one machine, check the secret but do not encrypt the ring: faster")
	f.Var(wordValue{&s.Transport, transports}, "transport", "`WORD`: how gradients travel between two nodes: shm (memory that processes of one machine share), tcp, grpc; auto takes the first that can be had")
	f.BoolVar(&s.Overlap, "overlap", s.Overlap, "let the nodes talk while the backward pass runs; with --overlap=false each waits first, which is slower and ends in the same bits")
	f.Var(metricsValue{&s.MetricsAddr}, "metrics-addr", metricsUsage(who))
	f.DurationVar(&s.StartTimeout, "start-timeout", s.StartTimeout, "longest `TIME` to wait for the other nodes, as in 30s or 10m")
}

// metricsUsage says what --metrics-addr takes.
func metricsUsage(who For) string {
	text := "`HOST:PORT` to serve the node's figures to Prometheus at, under /metrics, and its health under /healthz, over plain HTTP; a port alone is at 127.0.0.1, 0 any free one"
	if who == ForLauncher {
		text += "; further nodes of a machine take the ports behind it"
	}
	return text + " (default: none)"
}

func (s *Settings) outputFlags(f *pflag.FlagSet, who For) {
	f.StringVar(&s.Out, "out", s.Out, "`DIR` for what the run leaves; must be new, except with --resume (default runs/DATA-METHOD-TIME)")
	f.StringVar(&s.Resume, "resume", s.Resume, "`WHERE` to start: never (at the beginning), auto (at the newest valid checkpoint in --out, if there is one), or the PATH of a checkpoint or of a run directory")
	f.IntVar(&s.CheckpointEvery, "checkpoint-every", s.CheckpointEvery, "`STEPS` between checkpoints; 0 writes one after each epoch, a negative number none")
	f.IntVar(&s.KeepCheckpoints, "keep-checkpoints", s.KeepCheckpoints, "`NUMBER` of checkpoints to keep, besides the best one")
	f.IntVar(&s.EvalEvery, "eval-every", s.EvalEvery, "`EPOCHS` between evaluations, on the validation part or else the test part; 0 evaluates at the end only")
	f.StringSliceVar(&s.Figures, "figures", s.Figures, "`NAMES` of figures to report besides: recall@precision=0.9, recall@fpr=0.01, recall@top=100, precision@top=0.01")
	f.BoolVar(&s.TensorBoard, "tensorboard", s.TensorBoard, "write event files for TensorBoard into --out: the steps and evaluations of metrics.jsonl")
	f.Var(wordValue{&s.Progress, progressModes}, "progress", "`MODE` of showing progress on stderr: auto, tty (a live line), plain (lines for a log) or none")
	f.Var(wordValue{&s.LogLevel, logLevels}, "log-level", "lowest `LEVEL` in the log: trace, debug, info, warn or error")
	if who == ForNode {
		f.StringVar(&s.LogFile, "log-file", s.LogFile, "`FILE` for the log (default: stderr)")
	}
	s.cacheFlags(f)
	f.Var(wordValue{&s.DataFrom, dataFroms}, "data-from", "`WORD`: files, or peers: what of the data's files is not on this machine is fetched from the nodes of --join, into --cache")
	f.IntVar(&s.InMemory, "in-memory", s.InMemory, "`MIB` of the largest piece of the data that is held in memory; larger pieces lie in files in --cache and are read in place")
	f.StringVar(&s.ConfigFile, "config", s.ConfigFile, "YAML `FILE` of settings, by the names of these flags")
}

// methodWords returns the words of --method.
func methodWords() []string {
	var names []string
	for _, w := range train.Words() {
		names = append(names, w.Name)
	}
	return names
}

func (s *Settings) cacheFlags(f *pflag.FlagSet) {
	f.StringVar(&s.Cache, "cache", s.Cache, "`DIR` where parsed tables are kept for the next run (default: ballast in the user's cache directory)")
	f.BoolVar(&s.NoCache, "no-cache", s.NoCache, "parse tables anew, and keep nothing of them")
}
