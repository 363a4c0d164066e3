# Every target sets up the machine first (scripts/install-deps.sh: silent and quick when nothing is missing).
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO_HOME ?= $(HOME)/.cargo
export PATH := $(CARGO_HOME)/bin:$(PATH)
target := $(or $(CARGO_TARGET_DIR),target)

# A folder with video/, audio/, bad/ and hls/ in it, for matrix.
MEDIA ?= ../shared/media
# How often kill-test kills the process in the middle of a batch.
KILLS ?= 20
# How long torture goes on: long, or sizes such as "cuts=500 kills=50" (scripts/torture.sh).
TORTURE ?= long

.PHONY: help setup demo test lint bench bench-queue matrix kill-test torture testdata

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 22

setup: ## install what is missing (Debian, Ubuntu; elsewhere it says what to install)
	@scripts/install-deps.sh

demo: setup ## build, run the main job on a clip, show what came out (INPUT=my.mp4 runs it on yours)
	@scripts/demo.sh $(if $(INPUT),"$(INPUT)")

# Benchmarks are not tests: --all-targets would run them, so the targets are named. Doc tests need their own call.
# The results come last, also when something failed.
test: setup ## every test, the documentation's examples and the library's example programs
	@mkdir -p $(target); failed=0; \
	{ cargo test --workspace --no-fail-fast --lib --bins --tests --examples && \
	  cargo test --workspace --no-fail-fast --doc && scripts/run-examples.sh; } 2>&1 | tee $(target)/test.log || failed=1; \
	awk '/^test .* FAILED$$/ { print } /^test result/ { print; passed += $$4; failed += $$6; ignored += $$8 } \
	  END { printf "test result in all: %d passed; %d failed; %d ignored\n", passed, failed, ignored }' $(target)/test.log; \
	exit $$failed

lint: setup ## formatting, clippy and documentation, warnings denied
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

bench: setup ## the benchmarks
	cargo bench -p opmill-benches

bench-queue: setup ## the queue beside beanstalkd, Redis and PostgreSQL, its syncs counted, a million jobs (installs the peers)
	@scripts/install-peers.sh
	cargo bench -p opmill-benches --bench queue

matrix: setup ## every file below MEDIA x (transcode, remux, screenshot, probe), each result checked with ffprobe and ffmpeg
	@[ -d "$(MEDIA)" ] || { echo "no media at $(MEDIA): give MEDIA=a folder with video/, audio/, bad/ and hls/ in it"; exit 0; }; \
	  MEDIA="$(abspath $(MEDIA))" cargo test -p opmill --test matrix every_file -- --nocapture

kill-test: setup ## kill a batch KILLS times at random moments and finish it
	OPMILL_KILLS=$(KILLS) cargo test -p opmill --test cli kill:: -- --nocapture

torture: setup ## cut the power, kill, refuse, damage: the fault tests in their long form, and what they saw
	@TORTURE="$(TORTURE)" scripts/torture.sh

testdata: setup ## make the clips in testdata/media anew
	testdata/media/make.sh
