#!/usr/bin/env bash
# `./lunchbox bench [options of class-bench]`: makes the two images that only the benchmark needs, and
# measures whole classes, each on a server of its own (own data, own port).
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

REGISTRY=${LUNCHBOX_REGISTRY:-127.0.0.1:5055}
PORT=${LUNCHBOX_BENCH_PORT:-3099}
IMAGE=lunchbox-bench
PEER=lunchbox-bench-daemon:latest
export DOCKER_BUILDKIT=0

# A root of some 200 MB in one layer that nothing else on the engine shares: a pull moves all of it.
pulled_image() {
  local container
  container=$(docker create lunchbox-workstation:latest)
  docker export "$container" | docker import --change 'CMD ["/bin/bash"]' - "$REGISTRY/library/$IMAGE:latest"
  docker rm "$container"
  docker push "$REGISTRY/library/$IMAGE:latest"
}

peer_image() { docker build --network host -t "$PEER" server/images/bench-daemon; }

cargo_bench() { cargo build --locked --release -p "$(sed -n 's/^name = "\(.*\)"/\1/p' server/bench/Cargo.toml | head -n 1)"; }

[ "$(docker image inspect -f '{{.Created}}' lunchbox-workstation:latest)" = "$(cat "$STATE/stamp/bench" 2>/dev/null)" ] ||
  { step "Image to pull, for the benchmark" bench-image pulled_image; stamp bench "$(docker image inspect -f '{{.Created}}' lunchbox-workstation:latest)"; }
docker image inspect "$PEER" >/dev/null 2>&1 || step "Image of a Docker daemon, for the benchmark" bench-peer peer_image
step "Benchmark" bench-build cargo_bench

exec target/release/class-bench --port "$PORT" --registry "$REGISTRY" --image "$IMAGE" --peer-image "$PEER" \
  --log "$LOGS/bench-server.log" "$@"
