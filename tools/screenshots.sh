#!/bin/sh
# Draw docs/images/report.png, the picture on top of the README, from reports/index.html.
set -eu
cd "$(dirname "$0")/.."
if [ ! -f reports/index.html ]; then
    echo "screenshots: reports/index.html is missing: run make demo first" >&2
    exit 1
fi
browser=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$browser" ]; then
    echo "screenshots: chromium is missing: run make install-extras as root" >&2
    exit 1
fi
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT INT TERM
mkdir -p docs/images
sandbox=
[ "$(id -u)" -ne 0 ] || sandbox=--no-sandbox # chromium refuses to start as root with it
"$browser" --headless $sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync \
    --user-data-dir="$profile" --window-size=1280,1600 --screenshot="$PWD/docs/images/report.png" \
    "file://$PWD/reports/index.html" >/dev/null 2>&1
echo "docs/images/report.png"
