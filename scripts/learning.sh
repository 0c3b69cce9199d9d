#!/usr/bin/env bash
# The runs behind docs/results/learning.md: each loss and weighter beside its
# base loss alone and plain training, on the same seeds. Needs the Fashion-MNIST
# of BALLAST_DATA; takes about 15 minutes of one core. Results land in
# runs/learning, and the tables on standard output. SEEDS chooses the seeds.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${BALLAST_DATA:-../shared/data}
out=${LEARNING_OUT:-runs/learning}
seeds=${SEEDS:-0 1 2}
ballast=${BALLAST:-bin/ballast}
[ -n "${BALLAST:-}" ] || go build -trimpath -o bin/ballast ./cmd/launcher

run() { # group name seed method flags...
	local dir="$out/$1/$2/$3" seed=$3 method=$4
	shift 4
	[ -f "$dir/summary.json" ] && return
	rm -rf "$dir"
	"$ballast" run --nproc-per-node 1 --checkpoint-every -1 --out "$dir" --seed "$seed" --progress none --method "$method" "$@" >/dev/null
}

tail=(--data "idx:$data/fashion-mnist" --long-tail 100 --model mlp:256,128 --epochs 20 --batch 128)
longtail() { run tail "$1" "$seed" "${@:2}" "${tail[@]}"; }

# 6,000 training rows, 40 % of whose labels are changed to another class, and
# nothing that would keep the network from learning them by heart.
noisy=(--data "idx:$data/fashion-mnist" --val-fraction 0.9 --label-noise sym:0.4 --model mlp:256,128
	--epochs 60 --batch 128 --lr-schedule cosine --weight-decay 0)
noise() { run noise "$1" "$seed" "${@:2}" "${noisy[@]}"; }

longtails=(erm focal smooth bitempered rgd cvar chi2 groupdro cb drs ldam ldam+cb ldam+drs la rgd+la cvar+la chi2+la)
for seed in $seeds; do
	for method in "${longtails[@]}"; do
		longtail $method $method
	done
	longtail absgd 'absgd[lambda=inf@0,5@0.6]'
	longtail ess 'absgd[ess=0.9]'
	longtail ldam10+cb 'ldam[s=10]+cb'
	longtail absgd+la 'absgd[lambda=inf@0,5@0.6]+la'
	longtail damped+la 'absgd[lambda=inf@0,50..5/4@0.4]+la'
	longtail ess+la 'absgd[ess=0.97]+la'
	longtail ess90+la 'absgd[ess=0.9]+la'

	for method in erm gce sce bitempered; do
		noise $method $method
	done
	noise absgd-negative 'absgd[lambda=inf@0,-1@0.3]'
	noise ess-negative 'absgd[lambda=inf@0,-1@0.3,ess=0.6]'
	noise gce-truncated 'gce[k=0.5]'
	noise absgd-positive 'absgd[lambda=inf@0,2@0.3]'
done

echo "## Long tail"
for name in erm focal smooth bitempered rgd cvar chi2 absgd ess groupdro cb drs ldam ldam+cb ldam10+cb ldam+drs \
	la rgd+la cvar+la chi2+la absgd+la damped+la ess+la ess90+la; do
	for seed in $seeds; do echo "$out/tail/$name/$seed"; done
done | xargs go run scripts/table.go
echo "## Label noise"
for name in erm gce gce-truncated sce bitempered absgd-negative ess-negative absgd-positive; do
	for seed in $seeds; do echo "$out/noise/$name/$seed"; done
done | xargs go run scripts/table.go
