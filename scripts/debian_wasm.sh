#!/usr/bin/env bash
# Builds the wasm32 standard library from Debian's packages and links the result as the rustup toolchain `debian`.
# For machines that reach Debian's archive and cargo's registry but not rustup's server; scripts/setup.sh calls it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }
target=wasm32-unknown-unknown

command -v apt-get >/dev/null && command -v rustup >/dev/null ||
  fail "the Rust target $target is missing: run 'rustup target add $target' where the network allows it"
[[ $(id -u) == 0 ]] ||
  fail "the Rust target $target is missing: run 'rustup target add $target' where the network allows it, or this script as root: 'sudo -E $0'"

if ! [[ -x /usr/bin/rustc && -d /usr/lib/rustlib && -n $(dpkg-query -W -f '${Status}' rust-web-src 2>/dev/null | grep -F ' installed') ]]; then
  apt-get update -qq </dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends rustc-web rust-web-src </dev/null >/dev/null ||
    fail "'apt-get install rustc-web rust-web-src' failed: see the lines above"
fi

# Debian's compiler looks for its linker by this name; rustup's toolchain brings one.
if ! command -v rust-lld >/dev/null; then
  host=$(rustc -vV | sed -n 's/^host: //p')
  ln -sf "$(rustc --print sysroot)/lib/rustlib/$host/bin/rust-lld" /usr/bin/rust-lld
fi

library=/usr/lib/rustlib/$target/lib
if ! compgen -G "$library/libtest-*.rlib" >/dev/null; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/src"
  printf '[package]\nname = "empty"\nedition = "2021"\n[lib]\n' >"$work/Cargo.toml"
  : >"$work/src/lib.rs"
  # `test` is needed too, or the tests in the browser do not link.
  (cd "$work" && env -u RUSTFLAGS CARGO_TARGET_DIR="$work/target" RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 \
    cargo build --quiet --release -Zbuild-std=std,panic_abort,test --target $target </dev/null) ||
    fail "the wasm32 standard library did not build: see the lines above"
  mkdir -p "$library"
  find "$work/target/$target/release/deps" -name '*.rlib' ! -name 'libempty-*' -exec cp {} "$library/" \;
fi
rustup toolchain link debian /usr
