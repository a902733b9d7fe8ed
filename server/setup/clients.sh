#!/usr/bin/env bash
# Docker clients that others wrote, each against a sandbox of its own: the SDK for Python, Compose, and
# command lines old and new. All that it fetches lies below .lunchbox/clients; nothing is installed.
# CLIENTS_BINARY is the lunchbox to use, by default the debug build's.
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

CLIENTS="$STATE/clients"
BINARY=${CLIENTS_BINARY:-target/debug/lunchbox}
OLD_SUITE=bookworm     # its docker.io has command line 20.10
COMPOSE_SUITE=trixie   # its docker-compose is Compose v2
mkdir -p "$CLIENTS"

# apt_here SUITE COMMAND…: apt with lists of its own, so that the system's are left as they are.
apt_here() {
  local suite=$1 state="$CLIENTS/apt-$1" mirror
  shift
  mirror=$(debian_mirror)
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} $suite main" >"$state/sources.list"
  apt-get -q -o "Dir::Etc::SourceList=$state/sources.list" -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
    -o Dir::Etc::PreferencesParts=/dev/null -o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state/cache" -o Dir::State::Status=/dev/null -o Acquire::Languages=none -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
    -o APT::Sandbox::User= -o Debug::NoLocking=1 "$@"
}

# unpacked SUITE PACKAGE FOLDER: the files of a Debian package, in a folder.
unpacked() {
  local from="$CLIENTS/deb-$2"
  rm -rf "$from" "$3"
  mkdir -p "$from" "$3"
  apt_here "$1" update
  (cd "$from" && apt_here "$1" download "$2")
  dpkg-deb -x "$from/$2"_*.deb "$3"
  rm -rf "$from"
}

python_sdk() {
  rm -rf "$CLIENTS/venv"
  python3 -m venv "$CLIENTS/venv"
  "$CLIENTS/venv/bin/pip" install --quiet --disable-pip-version-check --requirement server/clients/python/requirements.txt
}

compose_plugin() {
  unpacked "$COMPOSE_SUITE" docker-compose "$CLIENTS/compose"
  mkdir -p "$CLIENTS/config/cli-plugins"
  ln -sf "$(find "$CLIENTS/compose" -name docker-compose -path '*cli-plugins*' -type f)" "$CLIENTS/config/cli-plugins/docker-compose"
}

old_cli() { unpacked "$OLD_SUITE" docker.io "$CLIENTS/docker-old"; }

# had NAME PRINT TEXT COMMAND: made once from what PRINT stands for.
had() {
  if stamped "clients-$1" "$2"; then there "$3"; return 0; fi
  step "$3" "clients-$1" "$4"
  stamp "clients-$1" "$2"
}

# The docker command lines to try: the old one, and each that is on the path.
command_lines() {
  local folder found="$CLIENTS/docker-old/usr/bin/docker"
  IFS=: read -ra folders <<<"$PATH"
  for folder in "${folders[@]}"; do
    # /bin may be /usr/bin under another name.
    if [ -x "$folder/docker" ] && [[ ":$found:" != *":$(readlink -f "$folder/docker"):"* ]]; then found+=":$(readlink -f "$folder/docker")"; fi
  done
  echo "$found"
}

# in_a_sandbox COMMAND…: with DOCKER_HOST of one that goes again.
in_a_sandbox() { "$BINARY" sandbox --registry "${LUNCHBOX_REGISTRY:-127.0.0.1:5055}" -- "$@"; }

is_debian || fail "The clients are not here" "They are taken from Debian's packages, and this is no Debian." "run this part on Debian."
packages "Python" python3 python3-venv
had python "$(fingerprint server/clients/python/requirements.txt)" "Docker SDK for Python" python_sdk
had compose "$COMPOSE_SUITE" "Compose" compose_plugin
had old-cli "$OLD_SUITE" "An old docker command line" old_cli

case ${1:-all} in
  python) in_a_sandbox "$CLIENTS/venv/bin/python" -W ignore::ResourceWarning server/clients/python/test_session.py "${@:2}" ;;
  compose) in_a_sandbox env DOCKER_CONFIG="$CLIENTS/config" "$CLIENTS/venv/bin/python" -W ignore::ResourceWarning server/clients/compose/test_compose.py "${@:2}" ;;
  versions) in_a_sandbox env DOCKER_CONFIG="$CLIENTS/no-config" DOCKER_CLIS="$(command_lines)" "$CLIENTS/venv/bin/python" -W ignore::ResourceWarning server/clients/cli/test_versions.py "${@:2}" ;;
  all)
    failed=0
    for client in python compose versions; do "${BASH_SOURCE[0]}" "$client" || failed=1; done
    exit "$failed"
    ;;
  *) fail "There is no client \"$1\"" "It is one of: python, compose, versions, all." ;;
esac
