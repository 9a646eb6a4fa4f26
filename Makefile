# The commands of the project. Each sets up what it needs first, and skips what is there.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
ENV := . scripts/env.sh;
.DEFAULT_GOAL := help
.PHONY: help run dist test lint bench clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 14

run: dist ## build the page and serve it, on the first free port from 8080
	@exec node scripts/serve.mjs dist

dist: ## build the page into dist/, for any static host, under any path
	@scripts/setup.sh page
	@$(ENV) for_wasm trunk build --release

test: ## every check and test; the last line counts them
	@scripts/setup.sh test
	@scripts/test.sh

lint: ## format, lints, documentation and licences only
	@scripts/setup.sh rust
	@scripts/test.sh format clippy documentation licences

bench: ## training steps, matrix products, attention and the tokenizer on this machine
	@scripts/setup.sh rust
	@$(ENV) for kind in matmul attention tokenizer step; do cargo run --quiet --release -- bench $$kind; done

clean: ## remove what was built; runs/ stays
	rm -rf target dist build node_modules
