"""Imports run one way: from each layer to those below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tools.lint.check import Result
from tools.lint.layout import Folder, Layout
from tools.lint.modules import imports, modules

# Folders by layer, from the top down, as the picture of docs/design.md section 1 has them. A file imports from its own
# folder and from the layers below; folders of one layer know nothing of each other. A folder inside a ranked one
# belongs to it.
LAYERS = (
    ("tests.unit", "benchmarks"),
    ("tests.hil", "tests.interop", "examples", "tools"),
    ("tests",),
    ("fixtures", "rig.cli"),
    ("rig.device",),
    ("rig.bench",),
    ("rig.faults",),
    ("rig.instruments",),
    ("rig.adapters", "rig.csms", "rig.report"),
    ("rig.wiring", "rig.ocpp", "rig.runs"),
    ("rig.firmware", "rig.timeline", "rig.config"),
    ("rig.util",),
    ("rig",),
)
_RANKS = {folder: rank for rank, layer in enumerate(reversed(LAYERS), start=1) for folder in layer}
_HOUSES = sorted({folder.split(".")[0] for folder in _RANKS})
# Their folders are ranked one by one; the others are ranked as a whole.
_DIVIDED = {folder.split(".")[0] for folder in _RANKS if "." in folder}

# Modules that only some may import, themselves aside: the virtual board is reached only by a bench description, by the
# command that runs it alone, and by the tests of the rig.
_KNOWN_TO = {"rig.wiring.virtual": ("rig.wiring.open", "rig.wiring.pins", "rig.cli", "tests.unit")}


def run(root: Path) -> Result:
    """Check that every folder has a rank, and every import, also inside functions and for types only."""
    files = modules(root, *_HOUSES)
    findings = [
        f"{folder.replace('.', '/')}: the folder has no rank; give it one in tools/lint/imports.py"
        for folder in sorted({folder_of(root, path) for path in files.values()} - _RANKS.keys())
    ]
    findings += [
        f"{path.relative_to(root)}: no file but __init__.py is directly in rig; move it to a folder of its layer"
        for path in files.values()
        if path.parent == root / "rig" and path.name != "__init__.py"
    ]
    for found in imports(root, files):
        reason = refusal(*(folder_of(root, files[module]) for module in (found.module, found.imported)))
        if reason := reason or seam(found.module, found.imported):
            findings.append(f"{found.place}: imports {found.imported}: {reason}")
    return Result(findings)


def layout(root: Path, houses: Sequence[str] = ("rig", "fixtures")) -> Layout:
    """Give the folders with their sizes, the arrows between them, and the arrows that run back.

    Args:
        root: the repository's root.
        houses: the folders of the root to look through; arrows to others are left out.
    """
    files = modules(root, *houses)
    folders: dict[str, Folder] = {}
    for path in files.values():
        name = folder_of(root, path)
        folder = folders.setdefault(name, Folder(_RANKS.get(name)))
        folder.files += 1
        folder.lines += len(path.read_text(encoding="utf-8").splitlines())
    pairs = {(found.module, found.imported) for found in imports(root, files)}
    arrows = Counter((folder_of(root, files[one]), folder_of(root, files[other])) for one, other in pairs)
    between = {(one, other): arrows[one, other] for one, other in sorted(arrows, key=_order) if one != other}
    return Layout(
        folders={name: folders[name] for name in sorted(folders, key=lambda name: _order((name,)))},
        arrows=between,
        backward=sorted(arrow for arrow in between if refusal(*arrow)),
    )


def folder_of(root: Path, path: Path) -> str:
    """Name the folder of a file as LAYERS does."""
    house, *more = path.parent.relative_to(root).parts
    return f"{house}.{more[0]}" if more and house in _DIVIDED else house


def refusal(folder: str, imported: str) -> str:
    """Say why a file in `folder` may not import one in `imported`; empty when it may, or when one has no rank."""
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
    """Say why `module` may not import a module that only some know; empty when it may."""
    for known, importers in _KNOWN_TO.items():
        if _is_in(imported, known) and not any(_is_in(module, importer) for importer in (known, *importers)):
            return f"only {', '.join(importers)} know {known}; all others reach it by the bench description"
    return ""


def _order(names: Sequence[str]) -> list[tuple[int, str]]:
    return [(-_RANKS.get(name, 0), name) for name in names]


def _is_in(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
