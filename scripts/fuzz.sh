#!/usr/bin/env bash
# Runs every fuzz test of the module for the given time each.
set -euo pipefail
time=${1:-20s}
cd "$(dirname "$0")/.."
for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "== $package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 200x "$package"
	done
done
