#!/bin/sh
# Write requirements/*.txt: every package below the direct dependencies, pinned by version and by the SHA-256 of each of
# its files, for every platform at once. Pinned versions are kept unless --upgrade is given.
set -eu
cd "$(dirname "$0")/.."
uv=.cache/uv
[ -x "$uv/bin/uv" ] || .venv/bin/python -m pip install --quiet --disable-pip-version-check --target "$uv" uv==0.13.9
compile() {
    "$uv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-annotate --no-header --no-emit-index-url "$@"
}
compile --extra dev pyproject.toml --output-file requirements/rig.txt
# Into the same environment as rig.txt, so with its versions.
compile --extra console --constraint requirements/rig.txt pyproject.toml --output-file requirements/console.txt
compile --extra api --constraint requirements/console.txt pyproject.toml --output-file requirements/api.txt
compile --extra console --extra browser --constraint requirements/rig.txt pyproject.toml \
    --output-file requirements/browser.txt
compile requirements/platformio.in --output-file requirements/platformio.txt
