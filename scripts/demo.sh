#!/usr/bin/env bash
# The main job from end to end: a clip, the protocol's example op string, signed notifications to a receiver that
# checks each signature itself. Called by `make demo [INPUT=file]`; fails when anything is off.
set -euo pipefail

fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }
title() { printf '\n== %s\n' "$*"; }

cd "$(dirname "$0")/.."
input=${1:-testdata/media/clip.mp4}
[ -f "$input" ] || fail "there is no file $input"

title 'Building (the first time takes a few minutes)'
cargo build -p opmill --bin opmill --example receiver
bin=${CARGO_TARGET_DIR:-target}/debug

work=$(mktemp -d "${TMPDIR:-/tmp}/opmill-demo.XXXXXX")
receiver=
cleanup() {
  # The receiver ends by itself when all is well.
  if [ -n "$receiver" ]; then kill "$receiver" 2>/dev/null || true; wait "$receiver" 2>/dev/null || true; fi
}
trap cleanup EXIT

# A key pair for this run only: opmill signs with it, the receiver checks with it.
OPMILL_ACCESS_KEY=$(head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \n')
OPMILL_SECRET_KEY=$(head -c 20 /dev/urandom | od -An -tx1 | tr -d ' \n')
export OPMILL_ACCESS_KEY OPMILL_SECRET_KEY

# Pictures at 10 and 15 seconds, as in the protocol's example, or inside a film that is shorter than that.
length=$(ffprobe -v error -show_entries format=duration -of csv=p=0 "$input") || fail "ffprobe cannot read $input"
read -r first second < <(awk -v total="$length" 'BEGIN {
  if (total > 15) print 10, 15; else printf "%.3f %.3f\n", total / 2, total * 3 / 4 }')

saveas() { printf 'bucket:%s' "$1" | base64 -w 0 | tr '+/' '-_'; }
name=$(basename "$input")
name=${name%.*}
ops="avthumb/mp4/vb/64k|saveas/$(saveas "$name.mp4")"
ops+=";avthumb/flv/vb/64k|saveas/$(saveas "$name.flv")"
ops+=";vframe/jpg/offset/$first|saveas/$(saveas "$name-1.jpg")"
ops+=";vframe/jpg/offset/$second|saveas/$(saveas "$name-2.jpg")"

"$bin/examples/receiver" 127.0.0.1:0 4 >"$work/receiver.log" 2>&1 &
receiver=$!
# The receiver's first line says where it listens.
url=
for _ in $(seq 100); do
  url=$(sed -n 's/^listening on //p' "$work/receiver.log")
  [ -n "$url" ] && break
  kill -0 "$receiver" 2>/dev/null || fail "the receiver did not start: $(cat "$work/receiver.log")"
  sleep 0.1
done
[ -n "$url" ] || fail 'the receiver does not say where it listens'

title 'Running'
printf '%s\n' "opmill run --ops '$ops' \\" \
  "  --out $work/out --data $work/queue --separate --notify $url \\" "  $input"
echo
status=0
"$bin/opmill" run --ops "$ops" --out "$work/out" --data "$work/queue" --separate --notify "$url" "$input" || status=$?
[ "$status" -eq 0 ] || fail "opmill run ended with exit code $status"

title 'What the receiver got, each signature verified'
# opmill has delivered everything by now, so the receiver has all four or never will.
for _ in $(seq 50); do kill -0 "$receiver" 2>/dev/null || break; sleep 0.1; done
cat "$work/receiver.log"
if kill -0 "$receiver" 2>/dev/null; then fail 'the receiver is still waiting for a notification'; fi
wait "$receiver" || fail 'the receiver ended with an error'
receiver=

title 'The files, as ffprobe reads them'
for file in "$name.mp4" "$name.flv" "$name-1.jpg" "$name-2.jpg"; do
  path=$work/out/bucket/$file
  [ -s "$path" ] || fail "missing or empty: $path"
  stream=$(ffprobe -v error -select_streams v:0 -show_entries stream=codec_name,width,height -of csv=p=0 "$path")
  printf '%10d bytes  %-20s %s\n' "$(wc -c <"$path")" "$stream" "$path"
done

printf '\nEverything is in %s; remove it when you have seen enough.\n' "$work"
