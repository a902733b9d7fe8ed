#!/usr/bin/env bash
# `./lunchbox bench [options of class-bench]`: makes the images that only the benchmark needs, and
# measures whole classes, each on a server of its own (own data, own port).
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

REGISTRY=${LUNCHBOX_REGISTRY:-127.0.0.1:5055}
PORT=${LUNCHBOX_BENCH_PORT:-3099}
IMAGE=lunchbox-bench
COURSE_IMAGE=lunchbox-bench-course
PEER=lunchbox-bench-daemon:latest
export DOCKER_BUILDKIT=0

# pulled_image NAME: a root of some 200 MB in one layer that nothing else on the engine shares: a pull
# moves all of it.
pulled_image() {
  local name=$1 container
  container=$(docker create lunchbox-workstation:latest)
  # Makes it another layer than the next one's.
  mkdir -p "$STATE/bench"
  echo "$name" >"$STATE/bench/name"
  docker cp "$STATE/bench/name" "$container:/name"
  docker export "$container" | docker import --change 'CMD ["/bin/bash"]' - "$REGISTRY/library/$name:latest"
  docker rm "$container"
  docker push "$REGISTRY/library/$name:latest"
}

pulled_images() {
  pulled_image "$IMAGE"
  pulled_image "$COURSE_IMAGE"
}

peer_image() { docker build --network host -t "$PEER" server/images/bench-daemon; }

cargo_bench() { cargo build --locked --release -p "$(sed -n 's/^name = "\(.*\)"/\1/p' server/bench/Cargo.toml | head -n 1)"; }

[ "$(docker image inspect -f '{{.Created}}' lunchbox-workstation:latest)" = "$(cat "$STATE/stamp/bench-images" 2>/dev/null)" ] ||
  { step "Images to pull, for the benchmark" bench-image pulled_images; stamp bench-images "$(docker image inspect -f '{{.Created}}' lunchbox-workstation:latest)"; }
docker image inspect "$PEER" >/dev/null 2>&1 || step "Image of a Docker daemon, for the benchmark" bench-peer peer_image
step "Benchmark" bench-build cargo_bench

exec target/release/class-bench --port "$PORT" --registry "$REGISTRY" --image "$IMAGE" --course-image "$COURSE_IMAGE" --peer-image "$PEER" \
  --log "$LOGS/bench-server.log" "$@"
