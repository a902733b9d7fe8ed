#!/usr/bin/env bash
# The daemon may make control groups for its containers, within its own container's.
set -eu
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -o remount,rw,bind /sys/fs/cgroup
  # A group that has processes of its own can't hand controllers on.
  mkdir -p /sys/fs/cgroup/init
  while read -r process; do echo "$process" >/sys/fs/cgroup/init/cgroup.procs 2>/dev/null || true; done </sys/fs/cgroup/cgroup.procs
  sed -e 's/ / +/g' -e 's/^/+/' /sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
else
  for folder in /sys/fs/cgroup/*/; do mount -o remount,rw,bind "$folder"; done
fi
# Docker tells of ports on IPv6 only where there is some.
sysctl -q -w net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.lo.disable_ipv6=0 || true
python3 /hub/hub.py &
export SSL_CERT_FILE=/hub/hub.crt
exec dockerd --host unix:///run/bare/docker.sock \
  --registry-mirror http://lunchbox-registry:5000 --insecure-registry lunchbox-registry:5000
