#!/bin/sh
# Run inside a fresh Debian root before it becomes the image under all others: keeps it small.
# Licences stay; documentation, translations and package lists go, and don't come back.
set -eu
cat >/etc/dpkg/dpkg.cfg.d/lunchbox-slim <<'CONF'
path-exclude /usr/share/doc/*
path-include /usr/share/doc/*/copyright
path-exclude /usr/share/man/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/lintian/*
CONF
cat >/etc/apt/apt.conf.d/lunchbox-slim <<'CONF'
Acquire::Languages "none";
Acquire::GzipIndexes "true";
APT::Install-Recommends "false";
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
CONF
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
find /usr/share/doc -type f ! -name copyright -delete
find /usr/share/doc -type l -delete
find /usr/share/doc -type d -empty -delete
rm -rf /usr/share/man/* /usr/share/info/* /usr/share/locale/* /usr/share/lintian/* \
  /var/cache/apt/* /var/lib/apt/lists/* /var/cache/debconf/*-old /var/lib/dpkg/*-old \
  /var/log/*.log /var/log/apt /var/cache/ldconfig/aux-cache
