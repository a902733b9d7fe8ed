# What every stage of set-up shares: how it speaks, fails, logs and asks apt.
# Sourced, never run. Sets ROOT (the project), STATE (our own scratch, ignored by git) and LOGS.
# shellcheck shell=bash

set -Eeuo pipefail
# Nothing may stop without a word. Inside `$(…)` bash has set -e off: what fails there goes on, and the
# line that asked decides.
say_where() { [[ $- != *e* ]] || printf '✗ %s stopped at line %s: %s\n' "${BASH_SOURCE[1]##*/}" "$1" "$2" >&2; }
trap 'say_where "$LINENO" "$BASH_COMMAND"' ERR

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
STATE="$ROOT/.lunchbox"
LOGS="$STATE/log"
mkdir -p "$LOGS"
cd "$ROOT"

# Tools that must be kept between checkouts (wasm-bindgen, say) live here, not in the project.
# shellcheck disable=SC2034 # used by who sources this
TOOLS="${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/lunchbox"

# rustup puts its programs here and trusts a login shell to find them; we don't have to be one.
export PATH="${CARGO_HOME:-${HOME:-/root}/.cargo}/bin:$PATH"

# --- speaking -------------------------------------------------------------------------------

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  GREEN=$'\e[32m' RED=$'\e[31m' DIM=$'\e[2m' BOLD=$'\e[1m' PLAIN=$'\e[0m'
else
  GREEN='' RED='' DIM='' BOLD='' PLAIN=''
fi

now_ms() { local t=${EPOCHREALTIME/[.,]/}; echo "${t%???}"; }

# seconds FROM_MS: seconds since then, with one decimal.
seconds() { local d=$(( $(now_ms) - $1 )); printf '%d.%d s' $((d / 1000)) $((d % 1000 / 100)); }

# there TEXT: something needed nothing.
there() { printf '%s✓%s %s %s(already there)%s\n' "$GREEN" "$PLAIN" "$1" "$DIM" "$PLAIN"; }

# say TEXT: a line that is neither success nor failure.
say() { printf '  %s\n' "$1"; }

# fail WHAT WHY [NEXT]: says what happened, why, and what to do next; ends the script.
fail() {
  printf '%s✗ %s%s\n  %s\n' "$RED$BOLD" "$1" "$PLAIN" "$2" >&2
  [ -z "${3:-}" ] || printf '  What to do: %s\n' "$3" >&2
  exit 1
}

# attempt LOG COMMAND…: runs it in a shell of its own, its output in LOG; sets OUTCOME to its exit code.
# Not `if command`: bash would then ignore every error within the command but the last.
attempt() {
  local log=$1
  shift
  trap - ERR
  set +e
  (
    trap 'say_where "$LINENO" "$BASH_COMMAND"' ERR
    set -e
    "$@"
  ) >"$log" 2>&1 </dev/null
  OUTCOME=$?
  set -e
  trap 'say_where "$LINENO" "$BASH_COMMAND"' ERR
}

# step TEXT LOG COMMAND…: runs it with its output in $LOGS/LOG.log; one line before, one after.
# On failure the end of the log is shown, and whatever set HINT may add what to do next.
step() {
  local text=$1 log="$LOGS/$2.log" from
  shift 2
  from=$(now_ms)
  printf '%s→ %s …%s\n' "$DIM" "$text" "$PLAIN"
  attempt "$log" "$@"
  if [ "$OUTCOME" = 0 ]; then
    printf '%s✓%s %s %s%s%s\n' "$GREEN" "$PLAIN" "$text" "$DIM" "$(seconds "$from")" "$PLAIN"
  else
    printf '%s✗ %s%s (after %s). The end of %s:\n' "$RED$BOLD" "$text" "$PLAIN" "$(seconds "$from")" "${log#"$ROOT"/}" >&2
    tail -n 25 "$log" | sed 's/^/    /' >&2
    fail "$text" "It stopped with an error; the lines above say which." "${HINT:-mend that and run the same command again: what is done stays done.}"
  fi
}

# --- stamps: "this was made from that" --------------------------------------------------------

# fingerprint PATH…: one digest over the contents and names of files (folders are walked).
fingerprint() {
  # A file that goes while we look is like one that was never there.
  { find "$@" -type f -print0 2>/dev/null || true; } | LC_ALL=C sort -z |
    { xargs -0r sha256sum 2>/dev/null || true; } | sha256sum | cut -c1-16
}

# stamped NAME VALUE: was stamp NAME last written with VALUE?
stamped() { [ "$(cat "$STATE/stamp/$1" 2>/dev/null)" = "$2" ]; }

stamp() { mkdir -p "$STATE/stamp"; printf '%s' "$2" >"$STATE/stamp/$1"; }

