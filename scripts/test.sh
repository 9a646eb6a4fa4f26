#!/usr/bin/env bash
# Runs the stages of `make test`, or those named, and stops at the first that fails. The last line counts all tests;
# a stage without tests of its own (a lint, a build) counts as one. scripts/setup.sh sets up what they need.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

# No stage is left out because a file is missing: each names its files, and a missing one fails it.
STAGES=(format clippy documentation licences types native parity wasm budgets web_chrome web_firefox page)

format() { cargo fmt --check; }
# With all that the binary that is handed out has, and with what it needs to train.
clippy() { for features in full default; do cargo clippy --quiet --all-targets --features $features -- -D warnings || return; done; }
documentation() { RUSTDOCFLAGS='-D warnings' cargo doc --quiet --no-deps --document-private-items --features full; }
licences() { cargo deny --offline check --hide-inclusion-graph licenses bans sources; }
# The page and the worker know other globals, so each is a project of its own.
types() { for project in jsconfig.json types/worker.json; do node node_modules/typescript/bin/tsc --project $project || return; done; }
# Without a folder for sockets the Vulkan driver complains once an instance.
native() {
  install -d -m 700 build/test/runtime
  XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$PWD/build/test/runtime}" cargo test --features full --no-fail-fast
}
wasm() { for_wasm trunk build --release; }
budgets() { node scripts/budgets.mjs; }
web_chrome() { web --chrome --chromedriver "$(command -v chromedriver)"; }
web_firefox() { web --firefox --geckodriver "$(command -v geckodriver)"; }
parity() {
  cargo build --quiet --features full && build/venv/bin/python -m pytest tests/parity/tokenizer.py &&
    GLASSHOUSE="$PWD/target/debug/glasshouse" build/datatrove/bin/python -m pytest tests/parity/corpus_parity.py
}
page() { node --test --test-reporter=spec "${PAGE[@]}"; }

# web BROWSER...: tests/web.rs in a browser without a window.
web() {
  WASM_BINDGEN_TEST_TIMEOUT=900 for_wasm wasm-pack test --headless "$@" --mode no-install --release -- \
    --no-default-features --features page --test web
}

# files STAGE: what must exist before the stage can run.
files() {
  case $1 in
    web_*) echo tests/web.rs ;;
    budgets) echo scripts/budgets.mjs scripts/budgets.json dist/index.html ;;
    page) echo dist/index.html "${PAGE[@]:-tests/page/*.test.mjs}" ;;
    types) echo jsconfig.json types/worker.json node_modules/typescript/bin/tsc ;;
    parity) echo tests/parity/{tokenizer,corpus_parity}.py build/{venv,datatrove}/bin/python build/vocabularies/lid.176.ftz ;;
  esac
}
shopt -s nullglob
PAGE=(tests/page/*.test.mjs)
shopt -u nullglob

# count STAGE LOG: adds what the test runners' closing lines in LOG say. They are cargo's (also in a browser),
# node's and pytest's.
passed=0 failed=0
count() {
  local good bad
  read -r good bad < <(sed 's/\x1b\[[0-9;]*m//g' "$2" | awk '
    match($0, /^test result: [A-Za-z]+\. [0-9]+ passed; [0-9]+ failed/) { good += $4; bad += $6 }
    /^(ℹ|#) pass [0-9]+$/ { good += $3 }
    /^(ℹ|#) (fail|cancelled) [0-9]+$/ { bad += $3 }
    /^(=+ )?[0-9]+ (passed|failed|errors?|skipped|warnings?).* in [0-9.]+s/ {
      for (i = 1; i < NF; i++) { if ($i ~ /^passed/) good += $(i-1); if ($i ~ /^(failed|error)/) bad += $(i-1) }
    }
    END { print good + 0, bad + 0 }')
  case $1 in
    format | clippy | documentation | licences | types | wasm | budgets) [[ $3 == 0 ]] && good=1 || bad=1 ;;
  esac
  [[ $3 == 0 || $bad != 0 ]] || bad=1
  counted=$((good + bad))
  passed=$((passed + good)) failed=$((failed + bad))
}

# finish [STAGE REASON]: the closing lines, and the exit status that they mean.
finish() {
  [[ $# == 0 ]] || echo "The stage '$1' failed: $2"
  echo "$passed passed, $failed failed"
  [[ $# == 0 ]]
  exit
}

# limited COMMAND...: a hang is a failure, so no stage may take half an hour.
limited() {
  if command -v timeout >/dev/null; then timeout --kill-after=10 1800 "$@"; else "$@"; fi
}

if [[ ${1:-} == --raw ]]; then
  "$2"
  exit
fi
# Read whole before it runs, so that the file may change meanwhile.
{
  mkdir -p build/test
  [[ $# -gt 0 ]] || set -- "${STAGES[@]}"
  for stage in "$@"; do
    declare -F "$stage" >/dev/null || { failed=$((failed + 1)); finish "$stage" "there is no such stage"; }
    for file in $(files "$stage"); do
      [[ -e $file ]] || { failed=$((failed + 1)); finish "$stage" "$file is missing"; }
    done
    log=build/test/$stage.log
    started=$SECONDS
    echo "== $stage"
    limited scripts/test.sh --raw "$stage" </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    count "$stage" "$log" "$status"
    echo "== $stage: $((SECONDS - started)) s"
    [[ $status == 0 ]] || finish "$stage" "its output is above and in $log"
    [[ $counted != 0 ]] || { failed=$((failed + 1)); finish "$stage" "it ran no test"; }
  done
  finish
}
