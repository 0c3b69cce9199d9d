package train

// Config is all that shapes the model, and nothing else: together with the
// content of the data it decides every bit of the model file. Where a run
// happens, on how many nodes, and where it writes is in [Options].
//
// The koanf tags are the keys of the configuration file; the flags have the
// same names, the environment variables are BALLAST_ and the name in capitals
// with '_' for '-'. A field documented with "auto" is filled by Resolve from
// the kind of data (images or tables).
type Config struct {
	// Data is glyphs, idx:DIR or csv:FILE; DIR and FILE are paths or http(s)
	// addresses. The place may differ from node to node; the content may not.
	Data string `koanf:"data"`
	// TestData is a second file for testing (csv:FILE); empty: the test part
	// that the source defines.
	TestData string `koanf:"test-data"`
	// Label names the label column of a CSV file, by header or by index from
	// 0; -1 is the last.
	Label string `koanf:"label"`
	// Target is a comma-separated list of labels: those rows are one class, all
	// others another. Empty: a class for each label.
	Target string `koanf:"target"`
	// Header says whether line 1 of a text holds names: yes, no or auto.
	Header string `koanf:"header"`
	// Separator is what stands between the cells of a text: auto, comma, tab,
	// space or one character.
	Separator string `koanf:"separator"`
	// Missing is a comma-separated list of texts that stand for a missing cell;
	// auto: ?, NA and their like.
	Missing string `koanf:"missing"`
	// Categorical and Drop are comma-separated lists of columns of a table: those
	// whose numbers are codes of categories, and those to leave out.
	Categorical string `koanf:"categorical"`
	Drop        string `koanf:"drop"`
	// Text is a comma-separated list of columns of free text; TextSize, as in
	// 4096x16, the number of buckets that the words of one are hashed to, and the
	// width of a bucket's vector.
	Text     string `koanf:"text"`
	TextSize string `koanf:"text-size"`
	// Weight is the column that says how much a training row counts, > 0; empty:
	// all alike.
	Weight string `koanf:"weight"`
	// Scale is what becomes of the numbers of a table: standard, quantile, none.
	Scale string `koanf:"scale"`
	// ImageSize is what the files of images:DIR are brought to: auto, N or HxW.
	ImageSize string `koanf:"image-size"`
	// Augment is what training images go through as they are read, in the words
	// of [dataset.ParseAugment]; evaluations see them as they are.
	Augment string `koanf:"augment"`
	// Stream, if positive, says that Data is a stream, which is gone through once: so
	// many of its rows are read before the first step.
	Stream int `koanf:"stream"`
	// Classes is a comma-separated list of all classes of a table; empty: the labels
	// of the training rows.
	Classes string `koanf:"classes"`
	// Split says how rows are divided: stratified, kfold:K:FOLD, time:COLUMN,
	// group:COLUMN or leave:COLUMN=VALUE (see [Domains] for all values).
	Split string `koanf:"split"`
	// GroupBy is a column of a table whose values divide the rows into groups,
	// which are reported apart; empty: none. It is no feature, unless GroupFeature
	// says so.
	GroupBy      string `koanf:"group-by"`
	GroupFeature bool   `koanf:"group-feature"`
	// LongTail thins the training classes to an exponential profile with this
	// ratio of the largest to the smallest; 0 or 1 keeps all rows. Glyphs
	// have a tail of 100 of their own.
	LongTail float64 `koanf:"long-tail"`
	// LabelNoise is empty or sym:RATE.
	LabelNoise string `koanf:"label-noise"`
	// ValFraction of the training rows is cut off for validation.
	ValFraction float64 `koanf:"val-fraction"`
	// Seed decides everything random; DataSeed, if set, takes its place for
	// the choice of rows (split, tail, noise, glyphs).
	Seed     uint64  `koanf:"seed"`
	DataSeed *uint64 `koanf:"data-seed"`

	// Model is one of [model.Architectures]; "auto" is mlp:256,128.
	Model string `koanf:"model"`
	// Embed is how the numbers of a table are taken in, in the words of
	// [model.Embeddings].
	Embed string `koanf:"embed"`
	// Ensemble is the number of networks that train side by side and predict by
	// their mean probabilities.
	Ensemble int `koanf:"ensemble"`
	// Dropout is the probability of dropping a hidden activation; negative is
	// auto: 0.3 on tables, 0 on images.
	Dropout float64 `koanf:"dropout"`
	// InitScale multiplies the initial weights, in (0, 10].
	InitScale float64 `koanf:"init-scale"`
	// Norm is what normalises hidden layers: none, batch (per shard), layer or
	// group:GROUPS; auto is the architecture's own.
	Norm string `koanf:"norm"`

	// Method is WEIGHTER[+BASELOSS][+cb], options in brackets.
	Method string `koanf:"method"`
	// Lambda is ABSGD's temperature: one value, or VALUE@START items.
	Lambda string `koanf:"lambda"`
	// Gamma is the rate of the moving average u, in (0, 1].
	Gamma float64 `koanf:"gamma"`
	// Alpha divides all weights of ABSGD, > 0.
	Alpha float64 `koanf:"alpha"`
	// UInit is first (u starts at the first batch's own value) or zero.
	UInit string `koanf:"u-init"`
	// ESS, in (0, 1], chooses the size of λ in each step such that the effective
	// sample size is this fraction of the batch; Lambda then says when, and with
	// which sign. 0 takes λ as it is.
	ESS float64 `koanf:"ess"`
	// Floor adds 1/B to every ABSGD weight: the noisy-label variant.
	Floor bool `koanf:"floor"`
	// Tau is the strength of logit adjustment.
	Tau float64 `koanf:"tau"`
	// CBFrom is the fraction of the run from which class-balanced weights
	// count; CBBeta the beta of the effective number of samples.
	CBFrom float64 `koanf:"cb-from"`
	CBBeta float64 `koanf:"cb-beta"`

	// Epochs of training; Steps, if positive, ends the run earlier.
	Epochs int `koanf:"epochs"`
	Steps  int `koanf:"steps"`
	// Batch is the number of samples of one step over all nodes.
	Batch int `koanf:"batch"`
	// Order is shuffled, in another way in each epoch, or file: that of the rows in
	// the files.
	Order string `koanf:"order"`
	// DropLast leaves out the short last batch of an epoch.
	DropLast bool `koanf:"drop-last"`

	// Init is what the run's parameters start from: a model file, a run directory
	// with one, a checkpoint, or RUN@STEP or RUN@best for one in a run directory;
	// empty: the seed.
	Init string `koanf:"init"`
	// Reset names tensors that start from the seed all the same, separated by
	// commas, as [model.Network.Select] takes them; Freeze those that are not
	// trained; LRScale has NAME=FACTOR items for those with a learning rate of
	// their own, of which the last that names a tensor counts.
	Reset   string `koanf:"reset"`
	Freeze  string `koanf:"freeze"`
	LRScale string `koanf:"lr-scale"`

	// Optimizer is sgd, nesterov, adam or adamw; auto: sgd on images, adamw on
	// tables.
	Optimizer string `koanf:"optimizer"`
	// LR is the learning rate; 0 is auto: 0.05 (images), 0.002 (tables).
	LR float64 `koanf:"lr"`
	// LRSchedule is constant, cosine, step:EVERY:FACTOR or
	// multistep:F1,F2:FACTOR; auto: multistep:0.6,0.8:0.1 (images), cosine.
	LRSchedule string `koanf:"lr-schedule"`
	// Momentum of sgd and nesterov; beta1 of adam and adamw is 0.9.
	Momentum float64 `koanf:"momentum"`
	// WeightDecay; negative is auto: 5e-4 (images), 1e-2 (tables).
	WeightDecay float64 `koanf:"weight-decay"`
	// Warmup is the number of epochs over which the rate rises linearly.
	Warmup float64 `koanf:"warmup"`
	// Clip is the largest norm of the gradient; 0 is no limit.
	Clip float64 `koanf:"clip"`

	// OnNaN is stop or skip: what to do with a step that comes to a loss or a
	// gradient that is not finite.
	OnNaN string `koanf:"on-nan"`

	// Positive names the class that costs and thresholds are about; empty: the
	// one with the fewest training rows.
	Positive string `koanf:"positive"`
	// Cost is empty or FN=COST,FP=COST: what it costs to miss a row of the
	// positive class, and to take another row for it.
	Cost string `koanf:"cost"`
	// Monitor names the figure on the validation part that the best epoch is
	// chosen by.
	Monitor string `koanf:"monitor"`
	// Patience, if positive, ends the run after so many epochs in which Monitor
	// was not better than before, and makes the best epoch's model the run's.
	Patience int `koanf:"patience"`
	// Decide is raw, or the name of the figure that the decision between the
	// classes is tuned for, on the validation part.
	Decide string `koanf:"decide"`
	// Prior says how frequent the classes are where the model is used: train,
	// balanced, or NAME=FREQUENCY for each class; auto is balanced for images
	// that were thinned to a long tail, and else train.
	Prior string `koanf:"prior"`

	// Shards is the number of slices of every global batch, and with it the
	// largest number of nodes that compute.
	Shards int `koanf:"shards"`
	// Fold, if positive, is the number of groups of shards whose gradients are
	// summed apart, before the groups' sums are. It divides Shards.
	Fold int `koanf:"fold"`
}

// Defaults returns the configuration of a run with no flags.
func Defaults() Config {
	return Config{
		Data: "glyphs", Label: "-1", Header: "auto", Separator: "auto", Missing: "auto", Scale: "standard", Split: "stratified", TextSize: "4096x16", ImageSize: "auto", Augment: "none", Seed: 1,
		Model: "auto", Norm: "auto", Embed: "none", Ensemble: 1, Dropout: -1, InitScale: 1,
		Method: "absgd+la", Lambda: "inf@0,5@0.6", Gamma: 0.9, Alpha: 1, UInit: "first", Tau: 1,
		CBFrom: 0.8, CBBeta: 0.9999,
		Epochs: 20, Batch: 128, Order: "shuffled",
		Optimizer: "auto", LRSchedule: "auto", Momentum: 0.9, WeightDecay: -1, Warmup: 1, Clip: 5,
		OnNaN:   "stop",
		Monitor: "balanced_accuracy", Decide: "raw", Prior: "auto",
		Shards: 8,
	}
}
