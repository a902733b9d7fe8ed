#!/usr/bin/env bash
# `./lunchbox load [options of class-load]`: a class at work, on a server of its own (own data, own port).
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

cargo_load() { cargo build --locked --release -p class-bench --bin class-load; }

step "Load" load-build cargo_load
exec target/release/class-load --port "${LUNCHBOX_LOAD_PORT:-3098}" --registry "${LUNCHBOX_REGISTRY:-127.0.0.1:5055}" "$@"
