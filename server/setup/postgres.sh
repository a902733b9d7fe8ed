#!/usr/bin/env bash
# `server/setup/postgres.sh COMMAND…`: runs it with LUNCHBOX_TEST_POSTGRES, the URL of a database on a
# PostgreSQL server of its own: in a folder for temporary files, on loopback, ended and removed afterwards.
# No other server on this machine is touched. Where the variable is set already, that one is used.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

READY_WITHIN_S=60
CONNECTIONS=300 # tests run side by side, each with a pool or two

[ -z "${LUNCHBOX_TEST_POSTGRES:-}" ] || exec "$@"

# The newest that Debian's packages have put there, or what the PATH has.
bin_folder() {
  local newest
  newest=$(find /usr/lib/postgresql -maxdepth 3 -name postgres -path '*/bin/*' 2>/dev/null | sort -V | tail -n 1)
  newest=${newest:-$(command -v postgres || true)}
  printf '%s' "${newest%/*}"
}

# Debian's package makes a server for the whole machine when it is installed, and starts it. Where there was
# none before, there shall be none after.
install_postgres() {
  local settings=/etc/postgresql-common/createcluster.conf
  if installed postgresql-common || [ -e "$settings" ]; then apt_get_install postgresql; return; fi
  as_root mkdir -p "${settings%/*}"
  echo 'create_main_cluster = false' | as_root tee "$settings" >/dev/null
  apt_get_install postgresql
  # The package's own, which was left beside ours.
  [ ! -e "$settings.ucf-dist" ] || as_root mv "$settings.ucf-dist" "$settings"
}

BIN=$(bin_folder)
if [ -z "$BIN" ] || [ ! -x "$BIN/initdb" ]; then
  is_debian || fail "Missing: PostgreSQL" "Set-up installs packages by itself on Debian only." \
    "install PostgreSQL 15 or newer (server and client) in your system's own way, or set LUNCHBOX_TEST_POSTGRES to a database of it."
  can_be_root || fail "Missing: PostgreSQL" "Installing packages needs root, and you are $(id -un) without a password-less sudo." \
    "run this as root once, or: apt-get install postgresql"
  step "PostgreSQL" apt-postgresql install_postgres
  BIN=$(bin_folder)
fi

FOLDER=$(mktemp -d "${TMPDIR:-/tmp}/lunchbox-postgres.XXXXXX")
SERVER=''
# PostgreSQL refuses to run as root.
WHO=()
if [ "$(id -u)" = 0 ]; then
  WHO=(setpriv --reuid=postgres --regid=postgres --init-groups env HOME="$FOLDER")
  chown postgres: "$FOLDER"
fi

# By its id, which it has written into its folder; then whatever it still holds goes with the folder.
end() {
  if [ -n "$SERVER" ] && kill -INT "$SERVER" 2>/dev/null; then wait "$SERVER" || true; fi
  rm -rf "$FOLDER"
}
trap end EXIT

# As in English, not by bytes: what relies on an order of letters that only SQLite has is found.
"${WHO[@]}" "$BIN/initdb" -D "$FOLDER/data" --username=lunchbox --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
  --locale-provider=icu --icu-locale=en --no-sync >"$FOLDER/log" 2>&1 || {
  cat "$FOLDER/log" >&2
  fail "PostgreSQL's folder could not be made" "initdb said what is above."
}

free_port() {
  local port
  for _ in {1..50}; do
    port=$((20000 + RANDOM % 12000))
    port_taken "$port" || { printf '%s' "$port"; return 0; }
  done
  return 1
}
PORT=$(free_port)

# 9 and above are other stages' locks.
"${WHO[@]}" "$BIN/postgres" -D "$FOLDER/data" -p "$PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$FOLDER" \
  -c max_connections="$CONNECTIONS" -c fsync=off -c full_page_writes=off -c log_min_messages=fatal >>"$FOLDER/log" 2>&1 9>&- &
SERVER=$!

ready() { "$BIN/pg_isready" -q -h 127.0.0.1 -p "$PORT"; }
from=$(now_ms)
until ready; do
  if ! kill -0 "$SERVER" 2>/dev/null || [ $(($(now_ms) - from)) -gt $((READY_WITHIN_S * 1000)) ]; then
    cat "$FOLDER/log" >&2
    fail "PostgreSQL did not start" "What it said is above."
  fi
  sleep 0.1
done
"$BIN/createdb" -h 127.0.0.1 -p "$PORT" -U lunchbox lunchbox

export LUNCHBOX_TEST_POSTGRES="postgres://lunchbox@127.0.0.1:$PORT/lunchbox"
# Its failure is its own to explain, and ends this with its exit code.
trap - ERR
"$@"
