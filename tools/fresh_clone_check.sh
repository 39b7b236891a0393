#!/usr/bin/env bash
# Time the first steps with a new clone and an empty home folder: make demo twice, make test twice.
# Then look for leftovers outside the clone: files other than pip's cache, and processes.
#
#   tools/fresh_clone_check.sh [TARGET ...]     targets instead of demo and test, which `make fresh-clone` runs
#
# A demo may take 5 minutes the first time, set-up and build included, and one minute the second time; FIRST_DEMO_S and
# SECOND_DEMO_S change these limits. The clone has only committed files. Logs of failures are in build/fresh-clone.
set -euo pipefail
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
targets=("$@")
[[ $# -gt 0 ]] || targets=(demo test)

declare -A limits=([demo.first]=${FIRST_DEMO_S:-300} [demo.second]=${SECOND_DEMO_S:-60})

scratch=$(mktemp -d)
clone=$scratch/clone
logs=$scratch/logs
trap 'rm -rf "$scratch"' EXIT
status=0

echo "the clone is of $(git -C "$source" log -1 --format='%h %s')"
[[ -z $(git -C "$source" status --porcelain) ]] || echo "note  what is not committed is not in it"
git clone --quiet --no-local "$source" "$clone"

# Home and the folder for temporary files are new, so that all files in them at the end come from the targets.
mkdir "$scratch/home" "$scratch/tmp" "$logs"
export HOME=$scratch/home TMPDIR=$scratch/tmp
unset "${!XDG_@}" "${!PIP_CACHE_@}" "${!npm_config_cache@}" CARGO_HOME RUSTUP_HOME PLATFORMIO_CORE_DIR
processes() { ps -e -o pid=,args= | grep -F "$clone" | grep -v -F -e grep -e fresh_clone_check || true; }
fail() { # what is wrong, with the lines that show it
    echo "FAIL  $1"
    head -n 40 <<<"$2" | sed 's/^/        /'
    status=1
}

for target in "${targets[@]}"; do
    for time in first second; do
        began=$SECONDS
        log=$logs/$target.$time.log
        done=0
        make --no-print-directory -C "$clone" "$target" >"$log" 2>&1 || done=$?
        took=$((SECONDS - began))
        limit=${limits[$target.$time]:-}
        if [[ $done -ne 0 ]]; then
            fail "make $target, the $time time: $took s" "$(tail -n 40 "$log")"
        elif [[ -n $limit && $took -gt $limit ]]; then
            fail "make $target, the $time time: $took s, more than $limit s" "$(tail -n 3 "$log")"
        else
            echo "ok    make $target, the $time time: $took s"
        fi
    done
done

outside=$(cd "$scratch" && find home tmp -mindepth 1 -path home/.cache/pip -prune -o ! -path home/.cache -print | sort)
if [[ -n $outside ]]; then
    fail "left outside the clone:" "$outside"
else
    echo "ok    nothing is left outside the clone but pip's cache"
fi
left=$(processes)
if [[ -n $left ]]; then fail "processes left:" "$left"; else echo "ok    no process is left"; fi
dirty=$(git -C "$clone" status --porcelain)
[[ -z $dirty ]] || fail "files that git does not ignore:" "$dirty"

if [[ $status -ne 0 ]]; then
    mkdir -p "$source/build"
    rm -rf "$source/build/fresh-clone"
    cp -r "$logs" "$source/build/fresh-clone"
fi
exit $status
