#!/usr/bin/env bash
# The runs behind docs/results/first.md. Needs the data sets of
# BALLAST_DATA; takes about 20 minutes on 2 cores. Results land in
# runs/first, and the tables on standard output.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${BALLAST_DATA:-../shared/data}
out=${BALLAST_FIRST_OUT:-runs/first}
go build -trimpath -o bin/ballast ./cmd/launcher

run() { # name seed flags...
	local name=$1 seed=$2
	shift 2
	[ -f "$out/$name/$seed/summary.json" ] && return
	rm -rf "$out/$name/$seed"
	bin/ballast run --out "$out/$name/$seed" --seed "$seed" --progress none "$@" >/dev/null
}

tail=(--data "idx:$data/fashion-mnist" --long-tail 100 --model mlp:256,128 --epochs 20 --batch 128)
for seed in 0 1 2; do
	run erm $seed "${tail[@]}" --method erm
	run cb $seed "${tail[@]}" --method 'cb[from=0.8]'
	run la $seed "${tail[@]}" --method la
	run absgd $seed "${tail[@]}" --method 'absgd[lambda=inf@0,5@0.6]'
	run absgd+cb $seed "${tail[@]}" --method 'absgd[lambda=inf@0,2@0.8]+cb[from=0.8]'
	run absgd3+la $seed "${tail[@]}" --method 'absgd[lambda=inf@0,3@0.6]+la'
	run absgd5+la $seed "${tail[@]}" --method 'absgd[lambda=inf@0,5@0.6]+la'
done
run lenet-full 0 --data "idx:$data/fashion-mnist" --model lenet --epochs 10 --batch 128 --method erm

for set in "mammography/mammography.csv" "wine-quality-white/winequality-white.csv"; do
	name=$(dirname "$set")
	for seed in 0 1 2; do
		run "$name-erm" $seed --data "csv:$data/$set" --label -1 --method erm
		run "$name-la" $seed --data "csv:$data/$set" --label -1 --method la
		run "$name-absgd+la" $seed --data "csv:$data/$set" --label -1 --method absgd+la
	done
done

echo "## Fashion-MNIST, long tail 100"
go run scripts/table.go "$out"/{erm,cb,la,absgd,absgd+cb,absgd3+la,absgd5+la}/{0,1,2}
echo "## Fashion-MNIST, LeNet, full"
go run scripts/table.go "$out"/lenet-full/0
for name in mammography wine-quality-white; do
	echo "## $name"
	go run scripts/table.go "$out"/"$name"-{erm,la,absgd+la}/{0,1,2}
done
