#!/usr/bin/env bash
# `./lunchbox attacks [--fuzz]`: tries every attack of docs/attacks.md against the gateway, a real engine and the
# web application, and counts them by group. With --fuzz the parsers are fed a million made-up inputs first.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

LIST=docs/attacks.md
# Of each of the properties of pure parsers; all together are well beyond a million.
FUZZ_CASES=${LUNCHBOX_FUZZ_CASES:-80000}
# Of whole requests, each over a socket.
FUZZ_REQUESTS=${LUNCHBOX_FUZZ_REQUESTS:-20000}

# named CRATE: the tests of a crate's that the list names, as cargo calls them.
named() { grep -oE "\`$1::[a-z0-9_:]+\`" "$LIST" | tr -d '`' | sed "s/^$1:://" | LC_ALL=C sort -u; }

# tried CRATE: runs them, each on its own terms; what came of each goes to the log.
tried() {
  local crate=$1 tests
  mapfile -t tests < <(named "$crate")
  echo "$crate: ${#tests[@]} tests"
  cargo test --locked -p "$crate" --lib --no-fail-fast -- --exact "${tests[@]}"
}

try() {
  local crate=$1 log="$LOGS/attacks-$1.log" from
  from=$(now_ms)
  printf '%s→ Attacks on the %s …%s\n' "$DIM" "$crate" "$PLAIN"
  attempt "$log" tried "$crate"
  if [ "$OUTCOME" = 0 ]; then
    printf '%s✓%s Attacks on the %s %s%s%s\n' "$GREEN" "$PLAIN" "$crate" "$DIM" "$(seconds "$from")" "$PLAIN"
  else
    FAILED=1
    printf '%s✗ Attacks on the %s%s, after %s. What failed is in %s.\n' "$RED$BOLD" "$crate" "$PLAIN" "$(seconds "$from")" "${log#"$ROOT"/}"
    grep -E '^test .*FAILED$|^error' "$log" | sed 's/^/    /' || true
  fi
}

# By group of the list: attacks, tests (each once), how many passed and failed, what isn't there yet.
table() {
  awk -v logs="$LOGS" '
    function outcome(test,   crate, name) {
      crate = test; sub(/::.*/, "", crate)
      name = test; sub(/^[a-z]+::/, "", name)
      return came[crate "::" name]
    }
    function flush() {
      if (title == "") return
      printf "%-40s %8d %7d %8d %8d %15d\n", title, attacks, tests, passed, failed, missing
      all_attacks += attacks; all_missing += missing
    }
    BEGIN {
      split("gateway server", crates, " ")
      for (n in crates) {
        file = logs "/attacks-" crates[n] ".log"
        while ((getline line < file) > 0)
          if (line ~ /^test .* \.\.\. (ok|FAILED)$/) { split(line, word, " "); came[crates[n] "::" word[2]] = word[4] }
      }
      printf "\n%-40s %8s %7s %8s %8s %15s\n", "group", "attacks", "tests", "passed", "failed", "not there yet"
    }
    /^## / { flush(); title = substr($0, 4); attacks = tests = passed = failed = missing = 0; delete seen; next }
    /^\| [0-9]+ \|/ {
      attacks++
      if (/not there yet/) missing++
      rest = $0
      while (match(rest, /`(gateway|server)::[a-z0-9_:]+`/)) {
        test = substr(rest, RSTART + 1, RLENGTH - 2); rest = substr(rest, RSTART + RLENGTH)
        if (test in seen) continue
        seen[test] = 1; tests++
        is = outcome(test)
        if (is == "ok") passed++; else failed++
        if (!(test in ever)) { ever[test] = 1; all_tests++; if (is == "ok") all_passed++; else all_failed++ }
      }
    }
    END {
      flush()
      printf "%-40s %8d %7d %8d %8d %15d\n", "all (each test once)", all_attacks, all_tests, all_passed, all_failed, all_missing
    }' "$LIST"
}

fuzzed() {
  PROPTEST_CASES=$FUZZ_CASES cargo test --locked -p gateway --lib --no-fail-fast -- --nocapture --skip fuzz_attack_92 fuzz_
  PROPTEST_CASES=$FUZZ_REQUESTS cargo test --locked -p gateway --lib --no-fail-fast -- --nocapture fuzz_attack_92
}

fuzz() {
  local log="$LOGS/attacks-fuzz.log" from
  from=$(now_ms)
  printf '%s→ Fuzzing …%s\n' "$DIM" "$PLAIN"
  attempt "$log" fuzzed
  # A property may have begun on the line of another's name.
  grep -ohE 'fuzzed: [0-9]+ executions: .*' "$log" | sed 's/^fuzzed: /  /' || true
  awk '{ while (match($0, /fuzzed: [0-9]+ executions/)) { split(substr($0, RSTART, RLENGTH), word, " "); sum += word[2]; $0 = substr($0, RSTART + RLENGTH) } }
    / \.\.\. FAILED$|^thread .* panicked at/ { if (/panicked/) found++ }
    END { printf "  %d executions, %d findings\n", sum, found }' "$log"
  if [ "$OUTCOME" = 0 ]; then
    printf '%s✓%s Fuzzing %s%s%s\n' "$GREEN" "$PLAIN" "$DIM" "$(seconds "$from")" "$PLAIN"
  else
    FAILED=1
    printf '%s✗ Fuzzing%s: what was found is in %s, and in server/gateway/proptest-regressions.\n' "$RED$BOLD" "$PLAIN" "${log#"$ROOT"/}"
  fi
}

FAILED=0
case ${1:-} in
  --fuzz) fuzz ;;
  '') ;;
  *) fail "There is no option \"$1\"" "It is --fuzz, or none." ;;
esac
try gateway
try server
table
[ "$FAILED" = 0 ]
