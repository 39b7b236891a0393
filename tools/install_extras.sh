#!/bin/sh
# Install tools for checks that PyPI does not have, from the archive of Debian: the compiler for a bare 32-bit chip
# (`make arm-check`), clang with libFuzzer (`make fuzz`), and RapidJSON (`make perf`). Packages named as arguments are
# installed too.
set -eu
if [ "$(id -u)" -ne 0 ]; then
    echo "install-extras: needs root: sudo make install-extras" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --no-install-recommends -y \
    gcc-arm-none-eabi libnewlib-arm-none-eabi libstdc++-arm-none-eabi-newlib rapidjson-dev \
    clang "libclang-rt-$(apt-cache depends clang | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p')-dev" \
    "$@" >/dev/null
