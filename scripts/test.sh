#!/usr/bin/env bash
# Runs the stages of `make test`, or those named, and stops at the first that fails. A table says how long each of them took,
# and which tests took longest; the last line counts all tests, where a stage without tests of its own (a lint, a build)
# counts as one. scripts/setup.sh sets up what they need.
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

# What tests/web.rs is built with: as the page, so that what both need is built once.
WEB_PROFILE=page
# No stage is left out because a file is missing: each names its files, and a missing one fails it.
STAGES=(format clippy documentation licences types native parity wasm budgets web_chrome web_firefox page)

# What these build is begun at the start, beside the stages before them: one thread of it is busy for minutes.
EARLY=(wasm web_chrome)

# A stage that builds before it runs has a second function, STAGE_build, so that the table at the end tells the two apart.
format() { cargo fmt --check; }
# With all that the binary that is handed out has, and with what it needs to train.
clippy_build() { for features in full default; do cargo clippy --quiet --all-targets --features $features -- -D warnings || return; done; }
documentation_build() { RUSTDOCFLAGS='-D warnings' cargo doc --quiet --no-deps --document-private-items --features full; }
licences() { cargo deny --offline check --hide-inclusion-graph licenses bans sources; }
# The page and the worker know other globals, so each is a project of its own.
types() { for project in jsconfig.json types/worker.json; do node node_modules/typescript/bin/tsc --project $project || return; done; }
native_build() { cargo test --quiet --features full --no-run; }
native() {
  # Without a folder for sockets the Vulkan driver complains once an instance.
  install -d -m 700 build/test/runtime
  export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-$PWD/build/test/runtime}"
  # How long each test took is told by an option that the stable runner keeps behind this variable.
  local runner
  runner=CARGO_TARGET_$(rustc -vV | sed -n 's/^host: //p' | tr 'a-z-' 'A-Z_')_RUNNER
  env "$runner=env RUSTC_BOOTSTRAP=1" cargo test --features full --no-fail-fast --lib --bins --tests -- -Zunstable-options --report-time &&
    cargo test --features full --doc
}
# The tests' own build of the program: `cargo build` would take other features of what both need, and build that anew.
parity_build() { cargo test --quiet --features full --test all --no-run; }
parity() {
  build/venv/bin/python -m pytest --durations=0 tests/parity/tokenizer.py tests/parity/tokenizer_commands.py &&
    GLASSHOUSE="$PWD/target/debug/glasshouse" build/datatrove/bin/python -m pytest --durations=0 tests/parity/corpus_parity.py
}
wasm_build() { for_wasm trunk build --release; }
budgets() { node scripts/budgets.mjs; }
web_chrome_build() { web --no-run; }
web_chrome() { CHROMEDRIVER=$(command -v chromedriver) web; }
web_firefox() { GECKODRIVER=$(command -v geckodriver) web; }
page_build() { parity_build; }
page() { node tests/page/stage.mjs; }

# web OPTION...: tests/web.rs in a browser without a window.
web() {
  WASM_BINDGEN_TEST_ONLY_WEB=1 WASM_BINDGEN_TEST_TIMEOUT=900 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER=wasm-bindgen-test-runner \
    for_wasm cargo test --profile "$WEB_PROFILE" --target wasm32-unknown-unknown --no-default-features --features page --test web "$@"
}

# files STAGE: what must exist before the stage can run.
files() {
  case $1 in
    web_*) echo tests/web.rs ;;
    budgets) echo scripts/budgets.mjs scripts/budgets.json dist/index.html ;;
    page) echo dist/index.html tests/page/stage.mjs ;;
    types) echo jsconfig.json types/worker.json node_modules/typescript/bin/tsc ;;
    parity) echo tests/parity/{tokenizer,corpus_parity}.py build/{venv,datatrove}/bin/python build/vocabularies/lid.176.ftz ;;
  esac
}
# count STAGE LOG: adds what the test runners' closing lines in LOG say. They are cargo's (also in a browser),
# node's and pytest's.
passed=0 failed=0
ran=() rows=() built=0 took=0
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

