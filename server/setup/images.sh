#!/usr/bin/env bash
# The course's images and registry: builds or pulls the images, runs a CNCF Distribution registry on
# loopback, and puts the course images into it. What is there and current is left alone; truth is
# asked of the engine (a recipe label on each image) and of the registry (its manifest's digest).
#
# Settings: LUNCHBOX_REGISTRY (host:port of the registry, on loopback), LUNCHBOX_UPSTREAM
# (auto | never: whether to try Docker Hub first), LUNCHBOX_FRESH_IMAGES=1 (build all again).
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

REGISTRY=${LUNCHBOX_REGISTRY:-127.0.0.1:5055}
COURSE=(nginx ubuntu alpine redis python busybox hello-world)
SUITE=trixie # the Debian release that our images are made of
RECIPE=io.lunchbox.recipe
UPSTREAM_PROBE_SECONDS=20
FRESH=${LUNCHBOX_FRESH_IMAGES:-}
export DOCKER_BUILDKIT=0 BUILDKIT_PROGRESS=plain DOCKER_CLI_HINTS=false

course_ref() { printf '%s/library/%s:latest' "$REGISTRY" "$1"; }

# --- what there is ----------------------------------------------------------------------------

# One line an image: reference, ID, recipe, digest in our registry (or -). One call for them all.
look() {
  local refs=("lunchbox-base:latest" "lunchbox-workstation:latest" "lunchbox-registry:latest") name
  for name in "${COURSE[@]}"; do refs+=("$(course_ref "$name")"); done
  FOUND=$(docker image inspect "${refs[@]}" --format \
    '{{range .RepoTags}}{{.}} {{end}}| {{.Id}} {{with .Config.Labels}}{{with index . "io.lunchbox.recipe"}}{{.}}{{else}}-{{end}}{{else}}-{{end}} {{range .RepoDigests}}{{.}} {{end}}' 2>/dev/null || true)
}

# field REF N: field N (1 = ID, 2 = recipe, 3… = digests) of what `look` found of an image.
field() {
  awk -v ref="$1" -v n="$2" '{ bar = 0
    for (i = 1; i <= NF; i++) if ($i == "|") { bar = i; break }
    for (i = 1; i < bar; i++) if ($i == ref) { print $(bar + n); exit } }' <<<"$FOUND"
}

# digest_there NAME: the digest under which the registry has library/NAME:latest, if it has.
digest_there() {
  local host=${REGISTRY%:*} port=${REGISTRY##*:} line
  exec 3<>"/dev/tcp/$host/$port" || return 1
  printf 'HEAD /v2/library/%s/manifests/latest HTTP/1.1\r\nHost: %s\r\nAccept: application/vnd.docker.distribution.manifest.v2+json\r\nAccept: application/vnd.oci.image.manifest.v1+json\r\nAccept: application/vnd.docker.distribution.manifest.list.v2+json\r\nAccept: application/vnd.oci.image.index.v1+json\r\nConnection: close\r\n\r\n' "$1" "$REGISTRY" >&3
  while IFS= read -r -t 10 line <&3; do
    line=${line%$'\r'}
    case "${line,,}" in docker-content-digest:*) printf '%s' "${line##* }" ;; '') break ;; esac
  done
  exec 3<&- 3>&-
}

registry_answers() {
  local host=${REGISTRY%:*} port=${REGISTRY##*:} line
  { exec 3<>"/dev/tcp/$host/$port"; } 2>/dev/null || return 1
  printf 'GET /v2/ HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$REGISTRY" >&3
  IFS= read -r -t 5 line <&3 || line=''
  exec 3<&- 3>&-
  [[ $line == *' 200 '* ]]
}

# pushed NAME: does the registry hold just the image that the engine has under that name?
pushed() {
  local ref digest
  ref=$(course_ref "$1")
  digest=$(digest_there "$1" 2>/dev/null) || return 1
  [ -n "$digest" ] && [[ "$(awk -v r="$ref" '{ for (i = 1; i <= NF; i++) if ($i == r) { print; exit } }' <<<"$FOUND")" == *"/library/$1@$digest"* ]]
}

# --- recipes: what an image is made from --------------------------------------------------------

init_print() { fingerprint server/workstation-init Cargo.lock; }

recipe() {
  local base
  base="$SUITE-$(fingerprint server/images/base)"
  case $1 in
    base) printf '%s' "$base" ;;
    workstation) printf '%s' "$base-$(fingerprint server/images/workstation)-$(init_print)" ;;
    *) printf '%s' "$base-$(fingerprint "server/images/$1")" ;;
  esac
}

# current NAME REF: has the engine the image that today's recipe makes (or upstream's own)?
current() {
  local id
  [ -z "$FRESH" ] || return 1
  id=$(field "$2" 1)
  [ -n "$id" ] || return 1
  [ "$(field "$2" 2)" = "$(recipe "$1")" ] || stamped "image-$1" "upstream $id"
}

