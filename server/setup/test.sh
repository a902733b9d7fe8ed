#!/usr/bin/env bash
# `./lunchbox test [unit|e2e|all]`: sets up, runs every part, says at the end what passed and how long
# it took. One part's failure doesn't keep the others from running; a part that can't run fails.
# shellcheck source=browser-assets.sh
. "$(dirname "${BASH_SOURCE[0]}")/browser-assets.sh"

WASM_BUDGET_BYTES=400000 # of each bundle's compressed WebAssembly, as the browser gets it
LOG_LINES_SHOWN=40
FAILURE_LINES_SHOWN=160
RUST_TESTS_SECONDS=1500 # for all of cargo's tests on one database, compiling included: three times what they take on two cores

NAMES=() TIMES=() RESULTS=()
FAILED=0

# part NAME LOG COMMAND…: runs one, shows the end of its log if it fails, notes the outcome.
# A LOG of "-": it speaks for itself while it runs.
part() {
  local name=$1 log="$LOGS/test-$2.log" from
  [ "$2" != - ] || log=/dev/null
  shift 2
  from=$(now_ms)
  printf '%s→ %s …%s\n' "$DIM" "$name" "$PLAIN"
  if [ "$log" = /dev/null ]; then "$@" && OUTCOME=0 || OUTCOME=$?; else attempt "$log" "$@"; fi
  note_outcome "$name" "$log" "$(seconds "$from")"
}

