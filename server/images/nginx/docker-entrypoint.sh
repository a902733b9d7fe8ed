#!/bin/sh
# Makes the configuration fit the machine, then becomes the command.
set -e
if [ "$1" = nginx ]; then
  # Some hosts have no IPv6; nginx would not start on a listener it can't have.
  if [ ! -f /proc/net/if_inet6 ]; then
    sed -i '/listen \[::\]/d' /etc/nginx/conf.d/default.conf
  fi
  echo "docker-entrypoint.sh: configuration complete; ready for start up"
fi
exec "$@"
