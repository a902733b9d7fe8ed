#!/usr/bin/env bash
# `./lunchbox dev`: serves, and builds again what changes: the server and app (a restart; open
# terminals come back by themselves), the browser's assets, the lessons (the server reloads those).
# Looks at modification times twice a second, so that it needs nothing installed.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

LOOK_EVERY_SECONDS=0.5
SERVER_PID=''

# newest PATH…: the newest modification time below them; changes when a file does.
newest() { find "$@" -type f -not -path '*/node_modules/*' -printf '%T@ %p\n' 2>/dev/null | sort -n | tail -n 1; }
rust_sources() { newest Cargo.toml Cargo.lock app/src app/Cargo.toml server/src server/migrations server/gateway server/Cargo.toml; }
browser_sources() { newest app/src app/browser style Cargo.lock; }

start() {
  target/debug/lunchbox serve "$@" &
  SERVER_PID=$!
}

# TERM, so that terminals say goodbye. It has gone when wait returns.
stop() {
  [ -n "$SERVER_PID" ] || return 0
  kill -TERM "$SERVER_PID" 2>/dev/null || true
  wait "$SERVER_PID" 2>/dev/null || true
  SERVER_PID=''
}
trap 'stop; exit 0' INT TERM
trap stop EXIT

./lunchbox setup
./lunchbox build
export LUNCHBOX_DEV=1
rust=$(rust_sources) browser=$(browser_sources)
start "$@"
say "Watching app, server, style. Ctrl-C ends it."

while sleep "$LOOK_EVERY_SECONDS"; do
  seen=$(browser_sources)
  if [ "$seen" != "$browser" ]; then
    browser=$seen
    # A mistake is shown and waited out: the next change tries again.
    server/setup/browser-assets.sh || say "Mend it; this tries again when you save."
  fi
  seen=$(rust_sources)
  if [ "$seen" != "$rust" ]; then
    rust=$seen
    if ./lunchbox build; then stop; start "$@"; else say "Mend it; the server before keeps running."; fi
  elif [ -n "$SERVER_PID" ] && ! kill -0 "$SERVER_PID" 2>/dev/null; then
    wait "$SERVER_PID" || say "The server ended by itself (code $?). Save a file to start it again."
    SERVER_PID=''
  fi
done