# --- making -----------------------------------------------------------------------------------

# Our images' Debian root, by debootstrap from the machine's own mirror.
make_base() {
  local mirror security root
  mirror=$(debian_mirror)
  security=$(debian_security_mirror)
  root=$(as_root mktemp -d "${TMPDIR:-/tmp}/lunchbox-base.XXXXXX")
  # shellcheck disable=SC2064
  trap "as_root rm -rf --one-file-system '$root'" EXIT
  as_root debootstrap --variant=minbase --include=ca-certificates "$SUITE" "$root" "$mirror"
  {
    echo "deb $mirror $SUITE main"
    echo "deb $mirror $SUITE-updates main"
    [ -z "$security" ] || echo "deb $security $SUITE-security main"
  } | as_root tee "$root/etc/apt/sources.list" >/dev/null
  as_root cp server/images/base/slim.sh "$root/tmp/slim.sh"
  # A mirror without security updates is no reason to have no image at all.
  as_root chroot "$root" sh -c 'export DEBIAN_FRONTEND=noninteractive
    apt-get update -q && apt-get -y -q upgrade || echo "no updates: going on with the release as it is"'
  as_root chroot "$root" /tmp/slim.sh
  as_root rm -f "$root/tmp/slim.sh" "$root/etc/resolv.conf" "$root/etc/hostname"
  as_root tar -C "$root" --numeric-owner --one-file-system -c . |
    docker import --change 'CMD ["/bin/bash"]' --change "LABEL $RECIPE=$(recipe base)" - lunchbox-base:latest
}

base_image() {
  look
  if current base lunchbox-base:latest; then there "Base image (Debian $SUITE)"; return 0; fi
  if upstream_reachable; then
    step "Base image (Debian $SUITE, from Docker Hub)" image-base pull_base
    return 0
  fi
  is_debian || fail "No base image" "Docker Hub can't be reached, and making one from packages needs Debian." \
    "let this machine reach Docker Hub, or set up on Debian."
  can_be_root || fail "No base image" "Docker Hub can't be reached, and making one from packages needs root." \
    "run this as root once, or let this machine reach Docker Hub."
  [ -n "$(debian_mirror)" ] || fail "No base image" "No Debian mirror is set under /etc/apt." "add one to /etc/apt/sources.list."
  packages "debootstrap" debootstrap
  HINT="see $LOGS/image-base.log; the mirror asked is $(debian_mirror)." step "Base image (Debian $SUITE, from packages)" image-base make_base
}

pull_base() {
  docker pull "debian:$SUITE-slim"
  printf 'FROM debian:%s-slim\n' "$SUITE" | docker build --label "$RECIPE=$(recipe base)" -t lunchbox-base:latest -
}

# One look, remembered for this run: each failing pull can take long.
upstream_reachable() {
  local said="$STATE/stamp/upstream.$$"
  [ "${LUNCHBOX_UPSTREAM:-auto}" != never ] || return 1
  if [ ! -e "$said" ]; then
    mkdir -p "${said%/*}"
    if timeout "$UPSTREAM_PROBE_SECONDS" docker pull -q hello-world:latest >"$LOGS/upstream.log" 2>&1; then
      echo yes >"$said"
    else
      echo no >"$said"
      say "Docker Hub can't be reached from here: images are built from Debian packages instead."
    fi
  fi
  [ "$(cat "$said")" = yes ]
}

# The static binary that is PID 1 of a workstation.
init_binary() {
  local triple print
  print=$(init_print)
  triple=$(rustc -vV | sed -n 's/^host: //p')
  INIT="$ROOT/target/init/$triple/release/workstation-init"
  if stamped workstation-init "$print" && [ -x "$INIT" ]; then return 0; fi
  step "Workstation's first process (static binary)" workstation-init \
    env RUSTFLAGS="-C target-feature=+crt-static" \
    cargo build --locked --release -p workstation-init --target "$triple" --target-dir target/init
  stamp workstation-init "$print"
}

# build NAME REF [docker build option…]: from a copy of its folder, to which files may be added.
build() {
  local name=$1 ref=$2 context="$STATE/build/$1" before version version_arg='' package=''
  shift 2
  before=$(docker image inspect -f '{{.Id}}' "$ref" 2>/dev/null || true)
  rm -rf "$context"
  mkdir -p "$STATE/build"
  cp -a "server/images/$name" "$context"
  case $name in
    workstation) cp "$INIT" "$context/lunchbox-init" ;;
    hello-world) cc -static -nostdlib -Os -fno-stack-protector -s -o "$context/hello" "$context/hello.c" ;;
  esac
  set -- --network host ${FRESH:+--no-cache} --label "$RECIPE=$(recipe "$name")" -t "$ref" "$@"
  docker build "$@" "$context"
  # The package's version goes into the environment, as the official images have it. It is known
  # only now; all the layers above the last ones come from the cache.
  case $name in
    nginx) version_arg=NGINX_VERSION package=nginx ;;
    redis) version_arg=REDIS_VERSION package=redis-server ;;
    python) version_arg=PYTHON_VERSION package=python3 ;;
  esac
  if [ -n "$package" ]; then
    version=$(package_version "$ref" "$package")
    docker build "$@" --build-arg "$version_arg=$version" "$context"
  fi
  rm -rf "$context"
  # What had this name before goes, unless a container or another name still needs it.
  if [ -n "$before" ] && [ "$before" != "$(docker image inspect -f '{{.Id}}' "$ref")" ]; then
    docker image rm "$before" || true
  fi
}

