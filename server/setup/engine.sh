#!/usr/bin/env bash
# A Docker Engine that answers, with API 1.45 or newer. Uses the one that is there; where none is and
# the machine is Debian, installs Debian 13's and starts it. Never changes an engine that runs.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

MIN_API=1.45 # Engine 26: the first with volume subpaths
START_SECONDS=60

# at_least A B: is version A (two numbers) B or newer?
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$2" ]; }

answer() { docker version --format '{{.Server.Version}} {{.Server.APIVersion}}' 2>/dev/null; }

add_newer_debian() {
  local mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || { echo "no Debian mirror under /etc/apt"; return 1; }
  # Pinned below what is installed: nothing is taken from there that isn't asked for by name.
  printf 'Package: *\nPin: release n=trixie\nPin-Priority: 50\n' | as_root tee /etc/apt/preferences.d/lunchbox-trixie >/dev/null
  echo "deb [signed-by=$keyring] $mirror trixie main" | as_root tee /etc/apt/sources.list.d/lunchbox-trixie.list >/dev/null
  apt_update again
}

install_engine() {
  if [ "$(os_release VERSION_CODENAME)" = bookworm ]; then
    [ -e /etc/apt/sources.list.d/lunchbox-trixie.list ] || add_newer_debian
    apt_get_install iptables docker.io/trixie docker-cli/trixie containerd/trixie
  else
    apt_get_install iptables docker.io docker-cli
  fi
}

# A pid file that a killed engine left keeps the next from starting once its number is another's.
remove_stale_pid() {
  local file=$1 program=$2 pid
  [ -e "$file" ] || return 0
  pid=$(cat "$file" 2>/dev/null || true)
  [ "$(cat "/proc/${pid:-none}/comm" 2>/dev/null)" = "$program" ] || as_root rm -f "$file"
}

start_engine() {
  local deadline=$(( $(now_ms) + START_SECONDS * 1000 ))
  if [ -d /run/systemd/system ]; then
    as_root systemctl enable --now docker
  else
    remove_stale_pid /var/run/docker.pid dockerd
    remove_stale_pid /var/run/docker/containerd/containerd.pid containerd
    # In a session of its own, so that it outlives us; and without our lock (9), which it would hold.
    # shellcheck disable=SC2016 # $1 is the inner shell's
    as_root setsid sh -c 'exec dockerd >"$1" 2>&1 </dev/null' sh "$LOGS/dockerd.log" 9<&- &
  fi
  until answer >/dev/null; do
    [ "$(now_ms)" -lt "$deadline" ] || { tail -n 15 "$LOGS/dockerd.log" 2>/dev/null; return 1; }
    sleep 0.2
  done
}

main() {
  local found said
  if found=$(answer); then
    at_least "${found#* }" "$MIN_API" || fail "Docker Engine ${found% *} is too old" \
      "It speaks API ${found#* }; Lunchbox needs $MIN_API or newer (Engine 26)." \
      "upgrade it as your system does, or set DOCKER_HOST to a newer engine."
    there "Docker Engine ${found% *}"
    return 0
  fi
  if have docker; then
    said=$({ docker version 2>&1 >/dev/null || true; } | tail -n 1)
    case $said in
      *ermission*denied*) fail "The Docker Engine may not be used by $(id -un)" "$said" \
        "add yourself to its group (usermod -aG docker $(id -un), then log in again), or run this as root." ;;
    esac
    [ -z "${DOCKER_HOST:-}" ] || fail "No Docker Engine answers at DOCKER_HOST=$DOCKER_HOST" "$said" \
      "start that engine, or unset DOCKER_HOST."
  fi
  is_debian || fail "No Docker Engine answers" "Set-up installs one on Debian only." \
    "install Docker Engine 26 or newer (docs.docker.com/engine/install), or Docker Desktop, start it, and run this again."
  can_be_root || fail "No Docker Engine answers" "Installing and starting one needs root, and you are $(id -un) without a password-less sudo." \
    "run this as root once, or: apt-get install docker.io"
  if ! have dockerd || ! have docker; then
    enough_disk /var/lib 6 "a Docker Engine and the course's images"
    HINT="see that this machine reaches its Debian mirror; or install Docker Engine 26 or newer by hand." \
      step "Docker Engine (installing)" engine-install install_engine
  fi
  HINT="see $LOGS/dockerd.log; the engine needs root, overlayfs, cgroups and iptables." \
    step "Docker Engine (starting)" engine-start start_engine
  found=$(answer) || fail "The Docker Engine doesn't answer" "It started and then stopped; see $LOGS/dockerd.log." "run this again."
  at_least "${found#* }" "$MIN_API" || fail "Docker Engine ${found% *} is too old" \
    "It speaks API ${found#* }; Lunchbox needs $MIN_API or newer (Engine 26)." "upgrade it, then run this again."
}

once_a_machine engine main