# slowest: the tests that took longest, of all stages in this run whose runners tell: cargo's, node's and pytest's.
slowest() {
  local stage
  for stage in "${ran[@]}"; do
    sed 's/\x1b\[[0-9;]*m//g' "build/test/$stage.log" | awk -v stage="$stage" '
      match($0, /^test .* \.\.\. [a-zA-Z]+ <[0-9.]+s>$/) { time = $NF; gsub(/[<>s]/, "", time); name = $2 }
      /^ *[✔✖] .* \([0-9.]+ms\)$/ { time = $NF; gsub(/[()ms]/, "", time); time /= 1000; name = $0; sub(/^ *[✔✖] /, "", name); sub(/ \([0-9.]+ms\)$/, "", name) }
      /^[0-9.]+s (call|setup) / { time = $1; sub(/s$/, "", time); name = $3 }
      time != "" { printf "%9.1f  %-12s %s\n", time, stage, name; time = "" }'
  done | sort -k 1,1nr | head -n 10
}

# table: how long each stage built and ran, and how many tests it had.
table() {
  [[ ${#rows[@]} -gt 0 ]] || return 0
  echo
  printf '%-14s %8s %8s %7s\n' stage 'build, s' 'run, s' tests "${rows[@]}" total "$built" "$took" "$((passed + failed))"
  local slow
  slow=$(slowest)
  [[ -z $slow ]] || printf '\n%9s  %-12s %s\n%s\n' seconds stage 'the slowest tests' "$slow"
  echo
}

# finish [STAGE REASON]: the closing lines, and the exit status that they mean.
finish() {
  table
  [[ $# == 0 ]] || echo "The stage '$1' failed: $2"
  echo "$passed passed, $failed failed"
  [[ $# == 0 ]]
  exit
}

# limited COMMAND...: a hang is a failure, so no stage may build or run for three quarters of an hour.
limited() {
  if command -v timeout >/dev/null; then timeout --kill-after=10 2700 "$@"; else "$@"; fi
}

# begin_early STAGE...: builds for those of the stages named that are in EARLY, one after the other and in the time that is left.
begin_early() {
  # What this rests on is Linux's.
  [[ $(uname) == Linux ]] || return 0
  local stage before=
  for stage in "${EARLY[@]}"; do
    [[ " ${*:2} " == *" $stage "* ]] || continue
    rm -f "build/test/$stage.early.status"
    (
      [[ -z $before ]] || tail --pid="$before" -f /dev/null
      exec timeout --kill-after=10 2700 bash -c 'nice -n 10 scripts/test.sh --raw "$1_build"; echo $? >"build/test/$1.early.status"' _ "$stage"
    ) </dev/null >"build/test/$stage.early.log" 2>&1 &
    before=$! early[$stage]=$before
  done
}

# build STAGE: builds for a stage, or waits for what was begun early.
build() {
  if [[ -n ${early[$1]:-} ]]; then
    tail --pid="${early[$1]}" -f /dev/null
    cat "build/test/$1.early.log"
    return "$(cat "build/test/$1.early.status" 2>/dev/null || echo 124)"
  fi
  limited scripts/test.sh --raw "$1_build"
}

if [[ ${1:-} == --raw ]]; then
  "$2"
  exit
fi
# Read whole before it runs, so that the file may change meanwhile.
{
  mkdir -p build/test
  [[ $# -gt 0 ]] || set -- "${STAGES[@]}"
  declare -A early=()
  trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
  begin_early "$@"
  for stage in "$@"; do
    declare -F "$stage" >/dev/null || declare -F "${stage}_build" >/dev/null || { failed=$((failed + 1)); finish "$stage" "there is no such stage"; }
    for file in $(files "$stage"); do
      [[ -e $file ]] || { failed=$((failed + 1)); finish "$stage" "$file is missing"; }
    done
    log=build/test/$stage.log status=0 seconds=()
    echo "== $stage"
    : >"$log"
    for part in "${stage}_build" "$stage"; do
      started=$SECONDS
      if [[ $status == 0 ]] && declare -F "$part" >/dev/null; then
        if [[ $part == *_build ]]; then build "$stage"; else limited scripts/test.sh --raw "$part"; fi </dev/null 2>&1 | tee -a "$log"
        status=${PIPESTATUS[0]}
      fi
      seconds+=($((SECONDS - started)))
    done
    count "$stage" "$log" "$status"
    ran+=("$stage") rows+=("$stage" "${seconds[@]}" "$counted") built=$((built + seconds[0])) took=$((took + seconds[1]))
    echo "== $stage: ${seconds[0]} s to build, ${seconds[1]} s to run"
    [[ $status == 0 ]] || finish "$stage" "its output is above and in $log"
    [[ $counted != 0 ]] || { failed=$((failed + 1)); finish "$stage" "it ran no test"; }
  done
  finish
}