package_version() {
  docker run --rm --network none --entrypoint dpkg-query "$1" -W -f '${Version}' "$2" | sed 's/^[0-9]*://; s/[-+].*//'
}

# --- the registry -----------------------------------------------------------------------------

run_registry() {
  docker network inspect lunchbox-registry >/dev/null 2>&1 || docker network create lunchbox-registry
  docker rm -f lunchbox-registry 2>/dev/null || true
  docker run -d --name lunchbox-registry --restart unless-stopped --network lunchbox-registry \
    -p "$REGISTRY:5000" -v lunchbox-registry:/var/lib/registry --label "$RECIPE=$1" \
    --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
    --memory 512m --pids-limit 256 --log-opt max-size=5m --log-opt max-file=2 \
    lunchbox-registry:latest
  local deadline=$(( $(now_ms) + 20000 ))
  until registry_answers; do
    [ "$(now_ms)" -lt "$deadline" ] || { docker logs --tail 20 lunchbox-registry; echo "the registry doesn't answer on $REGISTRY"; return 1; }
    sleep 0.1
  done
}

registry() {
  local want state
  look
  if ! current registry lunchbox-registry:latest; then
    step "Registry image" image-registry build registry lunchbox-registry:latest
    look
  fi
  want="$(field lunchbox-registry:latest 1)-$REGISTRY"
  state=$(docker container inspect lunchbox-registry --format '{{.State.Running}} {{index .Config.Labels "io.lunchbox.recipe"}}' 2>/dev/null || true)
  if [ "$state" = "true $want" ] && registry_answers; then there "Course registry on $REGISTRY"; return 0; fi
  if [[ "$state" != "true "* ]] && port_taken "${REGISTRY##*:}"; then
    fail "Port ${REGISTRY##*:} is taken" "The course registry wants $REGISTRY, and another program listens there." \
      "stop that program, or choose another port: LUNCHBOX_REGISTRY=127.0.0.1:5056 ./lunchbox serve"
  fi
  step "Course registry on $REGISTRY" registry run_registry "$want"
}

course_image() {
  local name=$1 ref
  ref=$(course_ref "$name")
  if ! current "$name" "$ref"; then
    if upstream_reachable && timeout 600 docker pull "$name:latest" >"$LOGS/image-$name.log" 2>&1; then
      docker tag "$name:latest" "$ref"
      stamp "image-$name" "upstream $(docker image inspect -f '{{.Id}}' "$ref")"
      say "$name comes from Docker Hub"
    else
      step "Image $name (stand-in, from packages)" "image-$name" build "$name" "$ref"
    fi
    look
  fi
  if ! pushed "$name"; then
    step "$name into the course registry" "push-$name" docker push "$ref"
  fi
}

all_current() {
  look
  current base lunchbox-base:latest && current workstation lunchbox-workstation:latest || return 1
  local name
  for name in "${COURSE[@]}"; do
    current "$name" "$(course_ref "$name")" && pushed "$name" || return 1
  done
}

main() {
  if [ -z "$FRESH" ] && registry_current_quickly && all_current; then
    there "Course registry on $REGISTRY, workstation and ${#COURSE[@]} course images"
    return 0
  fi
  enough_disk "$(docker info --format '{{.DockerRootDir}}' 2>/dev/null || echo /var/lib)" 4 "images"
  # Compiling the workstation's first process and unpacking Debian keep different things busy.
  init_binary & local compile=$!
  base_image
  registry
  local name
  for name in "${COURSE[@]}"; do look; course_image "$name"; done
  wait "$compile"
  init_binary # sets INIT, now that it is there
  look
  if ! current workstation lunchbox-workstation:latest; then
    step "Workstation image" image-workstation build workstation lunchbox-workstation:latest
  fi
  rm -f "$STATE/stamp/upstream.$$"
}

registry_current_quickly() {
  look
  current registry lunchbox-registry:latest && registry_answers &&
    [ "$(docker container inspect lunchbox-registry --format '{{index .Config.Labels "io.lunchbox.recipe"}}' 2>/dev/null)" = "$(field lunchbox-registry:latest 1)-$REGISTRY" ]
}

once_a_machine images main
