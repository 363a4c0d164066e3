#!/usr/bin/env bash
# Makes the archives in this folder with programs that are not ours. The results are committed, so the tests need none of
# them; run this after changing one. Needs zip, and python3 with py7zr.
set -euo pipefail
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
mkdir -p "$work/set/sub"
printf 'first' > "$work/set/first.txt"
printf 'second' > "$work/set/sub/第二.txt"
: > "$work/set/empty"
ln -s first.txt "$work/set/link"

rm -f ./*.7z ./*.zip
python3 - "$work/set" <<'PY'
import sys, py7zr
source = sys.argv[1]
def make(name, **options):
    names = options.pop("names", False)
    with py7zr.SevenZipFile(name, "w", **options) as archive:
        if names:
            archive.set_encrypted_header(True)
        archive.writeall(source, "set")
make("solid.7z")
make("ppmd.7z", filters=[{"id": py7zr.FILTER_PPMD, "order": 6, "mem": 16}])
make("bcj-lzma.7z", filters=[{"id": py7zr.FILTER_X86}, {"id": py7zr.FILTER_LZMA}])
make("encrypted.7z", password="secret")
make("encrypted-names.7z", password="secret", names=True)
PY
(cd "$work" && zip -q -r --symlinks plain.zip set)
mv "$work/plain.zip" .
(cd "$work" && zip -q -P secret encrypted.zip set/first.txt set/sub/第二.txt)
mv "$work/encrypted.zip" .
