# The environment of every build and test: sourced by the Makefile and by the other scripts, changes nothing on the machine.
# shellcheck shell=bash

PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
export PATH

# has_wasm [TOOLCHAIN]: whether that toolchain (the default one, if none is named) holds the wasm32 standard library.
# Without `test` beside `std` the tests in the browser would not link.
has_wasm() {
  local folder
  folder=$(${1:+env RUSTUP_TOOLCHAIN="$1"} rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null) || return 1
  compgen -G "$folder/libstd-*.rlib" >/dev/null && compgen -G "$folder/libtest-*.rlib" >/dev/null
}

# The toolchain that builds for the browser: the default one, or where rustup's server is out of reach Debian's,
# which scripts/debian_wasm.sh completes and links under this name.
if [[ -z ${WASM_TOOLCHAIN+set} ]]; then
  WASM_TOOLCHAIN=
  if ! has_wasm && has_wasm debian; then WASM_TOOLCHAIN=debian; fi
  export WASM_TOOLCHAIN
fi

# for_wasm COMMAND...: runs a command that builds for the browser, with that toolchain.
for_wasm() {
  ${WASM_TOOLCHAIN:+env RUSTUP_TOOLCHAIN="$WASM_TOOLCHAIN"} "$@"
}

# locked_version CRATE: the version that Cargo.lock names.
locked_version() {
  sed -n "/^name = \"$1\"\$/{n;s/^version = \"\(.*\)\"\$/\1/p;q}" Cargo.lock
}
