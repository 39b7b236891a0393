"""Headers of the host: outside of ports and entry points the firmware may include only headers of every target."""

from __future__ import annotations

import re
from pathlib import Path

from tools.lint.check import Result, numbered_lines, tracked_files

# C++ headers without threads, streams, files or clocks, and the C headers that newlib supplies on a bare chip. An
# allow-list, because a list of all headers of all hosts is impossible.
PORTABLE = frozenset(
    [
        *("algorithm", "array", "atomic", "bit", "charconv", "functional", "initializer_list", "iterator", "limits"),
        *("memory", "new", "numeric", "optional", "string_view", "tuple", "type_traits", "utility", "variant"),
        *("cassert", "cctype", "cfloat", "cinttypes", "climits", "cmath", "cstdarg", "cstddef", "cstdint", "cstdio"),
        *("cstdlib", "cstring", "assert.h", "ctype.h", "float.h", "inttypes.h", "limits.h", "math.h", "stdarg.h"),
        *("stdbool.h", "stddef.h", "stdint.h", "stdio.h", "stdlib.h", "string.h", "lfs.h", "lfs_util.h"),
    ]
)

# Further headers for Unity tests, which run on the host. Their fakes must not use the host's system.
TEST_ONLY = frozenset(["deque", "map", "set", "string", "unity.h", "unordered_map", "unordered_set", "vector"])

# Files of C and C++, and the forms of an include: a file name, or a macro.
SUFFIXES = frozenset([".h", ".hh", ".hpp", ".inc", ".c", ".cc", ".cpp", ".cxx"])
INCLUDE = re.compile(r'^\s*#\s*include(?:_next)?\s*([<"])([^>"]+)[>"]')
COMPUTED = re.compile(r"^\s*#\s*include(?:_next)?\s+[A-Za-z_]")


# Stand-ins for headers of ESP-IDF, which include each other under their names there.
_STUBS = Path("firmware/test/esp_idf")


def run(root: Path) -> Result:
    """Check every include of the firmware outside the ports' implementations and the entry points."""
    findings = []
    for path in tracked_files(root, "firmware/src", "firmware/test"):
        place = path.relative_to(root)
        if path.suffix not in SUFFIXES or _is_platform(place) or place.is_relative_to(_STUBS):
            continue
        allowed = PORTABLE | TEST_ONLY if place.parts[1] == "test" else PORTABLE
        for number, line in numbered_lines(path):
            match = INCLUDE.match(line)
            if match is None:
                continue
            bracket, header = match.groups()
            if header not in allowed and (bracket == "<" or not _is_ours(root, path, header)):
                findings.append(
                    f"{place}:{number}: <{header}> is not on every target: move the code that needs it to src/port"
                )
    return Result(findings)


def _is_platform(place: Path) -> bool:
    return place.parts[1:3] in {("src", "port"), ("src", "main")} and place.parts[3] in {"posix", "esp32", "mbedtls"}


def _is_ours(root: Path, path: Path, header: str) -> bool:
    folders = (path.parent, root / "firmware" / "src", root / "firmware" / "test")
    return any((folder / header).is_file() for folder in folders)
