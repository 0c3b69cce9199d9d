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

# The test file of nsl-kdd has attacks that its training file does not have, so
# validation rows have some too: a column says which rows belong together, those of an attack or a
# twentieth of the normal ones.
for part in KDDTrain+_20Percent KDDTest+; do
	[ -f "$out/$part.csv" ] || gzip -dc "$data/nsl-kdd/$part.txt.gz" |
		awk -F, '{ print $0 "," ($42 == "normal" ? "normal-" NR % 20 : $42) }' >"$out/$part.csv"
done

# One rule for all: 40 epochs of small batches below 10,000 training rows, else 10.
small=(--epochs 40 --batch 128)
large=(--epochs 10 --batch 256)

# And as many splits into training and validation rows as it takes to judge 500 rows
# of the rarest class, but three at least and twelve at most.
few=(--seeds 0,1,2)
many=(--seeds 0,1,2,3,4,5,6,7,8,9,10,11)

study() { # name splits flags...
	local name=$1 splits=("${!2}")
	shift 2
	[[ " ${SETS:-$name} " == *" $name "* ]] || return 0
	"$ballast" tune --lr 0.003 --norm none --shards 2 --val-fraction 0.2 "${splits[@]}" --space scripts/tables/space.yaml \
		--trials 25 --keep 4 --rounds 2 --out "$out/$name-search" "$@" >/dev/null
	"$ballast" tune --config "$out/$name-search/best.yaml" "${splits[@]}" --space scripts/tables/refine.yaml \
		--trials 8 --rounds 1 --out "$out/$name-refined" >/dev/null
	local base
	base=$(sed -nE 's/^method: "?(absgd\+)?([^" ]+)"?.*/\2/p' "$out/$name-refined/best.yaml")
	echo "## $name"
	"$ballast" compare --config "$out/$name-refined/best.yaml" --val-fraction 0 --methods "$base,absgd+$base" --seeds 0,1,2 \
		--rivals scripts/tables/rivals.yaml --out "$out/$name"
}

study mammography many[@] "${small[@]}" --data "csv:$data/mammography/mammography.csv"
study wine-quality-white many[@] "${small[@]}" --data "csv:$data/wine-quality-white/winequality-white.csv"
study thyroid-sick many[@] "${small[@]}" --data "arff:$data/thyroid-sick/sick.arff"
study shuttle many[@] "${large[@]}" --data "csv:$out/shuttle.txt" --header no
study credit-default few[@] "${large[@]}" --data "csv:$data/credit-default/UCI_Credit_Card.csv.gz" --drop ID --categorical SEX,EDUCATION,MARRIAGE
study adult few[@] "${large[@]}" --data "csv:$out/adult.csv" --header no
# Of most attacks there are few rows.
study nsl-kdd many[@] "${large[@]}" --data "csv:$out/KDDTrain+_20Percent.csv" --test-data "csv:$out/KDDTest+.csv" --header no \
	--label 41 --drop 42,43 --target normal --split group:43

echo "## All"
go run ./scripts/tables "$out"
