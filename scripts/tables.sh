#!/usr/bin/env bash
# The runs behind docs/results/tables.md: on each table a search on the
# validation part, another one around what it has found, and then what that has
# found, trained on all training rows, on the test part. Needs the data sets of BALLAST_DATA; SETS names some of them.
# What is finished is not trained again: an interrupted run goes on.
set -euo pipefail
cd "$(dirname "$0")/.."
data=${BALLAST_DATA:-../shared/data}
export -n BALLAST_DATA # or it would stand in for --data
out=${TABLES_OUT:-runs/tables}
mkdir -p "$out"
ballast=${BALLAST:-bin/ballast}
[ -n "${BALLAST:-}" ] || go build -trimpath -o "$ballast" ./cmd/launcher

# Two of the sets come as two files that are split anew.
[ -f "$out/shuttle.txt" ] || cat "$data"/shuttle/shuttle.{trn,tst} >"$out/shuttle.txt"
[ -f "$out/adult.csv" ] || gzip -dc "$data"/adult/adult-{train,test}.csv.gz | sed -e 's/\.$//' -e '/^$/d' >"$out/adult.csv"

# One rule for all: 40 epochs of small batches below 10,000 training rows, else 10.
small=(--epochs 40 --batch 128)
large=(--epochs 10 --batch 256)

study() { # name flags...
	local name=$1
	shift
	[[ " ${SETS:-$name} " == *" $name "* ]] || return 0
	"$ballast" tune --lr 0.003 --norm none --shards 2 --val-fraction 0.2 --seeds 0,1,2 --space scripts/tables/space.yaml \
		--trials 25 --keep 4 --rounds 2 --out "$out/$name-search" "$@" >/dev/null
	"$ballast" tune --config "$out/$name-search/best.yaml" --seeds 0,1,2 --space scripts/tables/refine.yaml \
		--trials 8 --rounds 1 --out "$out/$name-refined" >/dev/null
	local base
	base=$(sed -nE 's/^method: "?(absgd\+)?([^" ]+)"?.*/\2/p' "$out/$name-refined/best.yaml")
	echo "## $name"
	"$ballast" compare --config "$out/$name-refined/best.yaml" --val-fraction 0 --methods "$base,absgd+$base" --seeds 0,1,2 \
		--rivals scripts/tables/rivals.yaml --out "$out/$name"
}

study mammography "${small[@]}" --data "csv:$data/mammography/mammography.csv"
study wine-quality-white "${small[@]}" --data "csv:$data/wine-quality-white/winequality-white.csv"
study thyroid-sick "${small[@]}" --data "arff:$data/thyroid-sick/sick.arff"
study credit-default "${large[@]}" --data "csv:$data/credit-default/UCI_Credit_Card.csv.gz" --drop ID --categorical SEX,EDUCATION,MARRIAGE
study adult "${large[@]}" --data "csv:$out/adult.csv" --header no
# Validation rows of these two tell settings apart by hardly anything: one split.
study shuttle "${large[@]}" --seed 0 --seeds 1 --data "csv:$out/shuttle.txt" --header no
study nsl-kdd "${large[@]}" --seed 0 --seeds 1 --data "csv:$data/nsl-kdd/KDDTrain+_20Percent.txt.gz" --test-data "csv:$data/nsl-kdd/KDDTest+.txt.gz" --label 41 --drop 42 --target normal

echo "## All"
go run ./scripts/tables "$out"
