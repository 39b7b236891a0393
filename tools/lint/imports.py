"""Directions of imports: from each layer to the layers below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tools.lint.check import Result
from tools.lint.layout import Folder, Inside, Layout
from tools.lint.modules import imports, modules

# Folders by layer, from the top down, as in the table of docs/design.md#layers, and the modules beside them. A file
# imports from its own folder and from the layers below; folders of one layer do not import each other.
LAYERS = (
    ("tests.unit", "perf"),
    ("tests.hil", "tests.interop", "examples"),
    ("tools",),
    ("tests", "pytest_plugbench", "conftest"),
    ("fixtures", "rig.cli"),
    ("rig.console", "rig.api"),
    ("rig.scenarios", "rig.live", "rig.recording"),
    ("rig.device",),
    ("rig.bench",),
    ("rig.faults",),
    ("rig.instruments", "rig.files"),
    ("rig.adapters", "rig.csms", "rig.load", "rig.report"),
    ("rig.wiring", "rig.ocpp", "rig.runs"),
    ("rig.firmware", "rig.timeline", "rig.config"),
    ("rig.util",),
    ("rig",),
)
_RANKS = {folder: rank for rank, layer in enumerate(reversed(LAYERS), start=1) for folder in layer}
# The packages whose folders have ranks. Every other package has one rank as a whole.
_DIVIDED = {folder.split(".")[0] for folder in _RANKS if "." in folder}

# In these packages every folder has a rank or is listed in INSIDE. A listed folder belongs to the ranked folder around
# it: the two may import from each other. `make imports` prints the listed folders, and the circles that this allows.
_EACH_FOLDER = ("rig", "fixtures")
INSIDE = {
    "fixtures.session": "the plugins of a session's life, which the other plugins take their run and record from",
    "rig.cli.new_project": "the files that the command `rig new` copies; no module imports them",
    "rig.csms.instrument": "the methods of the fake CSMS that a test calls, one file each",
    "rig.report.timeline_svg": "the parts of one picture, which the pages of a test place",
    "rig.wiring.emulator": "one kind of wiring, as below; its wires and serial port are the virtual board's",
    "rig.wiring.virtual": "one kind of wiring; others reach it by the bench description only, which is checked below",
    "rig.wiring.virtual.stepping": "the clock of the virtual bench, which its parts wait on",
}
# Files that another program loads by path, without the packages of this repository.
_LOADED_ELSEWHERE = {"firmware"}

# Modules that only some other modules may import: the virtual board is reached only by a bench description, by the
# command that runs it alone, and by the tests of the rig.
_KNOWN_TO = {
    "rig.wiring.emulator": ("rig.wiring.open", "rig.cli", "tests.unit"),
    "rig.wiring.virtual": ("rig.wiring.open", "rig.wiring.pins", "rig.wiring.emulator", "rig.cli", "tests.unit"),
}

# Modules with limited imports: pytest loads this plugin in every project that has the package installed, and the plugin
# loads the rest of Plugbench only if there is a bench.
_KNOWS_ONLY = {"pytest_plugbench": ("fixtures",)}


def run(root: Path) -> Result:
    """Check the rank of every folder and the direction of every import, even inside a function or for types only."""
    files = {name: path for name, path in modules(root).items() if name.split(".")[0] not in _LOADED_ELSEWHERE}
    findings = [
        f"{folder.replace('.', '/')}: the folder has no rank; give it one in tools/lint/imports.py{_or_listed(folder)}"
        for folder in sorted({folder_of(root, path) for path in files.values()} - _RANKS.keys())
    ]
    findings += [
        f"{path.relative_to(root)}: no file but __init__.py is directly in rig; move it to a folder of its layer"
        for path in files.values()
        if path.parent == root / "rig" and path.name != "__init__.py"
    ]
    for found in imports(root, files):
        reason = broken_rule(*(folder_of(root, files[module]) for module in (found.module, found.imported)))
        if reason := reason or seam(found.module, found.imported):
            findings.append(f"{found.place}: imports {found.imported}: {reason}")
    return Result(findings)


def layout(root: Path, packages: Sequence[str] = ("rig", "fixtures")) -> Layout:
    """Return the folders with their sizes, the imports between them, and the imports in the wrong direction.

    Args:
        root: the repository's root.
        packages: the folders of the root to search; imports of others are ignored.
    """
    files = modules(root, *packages)
    places = {module: ".".join(path.parent.relative_to(root).parts) for module, path in files.items()}
    owners = {places[module]: folder_of(root, path) for module, path in files.items()}
    folders: dict[str, Folder] = {}
    inside: dict[str, Folder] = {}
    for module, path in files.items():
        place = places[module]
        name = owners[place]
        lines = len(path.read_text(encoding="utf-8").splitlines())
        folders.setdefault(name, Folder(_RANKS.get(name))).add(lines)
        if place in INSIDE:
            inside.setdefault(place, Folder(None)).add(lines)
    pairs = {(found.module, found.imported) for found in imports(root, files)}
    nested = Counter((places[one], places[other]) for one, other in pairs)
    arrows: Counter[tuple[str, str]] = Counter()
    for (one, other), number in nested.items():
        arrows[owners[one], owners[other]] += number
    between = {(one, other): arrows[one, other] for one, other in sorted(arrows, key=_order) if one != other}
    return Layout(
        folders={name: folders[name] for name in sorted(folders, key=lambda name: _order((name,)))},
        arrows=between,
        backward=sorted(arrow for arrow in between if broken_rule(*arrow)),
        inside={
            place: Inside(owners[place], INSIDE[place], inside[place].files, inside[place].lines)
            for place in sorted(inside)
        },
        arrows_inside={
            (one, other): nested[one, other]
            for one, other in sorted(nested)
            if one != other and owners[one] == owners[other]
        },
    )


def folder_of(root: Path, path: Path) -> str:
    """Return the folder of a file as named in LAYERS; for a folder in INSIDE, the ranked folder around it."""
    parts = path.parent.relative_to(root).parts
    if not parts:
        return path.stem
    if parts[0] not in _EACH_FOLDER:
        return ".".join(parts[:2] if parts[0] in _DIVIDED else parts[:1])
    folder = ".".join(parts)
    if folder not in INSIDE:
        return folder
    around = (".".join(parts[:length]) for length in range(len(parts) - 1, 0, -1))
    return next((name for name in around if name in _RANKS), folder)


def _or_listed(folder: str) -> str:
    parent = folder.rpartition(".")[0]
    if folder.split(".")[0] in _EACH_FOLDER and (parent in INSIDE or (parent in _RANKS and parent != "rig")):
        return f", or list it in INSIDE there, as belonging to {parent.replace('.', '/')}"
    return ""


def broken_rule(folder: str, imported: str) -> str:
    """Return why a file in `folder` must not import one in `imported`; empty if it may, or without a rank."""
    if folder == imported or not {folder, imported} <= _RANKS.keys():
        return ""
    if _RANKS[folder] == _RANKS[imported]:
        return (
            f"{folder} and {imported} are of one layer; share what both need in a folder below, or rank one below "
            "the other (tools/lint/imports.py)"
        )
    if _RANKS[folder] < _RANKS[imported]:
        return f"{folder} is below {imported} (tools/lint/imports.py has the layers)"
    return ""


def seam(module: str, imported: str) -> str:
    """Return why `module` must not import a restricted module; empty if it may."""
    for knowing, known_ones in _KNOWS_ONLY.items():
        if _is_in(module, knowing) and not any(_is_in(imported, known) for known in (knowing, *known_ones)):
            return f"{knowing} may import only {', '.join(known_ones)}; projects without a bench load it too"
    for known, importers in _KNOWN_TO.items():
        if _is_in(imported, known) and not any(_is_in(module, importer) for importer in (known, *importers)):
            return f"only {', '.join(importers)} may import {known}; all others use it through the bench description"
    return ""


def _order(names: Sequence[str]) -> list[tuple[int, str]]:
    return [(-_RANKS.get(name, 0), name) for name in names]


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
