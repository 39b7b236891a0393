#!/usr/bin/env bash
# What a newcomer does, timed: clone, make demo twice, make test twice. Then look for what it left outside the clone.
#
#   tools/fresh_clone_check.sh [VERB ...]     other verbs than demo and test
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
verbs=("$@")
[[ $# -gt 0 ]] || verbs=(demo test)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
before=$scratch/before
status=0

mkdir "$scratch/tmp"
export TMPDIR=$scratch/tmp
git clone --quiet --no-local "$source" "$scratch/clone"
touch "$before"
processes() { ps -e -o pid=,args= | grep -F "$scratch/clone" | grep -v -F -e grep -e fresh_clone_check || true; }

for verb in "${verbs[@]}"; do
    for time in first second; do
        began=$(date +%s)
        if make --no-print-directory -C "$scratch/clone" "$verb" >"$scratch/$verb.$time.log" 2>&1; then
            verdict=ok
        else
            verdict=FAIL
            status=1
            tail -n 40 "$scratch/$verb.$time.log"
        fi
        echo "$verdict  make $verb, the $time time: $(($(date +%s) - began)) s"
    done
done

# pip keeps what it downloaded, and that is all. The system's folder for temporary files is one of our own here, so that
# other programs on this machine are not taken for ours.
cache=$("$scratch/clone/.venv/bin/python" -m pip cache dir)
outside=$(find "$HOME" "$TMPDIR" -xdev \( -path "$scratch/clone" -o -path "$cache" \) -prune -o \
    -type f -newer "$before" -print 2>/dev/null || true)
if [[ -n $outside ]]; then
    echo "FAIL  files changed outside the clone:"
    head -n 20 <<<"$outside" | sed 's/^/        /'
    status=1
else
    echo "ok    nothing changed outside the clone"
fi
left=$(processes)
if [[ -n $left ]]; then
    echo "FAIL  processes left:"
    sed 's/^/        /' <<<"$left"
    status=1
else
    echo "ok    no process left"
fi
dirty=$(git -C "$scratch/clone" status --porcelain)
if [[ -n $dirty ]]; then
    echo "FAIL  files that git does not ignore:"
    sed 's/^/        /' <<<"$dirty"
    status=1
fi
exit $status
