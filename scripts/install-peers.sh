#!/usr/bin/env bash
# Installs the queues that make bench-queue measures beside ours, and strace, which counts its syncs. Nothing that is
# there already is touched, and no service is started: the benchmark runs its own, on loopback, and stops them.
set -euo pipefail

say() { printf 'install-peers: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

missing=()
for package in beanstalkd redis-server postgresql strace; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0
command -v apt-get >/dev/null || die "install these, then run the same command again: ${missing[*]}"

sudo=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || die "not root and no sudo; run as root: apt-get install ${missing[*]}"
  sudo=(sudo)
fi

# Debian starts a service when it installs it, unless this program says no (101: forbidden by policy).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${sudo[@]}" tee "$policy" >/dev/null
  "${sudo[@]}" chmod 755 "$policy"
  trap '"${sudo[@]}" rm -f "$policy"' EXIT
fi
say "installing with apt: ${missing[*]}"
"${sudo[@]}" apt-get -qq update
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" >/dev/null
