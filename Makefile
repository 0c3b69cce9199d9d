# Ballast: everyday commands. `make` alone lists them.

BALLAST_DATA  ?= ../shared/data
BALLAST_PEERS ?= ../shared/bench/peer
STATICCHECK   ?= honnef.co/go/tools/cmd/staticcheck@v0.8.2
RACE          := ./allreduce/... ./cluster/... ./dataset/... ./internal/bubble ./internal/cli/... ./internal/jobkey/... ./internal/share ./train

.PHONY: help build run test race lint generate bench bench-peers scaling fuzz realdata tables learning soak chaos standstill cover ssh-test clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## bin/ballast (the launcher) and bin/ballast-node
	go build -trimpath -o bin/ballast ./cmd/launcher
	go build -trimpath -o bin/ballast-node ./cmd/node

run: ## the bare run: three methods on the built-in glyphs
	go run ./cmd/launcher run

test: ## all tests that a bare clone can run (under 3 minutes on 2 cores)
	go test ./...

race: ## the packages with goroutines, under the race detector
	go test -race $(RACE)

lint: ## gofmt, go vet, staticcheck, tidy modules
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these"; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	go mod tidy -diff

generate: ## write the assembly kernels again from their generator
	go generate ./internal/kernel

bench: ## kernels, ring and step
	go test -run '^$$' -bench . -benchtime 200ms ./internal/kernel ./allreduce/... ./optimizer ./model ./train

bench-peers: ## beside PyTorch, gloo and OpenBLAS (25 minutes); ONLY=step,ring measures some sections; writes docs/results/performance.md
	go run ./scripts/peers -peers $(BALLAST_PEERS) -only '$(ONLY)'

scaling: ## simulate the ring on up to 1,024 nodes; writes docs/results/scaling.md (15 minutes; with KEEP=DIR it can be interrupted)
	go test -run TestWrite -timeout 1h -v ./internal/bench/scaling -write $(CURDIR)/docs/results -keep '$(abspath $(KEEP))'

fuzz: ## every parser and frame decoder, 20 s each
	./scripts/fuzz.sh 20s

realdata: ## tests on the real data sets in $(BALLAST_DATA)
	BALLAST_DATA=$(abspath $(BALLAST_DATA)) go test -count 1 -tags realdata ./dataset ./train

ssh-test: ## runs on hosts through a real sshd, in network namespaces where we may
	./scripts/ssh-test.sh

tables: ## the runs of docs/results/tables.md on the real sets in $(BALLAST_DATA)
	BALLAST_DATA=$(abspath $(BALLAST_DATA)) ./scripts/tables.sh

learning: ## the runs of docs/results/learning.md
	BALLAST_DATA=$(abspath $(BALLAST_DATA)) go run ./scripts/learning

soak: ## 10,000 random schedules of faults in simulated time
	go test -run TestRandomSchedules -timeout 12h ./train -schedules 10000

chaos: ## 100 runs of four processes, each with a fault; the table lands in docs/results/recovery.md
	go test -count 1 -run TestChaos -timeout 4h ./internal/e2e -chaos 100 -chaosout $(CURDIR)/docs/results/recovery.md

standstill: ## how long training stands still when a node joins a run of 10 million parameters
	go test -count 1 -run TestStandstill -timeout 30m -v ./internal/e2e -standstill 10

cover: ## test coverage by package
	go test -cover ./...

clean: ## remove what was built
	rm -rf bin