# aside [NAME LOG COMMAND]…: begins parts that run one after the other beside those that follow, until `awaited`.
aside() {
  ASIDE_NAMES=() ASIDE_LOGS=()
  local commands=() i from
  while [ $# -gt 0 ]; do
    ASIDE_NAMES+=("$1") ASIDE_LOGS+=("$LOGS/test-$2.log") commands+=("$3")
    rm -f "$LOGS/test-$2.log" "$LOGS/test-$2.outcome"
    printf '%s→ %s, beside what follows …%s\n' "$DIM" "$1" "$PLAIN"
    shift 3
  done
  for i in "${!commands[@]}"; do
    from=$(now_ms)
    attempt "${ASIDE_LOGS[$i]}" "${commands[$i]}"
    printf '%s %s\n' "$OUTCOME" "$(seconds "$from")" >"${ASIDE_LOGS[$i]%.log}.outcome"
  done &
  ASIDE=$!
}

# awaited: waits for the parts that were begun aside, and tells their outcomes.
awaited() {
  local i took
  wait "$ASIDE" || true
  for i in "${!ASIDE_NAMES[@]}"; do
    # One that wrote none has not come to its end.
    OUTCOME=1 took="an unknown time"
    read -r OUTCOME took <"${ASIDE_LOGS[$i]%.log}.outcome" || true
    note_outcome "${ASIDE_NAMES[$i]}" "${ASIDE_LOGS[$i]}" "$took"
  done
}

# what_failed LOG: each test of cargo's and Playwright's that failed, with what it said; each difference of the
# comparison. They stand in the middle of a log, where other tests, or pictures and traces, come after them.
what_failed() {
  awk '/^failures:$/ { told = 1 } /^test result:/ { told = 0 } /^✗ / { told = 2 } /^  [0-9]+\) / { told = 3 }
    told == 3 && /^    attachment #/ { told = 0 } told; told == 2 && /^$/ { told = 0 }' "$1" |
    head -n "$FAILURE_LINES_SHOWN"
}

# note_outcome NAME LOG TIME: tells how a part went, by OUTCOME, and remembers it for the summary.
note_outcome() {
  local name=$1 log=$2 took=$3 result=pass
  if [ "$OUTCOME" = 0 ]; then
    printf '%s✓%s %s %s%s%s\n' "$GREEN" "$PLAIN" "$name" "$DIM" "$took" "$PLAIN"
    grep -h '^note: ' "$log" | sed 's/^note: /    /' || true
  else
    result=FAIL
    FAILED=$((FAILED + 1))
    printf '%s✗ %s%s, after %s.\n' "$RED$BOLD" "$name" "$PLAIN" "$took"
    if [ "$log" != /dev/null ]; then
      printf '  What failed, as %s has it:\n' "${log#"$ROOT"/}"
      what_failed "$log" | sed 's/^/    /'
      printf '  The end of it:\n'
      tail -n "$LOG_LINES_SHOWN" "$log" | sed 's/^/    /'
    fi
  fi
  NAMES+=("$name") TIMES+=("$took") RESULTS+=("$result")
}

summary() {
  local i
  printf '\n%-52s %10s  %s\n' "part" "time" "result"
  for i in "${!NAMES[@]}"; do
    printf '%-52s %10s  %s\n' "${NAMES[$i]}" "${TIMES[$i]}" "${RESULTS[$i]}"
  done
  printf '\n%d passed, %d failed\n' $((${#NAMES[@]} - FAILED)) "$FAILED"
}

# --- parts ----------------------------------------------------------------------------------------

set_up() { ./lunchbox setup; }

# A workstation's bash.bashrc has no first line that names its shell: it is read, never run.
shell_scripts() {
  packages "ShellCheck" shellcheck
  shellcheck -x -P server/setup lunchbox .ci/run server/setup/*.sh server/images/*/*.sh server/fidelity/engine/*.sh server/clients/*/*/*/*.sh
  shellcheck -s bash -e SC1091 server/images/workstation/bash.bashrc
}

fmt() { cargo fmt --all --check -- --color never; }

clippy_native() { cargo clippy --locked --workspace --all-targets -- -D warnings; }

clippy_wasm() { local name; for name in "${APPS[@]}"; do clippy_wasm_of "$name"; done; }

# clippy_wasm_of NAME: one of the app's bundles.
clippy_wasm_of() {
  local options=(--locked -p app --lib --no-default-features --features "${APP_FEATURES[$1]}" --target "$WASM" --target-dir target/wasm)
  if [ "$(cat "$STATE/stamp/wasm-toolchain")" = debian ]; then
    # By its full path: cargo would take rustup's, which is of another compiler.
    env RUSTC=/usr/bin/rustc CARGO=/usr/bin/cargo /usr/bin/cargo-clippy clippy "${options[@]}" -- -D warnings
  else
    cargo clippy "${options[@]}" -- -D warnings
  fi
}

# within SECONDS COMMAND…: a test that waits for ever fails, and says which it is.
within() {
  local limit=$1 outcome=0
  shift
  timeout --kill-after=10 "$limit" "$@" || outcome=$?
  [ "$outcome" != 124 ] || echo "It did not end within $limit s. See above which test \"has been running for over 60 seconds\" and has no result."
  return "$outcome"
}

rust_tests() { within "$RUST_TESTS_SECONDS" cargo test --locked --workspace --no-fail-fast; }

# The same once more on PostgreSQL, without those that hammer at the engine and leave the database alone.
postgres_tests() {
  within "$RUST_TESTS_SECONDS" server/setup/postgres.sh cargo test --locked --workspace --no-fail-fast -- --skip tests::attacks:: --skip tests::fuzz::
}

dependencies() { node server/setup/dependencies.mjs; }

wasm_budget() {
  local name size over=0
  for name in "${APPS[@]}"; do
    size=$(wasm_size "$name")
    echo "note: the WebAssembly of $name is $size bytes compressed; the budget is $WASM_BUDGET_BYTES."
    [ "$size" -le "$WASM_BUDGET_BYTES" ] || { echo "That is over the budget."; over=1; }
  done
  return "$over"
}

browser_types() { npm run --silent --prefix "$BROWSER" check; }
browser_tests() { npm run --silent --prefix "$BROWSER" test; }

lint_lessons() { target/debug/lunchbox lint; }

# With the same choice of packages as the tests, so that cargo compiles no dependency a second time.
build_debug() { cargo build --locked --workspace --bins; }

chromium() {
  if [ -x "${LUNCHBOX_CHROMIUM:-/usr/bin/chromium}" ]; then there "Chromium"; return 0; fi
  packages "Chromium" chromium fonts-dejavu-core
}

docker_clients() { server/setup/clients.sh; }

# Fails where a difference isn't expected, and where fewer command lines ran than the list has.
fidelity() { FIDELITY_BUILD=debug server/setup/fidelity.sh | sed -E 's/^✓ (.* command lines ran)/note: \1/'; }

e2e_set_up() { chromium; npm_packages e2e e2e; }
e2e_types() { npm run --silent --prefix e2e check; }
e2e_tests() { cd e2e && CI=1 npx playwright test; }

# --- which ----------------------------------------------------------------------------------------

# Neither the engine nor the course's registry is asked by these.
code() {
  part "shell scripts (ShellCheck)" shellcheck shell_scripts
  part "formatting (cargo fmt)" fmt fmt
  part "lints, server (clippy -D warnings)" clippy clippy_native
  part "lints, WebAssembly (clippy -D warnings)" clippy-wasm clippy_wasm
  part "dependencies (licences, duplicates, advisories)" dependencies dependencies
  if [ -e "$BROWSER/package.json" ]; then
    part "WebAssembly within its budget" budget wasm_budget
    part "browser code: types" browser-types browser_types
    part "browser code: tests" browser-tests browser_tests
  fi
  [ ! -d lessons ] || part "lessons (lunchbox lint)" lint lint_lessons
}

# These wait for containers most of their time, so they run beside what keeps processors busy; not beside tests
# that look at how long something takes.
unit() {
  aside "fidelity (a bare engine and a sandbox, compared)" fidelity fidelity \
    "Docker clients (SDK for Python, Compose, old and new docker)" clients docker_clients
  code
  awaited
  part "Rust tests (real engine, registry, database)" rust rust_tests
  part "Rust tests once more, on PostgreSQL" postgres postgres_tests
}

e2e() {
  [ -e e2e/package.json ] || return 0
  part "end-to-end: Chromium, npm packages" e2e-setup e2e_set_up
  part "end-to-end: types" e2e-types e2e_types
  part "end-to-end tests (Chromium, real server)" e2e e2e_tests
}

case ${1:-all} in
  unit | e2e | all)
    part "set-up" - set_up
    if [ "$FAILED" = 0 ]; then
      part "server (debug build)" build build_debug
      [ "${1:-all}" = e2e ] || unit
      [ "${1:-all}" = unit ] || e2e
    fi
    summary
    [ "$FAILED" = 0 ]
    ;;
  screenshots)
    e2e_set_up
    cd e2e && exec npm run --silent screenshots
    ;;
  *) fail "There is no test part \"$1\"" "It is one of: unit, e2e, all." ;;
esac
