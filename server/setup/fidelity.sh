#!/usr/bin/env bash
# `./lunchbox fidelity [options]`: the same docker command lines on a bare Docker Engine and in a sandbox,
# and what they say compared. Makes the image of that engine first. FIDELITY_BUILD is whose binaries are used:
# release (made here) or debug (there already).
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

PEER=lunchbox-bench-daemon:latest
ENGINE=lunchbox-fidelity-engine:latest
BUILD=${FIDELITY_BUILD:-release}
export DOCKER_BUILDKIT=0

peer_image() { docker build --network host -t "$PEER" server/images/bench-daemon; }

engine_image() { docker build --network host -t "$ENGINE" server/fidelity/engine; }

build_fidelity() { cargo build --locked --release -p fidelity; }

docker image inspect "$PEER" >/dev/null 2>&1 || step "Image of a Docker daemon" bench-peer peer_image
print=$(fingerprint server/fidelity/engine)-$(docker image inspect -f '{{.Id}}' "$PEER")
if ! stamped fidelity-engine "$print" || ! docker image inspect "$ENGINE" >/dev/null 2>&1; then
  step "Image of a bare engine, to compare with" fidelity-engine engine_image
  stamp fidelity-engine "$(fingerprint server/fidelity/engine)-$(docker image inspect -f '{{.Id}}' "$PEER")"
fi
[ "$BUILD" = debug ] || step "Comparison" fidelity-build build_fidelity

exec "target/$BUILD/fidelity" --binary "target/$BUILD/lunchbox" --registry "${LUNCHBOX_REGISTRY:-127.0.0.1:5055}" --log "$LOGS/fidelity-sandbox.log" "$@"
