#!/usr/bin/env bash
# Runs the library's example programs on a generated clip, each in a folder of its own, so that what the
# documentation points to is known to work. Called by `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."

clip=$PWD/testdata/media/clip.mp4
cargo build -q -p opmill-engine --examples
bin=$(realpath "${CARGO_TARGET_DIR:-target}")/debug/examples
for source in engine/examples/*.rs; do
  name=$(basename "$source" .rs)
  folder=$(mktemp -d)
  echo "example $name"
  (cd "$folder" && "$bin/$name" "$clip")
  rm -r "$folder"
done
