"""Directions of includes in the firmware: main → app → features → runtime → port → core."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tools.lint.check import Result, numbered_lines, tracked_files
from tools.lint.host_headers import COMPUTED, INCLUDE, SUFFIXES
from tools.lint.layout import Folder, Layout

# Folders of firmware/src by layer, from the top down; `test` is firmware/test, without `test/powercut`, which runs on
# the host only. A file includes from its own folder and from the layers below; folders of one layer do not include each
# other, so there are no circles. The rank of a folder does not apply to its subfolders.
LAYERS = (
    ("test/powercut",),
    ("port/posix/test", "port/esp32/test", "port/mbedtls/test"),
    ("test",),
    ("main/posix", "main/esp32"),
    ("app",),
    ("features/captive_portal", "features/web_ui"),
    ("features/charge_point", "features/led_status", "features/monitor", "features/power", "features/wifi"),
    ("features/auth_cache", "features/charging"),
    ("features/local_list",),
    ("features/transactions",),
    ("features/log_store", "features/ocpp_message", "features/security"),
    ("features/config", "features/safety", "features/time_sync"),
    ("features/schema",),
    ("features/firmware_update", "features/serial_debug", "features/websocket"),
    ("features/board", "features/http", "features/logging", "features/storage"),
    ("features/board/boards",),
    ("runtime",),
    ("port/posix", "port/esp32"),
    ("port/mbedtls", "port/station"),
    ("port",),
    ("core",),
)
_RANKS = {folder: rank for rank, layer in enumerate(LAYERS) for folder in layer}

# Only the entry point and the tests of a platform may include the implementation of its ports.
_KNOWS_PLATFORM = {
    "port/posix": ("port/posix", "port/posix/test", "main/posix", "test/powercut"),
    "port/esp32": ("port/esp32", "port/esp32/test", "main/esp32"),
    "port/mbedtls": (
        "port/mbedtls",
        "port/mbedtls/test",
        "port/posix",
        "port/posix/test",
        "port/esp32",
        "test/powercut",
    ),
    "port/station": ("port/station", "port/posix", "port/posix/test", "port/esp32", "test"),
}

_SOURCES, _TESTS = PurePosixPath("firmware/src"), PurePosixPath("firmware/test")
_HOST_TESTS = _TESTS / "powercut"


@dataclass(frozen=True, slots=True)
class Include:
    """An include of a file of the firmware.

    Attributes:
        place: `file:line` of the include.
        folder: the including file's folder, relative to firmware/src.
        included: the included file's folder; None if a macro names the file.
    """

    place: str
    folder: str
    included: str | None


def run(root: Path) -> Result:
    """Check the rank of every folder of firmware/src, and every include of firmware/src and firmware/test."""
    findings = [
        f"firmware/src/{folder}: the folder has no rank; give it one in tools/lint/includes.py"
        for folder in sorted({_folder(root, path) for path in _files(root, _SOURCES)} - _RANKS.keys())
    ]
    for include in includes(root, _SOURCES, _TESTS):
        if include.included is None:
            findings.append(f"{include.place}: the included file is named by a macro; name it in the line itself")
        elif reason := broken_rule(include.folder, include.included):
            findings.append(f"{include.place}: {include.folder} includes {include.included}: {reason}")
    return Result(findings)


def layout(root: Path) -> Layout:
    """Return the folders of firmware/src with sizes, the includes between them, and those in the wrong direction."""
    folders: dict[str, Folder] = {}
    for path in _files(root, _SOURCES):
        name = _folder(root, path)
        folder = folders.setdefault(name, Folder(len(LAYERS) - _RANKS[name] if name in _RANKS else None))
        folder.add(len(path.read_text(encoding="utf-8").splitlines()))
    arrows: Counter[tuple[str, str]] = Counter()
    for include in includes(root, _SOURCES):
        if include.included is not None and include.included != include.folder:
            arrows[include.folder, include.included] += 1
    return Layout(
        folders={name: folders[name] for name in sorted(folders, key=_order)},
        arrows={
            arrow: arrows[arrow] for arrow in sorted(arrows, key=lambda arrow: [_order(folder) for folder in arrow])
        },
        backward=sorted(arrow for arrow in arrows if broken_rule(*arrow)),
    )


def includes(root: Path, *folders: PurePosixPath) -> Iterator[Include]:
    """Yield each include of a file of the firmware, even in angle brackets or by a path relative to the file.

    Args:
        root: the repository's root.
        folders: the folders of the including files, relative to the root.
    """
    for path in _files(root, *folders):
        for number, line in numbered_lines(path):
            place = f"{path.relative_to(root).as_posix()}:{number}"
            if COMPUTED.match(line):
                yield Include(place, _folder(root, path), None)
            elif (match := INCLUDE.match(line)) and (file := _resolve(root, path, match[2])):
                yield Include(place, _folder(root, path), _folder(root, file))


def broken_rule(folder: str, included: str) -> str:
    """Return why a file in `folder` must not include one in `included`; empty if it may, or without a rank."""
    if folder == included or not {folder, included} <= _RANKS.keys():
        return ""
    if included in _KNOWS_PLATFORM and folder not in _KNOWS_PLATFORM[included]:
        return f"{included} is a port's implementation: include the interface in port/"
    if _RANKS[folder] == _RANKS[included]:
        return "they are of one layer; share what both need in a folder below, or rank one below the other"
    if _RANKS[folder] > _RANKS[included]:
        return "includes run main → app → features → runtime → port → core (tools/lint/includes.py has the layers)"
    return ""


def _files(root: Path, *folders: PurePosixPath) -> Iterator[Path]:
    """Yield the sources and headers in `folders`."""
    return (path for path in tracked_files(root, *map(str, folders)) if path.suffix in SUFFIXES)


def _folder(root: Path, path: Path) -> str:
    """Return the folder of a file of the firmware as named in LAYERS."""
    place = PurePosixPath(path.relative_to(root).as_posix())
    if place.is_relative_to(_HOST_TESTS):
        return "test/powercut"
    return "test" if place.is_relative_to(_TESTS) else str(place.parent.relative_to(_SOURCES))


def _order(folder: str) -> tuple[int, str]:
    return _RANKS.get(folder, len(LAYERS)), folder


def _resolve(root: Path, path: Path, header: str) -> Path | None:
    """Find the file of the firmware that an include names, in the compiler's order; None for any other file."""
    for base in (path.parent, root / _SOURCES, root / _TESTS):
        file = (base / header).resolve()
        if file.is_file():
            own = any(file.is_relative_to((root / folder).resolve()) for folder in (_SOURCES, _TESTS))
            return root / file.relative_to(root.resolve()) if own else None
    return None
