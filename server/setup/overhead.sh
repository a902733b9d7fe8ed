#!/usr/bin/env bash
# `./lunchbox bench overhead [options]`: whole docker commands on the engine itself and through the gateway,
# in turn, and what an open stream costs.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

build_overhead() { cargo build --locked --release -p class-bench --bin overhead-bench; }

step "Benchmark" overhead-build build_overhead

exec target/release/overhead-bench --registry "${LUNCHBOX_REGISTRY:-127.0.0.1:5055}" --log "$LOGS/overhead-sandbox.log" "$@"
