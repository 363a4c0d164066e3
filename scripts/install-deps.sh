#!/usr/bin/env bash
# Installs what opmill needs to build and to run its tests, and nothing that is there already.
# Debian and Ubuntu: apt, through sudo when not root. Elsewhere: names the packages and stops.
# Silent when nothing is missing, so that every make target can afford to call it.
set -euo pipefail

cd "$(dirname "$0")/.."
export PATH="${CARGO_HOME:-${HOME:-/root}/.cargo}/bin:$PATH"

# The oldest Rust that builds the workspace, read from the one place that states it.
rust_wanted=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
# libavcodec of FFmpeg 5.1, the oldest release the bindings are tested with.
libavcodec_wanted=59.37

libraries=(libavcodec libavformat libavutil libavfilter libswscale libswresample)

say() { printf 'install-deps: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# at_least HAVE WANTED: is version HAVE not older than WANTED?
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

apt_install() {
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    has sudo || die "not root and no sudo; run as root: apt-get update && apt-get install --no-install-recommends $*"
    sudo=(sudo)
  fi
  say "installing with apt: $*"
  "${sudo[@]}" apt-get -qq update
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "$@" >/dev/null
}

# Prints the named packages that dpkg does not have installed.
missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || echo "$package"
  done
}

debian_packages() {
  local packages=(clang libclang-dev pkg-config ffmpeg fonts-dejavu-core) library
  for library in "${libraries[@]}"; do packages+=("$library-dev"); done
  has gcc || packages+=(gcc libc6-dev)
  has make || packages+=(make)
  has cargo || has curl || packages+=(curl ca-certificates)
  local missing
  mapfile -t missing < <(missing_packages "${packages[@]}")
  [ "${#missing[@]}" -eq 0 ] || apt_install "${missing[@]}"
}

# Any other system: everything must be there, and what is not is named in that system's own words.
other_packages() {
  local absent=() program library
  for program in clang pkg-config make ffmpeg cargo; do has "$program" || absent+=("$program"); done
  if has pkg-config; then
    for library in "${libraries[@]}"; do pkg-config --exists "$library" || absent+=("$library"); done
  fi
  [ "${#absent[@]}" -eq 0 ] && return
  cat >&2 <<TEXT
install-deps: not found: ${absent[*]}
install-deps: only Debian and Ubuntu are set up automatically. Install these and run the same command again:
  macOS   brew install ffmpeg llvm pkg-config rustup
  Fedora  dnf install ffmpeg-free-devel ffmpeg-free clang clang-devel pkgconf-pkg-config gcc make rustup
  Arch    pacman -S ffmpeg clang pkgconf gcc make rustup
and Rust $rust_wanted or later: https://rustup.rs
TEXT
  exit 1
}

rust() {
  if ! has cargo; then
    say "installing Rust with rustup"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
      sh -s -- -y --quiet --profile minimal --component rustfmt --component clippy --no-modify-path
  fi
  local have
  have=$(cargo --version | awk '{ print $2 }')
  at_least "$have" "$rust_wanted" ||
    die "cargo is $have ($(command -v cargo)); opmill needs $rust_wanted or later: rustup update, or see https://rustup.rs"
}

if has dpkg-query && has apt-get; then debian_packages; else other_packages; fi
pkg-config --atleast-version="$libavcodec_wanted" libavcodec ||
  die "libavcodec is $(pkg-config --modversion libavcodec); opmill needs FFmpeg 5.1 or later (Debian 12, Ubuntu 23.04 or newer)"
rust
