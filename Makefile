# The commands of the project. Each sets up what it needs first, and skips what is there.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
ENV := . scripts/env.sh;
.DEFAULT_GOAL := help
.PHONY: help run dist record picture test lint bench bench-step bench-burn bench-jax bench-wasm bench-page bench-tokenizer bench-corpus budgets check-hf check-corpus power-cut golden clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

run: dist ## build the page and serve it, on the first free port from 8080
	@exec node scripts/serve.mjs dist

dist: ## build the page into dist/, for any static host, under any path
	@scripts/setup.sh page
	@$(ENV) for_wasm trunk build --release

record: dist ## the recorded runs that the page opens with, anew (minutes; only when the engine's numbers changed)
	@node scripts/record.mjs en zh

picture: dist ## the picture of the README anew
	@scripts/setup.sh test
	@node scripts/picture.mjs

test: ## every check and test; the last line counts them
	@scripts/setup.sh test
	@scripts/test.sh

budgets: dist ## what the page weighs against what it may
	@node scripts/budgets.mjs

lint: ## format, lints, documentation, licences and types only
	@scripts/setup.sh rust types
	@scripts/test.sh format clippy documentation licences types

bench: ## training steps, matrix products, attention and the tokenizer on this machine
	@scripts/setup.sh rust
	@$(ENV) for kind in matmul attention tokenizer step; do cargo run --quiet --release -- bench $$kind; done

bench-step: ## the CPU device's training step against PyTorch (downloads 5 GB once)
	@scripts/setup.sh rust pytorch
	@cargo build --quiet --release
	@build/pytorch/bin/python bench/step.py

bench-burn: ## the training step in WGSL against burn's, on the best adapter
	@scripts/setup.sh rust
	@cargo build --quiet --release
	@cargo run --quiet --release --manifest-path bench/burn/Cargo.toml

bench-jax: build/bench-wasm/bench_wasm.js ## the training step in WGSL against jax-js, in one Chromium page
	@scripts/setup.sh jax
	@node bench/jax/bench.mjs

bench-wasm: build/bench-wasm/bench_wasm.js ## the CPU device's matrix product in wasm against bare gemm, in Node
	@node bench/matmul_wasm.mjs

bench-page: dist ## how quick the page is while it trains: long tasks, sliders, scrubbing, memory
	@node bench/page.mjs

bench-tokenizer: ## training and encoding against rustbpe and tiktoken
	@scripts/setup.sh rust parity vocabularies
	@cargo build --quiet --release
	@build/venv/bin/python bench/tokenizer.py

bench-corpus: ## the corpus filters and MinHash against datatrove, extraction against trafilatura (downloads 400 MB once)
	@scripts/setup.sh rust datatrove
	@cargo build --quiet --release --features full
	@build/datatrove/bin/python bench/corpus.py
	@build/datatrove/bin/python bench/extraction.py

.PHONY: build/bench-wasm/bench_wasm.js
build/bench-wasm/bench_wasm.js:
	@scripts/setup.sh page
	@$(ENV) for_wasm cargo build --quiet --release --target wasm32-unknown-unknown --target-dir target --manifest-path bench/wasm/Cargo.toml
	@$(ENV) wasm-bindgen --target web --out-dir build/bench-wasm target/wasm32-unknown-unknown/release/bench_wasm.wasm

check-hf: ## model folders against Hugging Face transformers, both ways (downloads 5 GB once)
	@scripts/setup.sh rust pytorch
	@cargo build --quiet --release
	@rm -rf build/check-hf
	@for corpus in en zh; do target/release/glasshouse train --corpus $$corpus --steps 60 --out build/check-hf/$$corpus --eval-every 0 --sample-every 0; done
	@build/pytorch/bin/python tests/hf/check_folder.py build/check-hf/en build/check-hf/zh

check-corpus: ## the corpus stages against datatrove, spaCy, warcio, fastText and trafilatura (downloads 400 MB once)
	@scripts/setup.sh rust datatrove languages
	@cargo build --quiet --release --features full
	@build/datatrove/bin/python tests/parity/corpus.py
	@build/datatrove/bin/python tests/parity/warc.py
	@build/datatrove/bin/python tests/parity/corpus_language.py
	@build/datatrove/bin/python tests/parity/corpus_url.py
	@build/datatrove/bin/python tests/parity/extract.py

power-cut: ## what a power cut leaves of a run, a corpus and a tokenizer (root; some minutes)
	@scripts/setup.sh rust
	@cargo build --quiet --release
	@scripts/power_cut.sh

golden: ## the golden values of tests/golden anew (downloads 5 GB once)
	@scripts/setup.sh pytorch
	@build/pytorch/bin/python tests/golden/make_golden.py

clean: ## remove what was built; runs/ stays
	rm -rf target dist build node_modules
