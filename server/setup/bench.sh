#!/usr/bin/env bash
# `./lunchbox bench [options of class-bench]`: starts a server of its own (own data, own port), makes
# the two images that only the benchmark needs, and measures whole classes.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

REGISTRY=${LUNCHBOX_REGISTRY:-127.0.0.1:5055}
PORT=${LUNCHBOX_BENCH_PORT:-3099}
IMAGE=lunchbox-bench
PEER=lunchbox-bench-daemon:latest
READY_SECONDS=120
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

DATA=$(mktemp -d "${TMPDIR:-/tmp}/lunchbox-bench.XXXXXX")
INSTANCE="bench$PORT"
LUNCHBOX_LISTEN="127.0.0.1:$PORT" LUNCHBOX_DATA_DIR="$DATA/data" LUNCHBOX_RUN_DIR="$DATA/run" LUNCHBOX_INSTANCE="$INSTANCE" \
  target/release/lunchbox serve >"$LOGS/bench-server.log" 2>&1 &
server=$!

# Living sandboxes outlive a server by design; those of a benchmark must not.
tidy() {
  local ours=(--filter "label=io.lunchbox.instance=$INSTANCE" -q)
  kill -TERM "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
  docker ps -a "${ours[@]}" | xargs -r docker rm -f -v >/dev/null
  docker network ls "${ours[@]}" | xargs -r docker network rm >/dev/null
  docker volume ls "${ours[@]}" | xargs -r docker volume rm >/dev/null
  rm -rf "$DATA"
}
trap tidy EXIT

ready() { [[ "$( (exec 3<>"/dev/tcp/127.0.0.1/$PORT" && printf 'GET /readyz HTTP/1.0\r\n\r\n' >&3 && head -n 1 <&3) 2>/dev/null)" == *' 200'* ]]; }
deadline=$(( $(now_ms) + READY_SECONDS * 1000 ))
until ready; do
  kill -0 "$server" 2>/dev/null || { tail -n 20 "$LOGS/bench-server.log" >&2; fail "The benchmark's server ended" "Its last lines are above."; }
  [ "$(now_ms)" -lt "$deadline" ] || fail "The benchmark's server isn't ready after $READY_SECONDS s" "See $LOGS/bench-server.log."
  sleep 0.2
done

target/release/class-bench --server "http://127.0.0.1:$PORT" --registry "$REGISTRY" --image "$IMAGE" --peer-image "$PEER" "$@"
