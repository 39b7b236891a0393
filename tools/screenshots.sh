#!/bin/sh
# Draw docs/images/report.png, the picture on top of the README: what the report shows of one test of the newest run.
set -eu
cd "$(dirname "$0")/.."
test=test_contactor_opens_during_a_flash_erase
browser=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$browser" ]; then
    echo "screenshots: chromium is missing: run make install-extras as root" >&2
    exit 1
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT INT TERM
size=$(.venv/bin/python -m tools.picture "$test" "$scratch/picture.svg")
mkdir -p docs/images
sandbox=
[ "$(id -u)" -ne 0 ] || sandbox=--no-sandbox # chromium refuses to start as root with it
"$browser" --headless $sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync \
    --user-data-dir="$scratch/profile" --hide-scrollbars --force-device-scale-factor=1.5 \
    --window-size="${size% *},${size#* }" --screenshot="$PWD/docs/images/report.png" \
    "file://$scratch/picture.svg" >/dev/null 2>&1
echo "docs/images/report.png"