# once NAME COMMAND…: only one process at a time does it in this project; others wait.
once() {
  local lock="$STATE/$1.lock"
  shift
  exec 9>>"$lock"
  flock 9
  "$@"
  exec 9>&-
}

# once_a_machine NAME COMMAND…: the same for what all projects on this machine share (the engine, its
# images). The lock is opened for reading, so that another user's may be waited for as well.
once_a_machine() {
  local lock="/tmp/lunchbox-$1.lock"
  shift
  [ -e "$lock" ] || (umask 0 && : >>"$lock") 2>/dev/null || true
  exec 9<"$lock"
  if ! flock -n 9; then
    say "Another set-up is at this on this machine: waiting for it."
    flock 9
  fi
  "$@"
  exec 9<&-
}

# --- the machine ------------------------------------------------------------------------------

have() { command -v "$1" >/dev/null 2>&1; }

# os_release KEY: what the system says of itself, e.g. ID or VERSION_CODENAME; empty where it doesn't.
os_release() { sed -nE "s/^$1=\"?([^\"]*)\"?$/\1/p" /etc/os-release 2>/dev/null || true; }

is_debian() { [ "$(os_release ID)" = debian ]; }

# as_root COMMAND…: runs it as root, directly or by a sudo that asks no password.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_be_root() { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }

# enough_disk PATH GIB WHAT_FOR: fails in words when a file system is too full.
enough_disk() {
  local path=$1 free
  while [ ! -e "$path" ]; do path=$(dirname "$path"); done
  free=$(df -Pk "$path" | awk 'NR==2 {print int($4 / 1048576)}')
  [ "$free" -ge "$2" ] || fail "Too little disk space for $3" \
    "$path has $free GiB free, and about $2 GiB are needed." "make room there and run the same command again."
}

# port_taken PORT: does anything listen on it on loopback?
port_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# --- apt --------------------------------------------------------------------------------------

# apt_uri PATTERN: the first address under /etc/apt that matches; empty where none does.
apt_uri() {
  local file files=()
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    if [ -r "$file" ]; then files+=("$file"); fi
  done
  # grep -m and awk's exit would break the pipe under pipefail; awk alone has no pipe.
  [ ${#files[@]} = 0 ] || awk -v pattern="$1" '
    /^[[:space:]]*deb[[:space:]]/ { sub(/\[[^]]*\]/, ""); uri = $2 }
    /^URIs:/ { uri = $2 }
    uri ~ pattern { print uri; exit }
    { uri = "" }' "${files[@]}"
}

# debian_mirror: the address from which this machine has its Debian packages.
debian_mirror() { apt_uri '/debian/?$'; }

# debian_security_mirror: the same for security updates; empty where there is none.
debian_security_mirror() { apt_uri '/debian-security/?$'; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}\n' "$@" 2>/dev/null | grep -cx installed)" = $# ]; }

# Run once by a whole set-up: lists fetched in the last hour are new enough.
apt_update() {
  local stamp="$STATE/stamp/apt-update"
  if [ "${1:-}" != again ] && [ -n "$(find "$stamp" -mmin -60 2>/dev/null)" ] && compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null; then
    return 0
  fi
  local try
  for try in 1 2 3; do
    if as_root apt-get update -q; then mkdir -p "${stamp%/*}"; : >"$stamp"; return 0; fi
    echo "apt-get update failed (try $try of 3)"
    sleep $((try * 3))
  done
  return 1
}

# apt_get_install PACKAGE…: for use inside a step. Waits for another apt, tries three times.
apt_get_install() {
  local try
  apt_update
  for try in 1 2 3; do
    if as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@"; then return 0; fi
    echo "apt-get install failed (try $try of 3)"
    sleep $((try * 3))
    apt_update again
  done
  return 1
}

# packages TEXT PACKAGE…: has them installed, quickly when they are. Debian only.
packages() {
  local text=$1 missing=() package
  shift
  if installed "$@"; then there "$text"; return 0; fi
  for package in "$@"; do installed "$package" || missing+=("$package"); done
  is_debian || fail "Missing: ${missing[*]}" "Set-up installs packages by itself on Debian only." \
    "install what these Debian packages hold in your system's own way: ${missing[*]}."
  can_be_root || fail "Missing: ${missing[*]}" "Installing packages needs root, and you are $(id -un) without a password-less sudo." \
    "run this as root once, or: apt-get install ${missing[*]}"
  HINT="see that 'apt-get update' works on this machine (network, proxy, /etc/apt), then run the same command again." \
    step "$text" "apt-${1//[^a-z0-9]/-}" apt_get_install "${missing[@]}"
}
