package main

// group is a setting, and what is compared in it: methods as --method has them,
// some with more flags behind them.
type group struct {
	name    string
	flags   []string
	methods []string
	noisy   bool // say how well the loss finds the changed labels
}

var groups = []group{
	{
		name:  "tail",
		flags: []string{"--long-tail", "100", "--model", "mlp:256,128", "--epochs", "20", "--batch", "128"},
		methods: []string{
			"erm", "focal", "smooth", "bitempered", "rgd", "cvar", "chi2", "absgd[lambda=inf@0,5@0.6]", "absgd[ess=0.9]", "groupdro",
			"cb", "drs", "absgd[lambda=inf@0,2@0.8]+cb", "ldam", "ldam[s=10]", "ldam+cb", "ldam[s=10]+cb", "ldam+drs",
			"la", "rgd+la", "cvar+la", "chi2+la", "absgd[lambda=inf@0,5@0.6]+la", "absgd[lambda=inf@0,3@0.6]+la", "absgd[lambda=inf@0,2@0.8]+la",
			"absgd[lambda=inf@0,50..5/4@0.4]+la", "absgd[ess=0.97]+la", "absgd[ess=0.9]+la",
		},
	},
	{
		name:  "tail-lenet",
		flags: []string{"--long-tail", "100", "--model", "lenet", "--epochs", "20", "--batch", "128"},
		methods: []string{
			"erm", "absgd[lambda=inf@0,5@0.6]", "cb", "absgd[lambda=inf@0,2@0.8]+cb",
			"la", "rgd+la", "chi2+la", "absgd[lambda=inf@0,5@0.6]+la", "absgd[lambda=inf@0,3@0.6]+la", "absgd[lambda=inf@0,2@0.8]+la", "absgd[ess=0.97]+la",
			"absgd[ess=0.9]+la", "absgd[ess=0.9]+la --ensemble 4",
			"erm --init-scale 0.4", "la --init-scale 0.4", "absgd[lambda=inf@0,3@0.6]+la --init-scale 0.4",
			"absgd[lambda=inf@0,2@0.8]+la --init-scale 0.4", "absgd[ess=0.9]+la --init-scale 0.4",
			"absgd[lambda=inf@0,3@0.6]+la --init-scale 0.4 --ensemble 4", "absgd[lambda=inf@0,2@0.8]+la --init-scale 0.4 --ensemble 4",
		},
	},
	{
		name:  "noise",
		noisy: true,
		flags: []string{"--label-noise", "sym:0.4", "--val-fraction", "0.1", "--monitor", "accuracy", "--model", "lenet", "--epochs", "60", "--batch", "128"},
		methods: []string{
			"erm", "erm --patience 10", "gce", "sce", "absgd[lambda=inf@0,-1@0.1]", "absgd[lambda=inf@0,2@0.1]",
		},
	},
	{ // 6,000 rows, and nothing that would keep the network from learning them by heart
		name: "noise-mlp",
		flags: []string{"--label-noise", "sym:0.4", "--val-fraction", "0.9", "--model", "mlp:256,128", "--epochs", "60", "--batch", "128",
			"--lr-schedule", "cosine", "--weight-decay", "0"},
		methods: []string{"erm", "gce", "gce[k=0.5]", "sce", "bitempered", "absgd[lambda=inf@0,-1@0.3]", "absgd[lambda=inf@0,-1@0.3,ess=0.6]", "absgd[lambda=inf@0,2@0.3]"},
	},
}

func names() (names []string) {
	for _, g := range groups {
		names = append(names, g.name)
	}
	return names
}
