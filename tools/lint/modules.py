"""The Python modules of the repository, and the imports between them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from tools.lint.check import tracked_files


@dataclass(frozen=True, slots=True)
class Import:
    """An import of one module of the repository by another.

    Attributes:
        place: `file:line` of the import.
        module: the importing module.
        imported: the imported module: `rig.bench` for `from rig.bench import Bench`.
    """

    place: str
    module: str
    imported: str


def modules(root: Path, *folders: str) -> dict[str, Path]:
    """Return the files of Python modules by the modules' names.

    Args:
        root: the repository's root.
        folders: folders of the root to search; none: all, with the modules beside them.
    """
    paths = tracked_files(root, *([f"{folder}/*.py" for folder in folders] or ["*.py"]))
    return {module_of(path.relative_to(root)): path for path in paths}


def module_of(place: Path) -> str:
    """Return the dotted name of a file, whose path is relative to the root."""
    return ".".join(place.with_suffix("").parts).removesuffix(".__init__")


def imports(root: Path, files: Mapping[str, Path]) -> Iterator[Import]:
    """Yield each import between modules, including imports inside functions and imports for types only.

    Args:
        root: the repository's root.
        files: the modules, as returned by `modules`.
    """
    for module, path in files.items():
        place = PurePosixPath(path.relative_to(root))
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(place))
        for line, name in imported_names(tree, module, is_package=path.name == "__init__.py"):
            parts = name.split(".")
            names = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
            imported = next((known for known in names if known in files), None)
            if imported is not None:
                yield Import(f"{place}:{line}", module, imported)


def imported_names(tree: ast.AST, module: str, *, is_package: bool = False) -> Iterator[tuple[int, str]]:
    """Yield line and full name of every import anywhere in a module, including calls of `import_module`.

    Args:
        tree: the parsed file.
        module: its dotted name, the base of relative imports.
        is_package: whether it is a package's `__init__.py`.
    """
    importers = _importers(tree)
    package = module if is_package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute("." * node.level + (node.module or ""), package)
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in importers:
            name, start = _argument(node, 0, "name"), _argument(node, 1, "package")
            if name is not None:
                yield node.lineno, _absolute(name, start or package)


def _importers(tree: ast.AST) -> set[str]:
    """Return the names by which a module can call `import_module`."""
    return {"import_module", "__import__"} | {
        alias.asname
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname and alias.name in ("import_module", "__import__")
    }


def _called(call: ast.Call) -> str:
    """Return the last name of the called function: `import_module` for `importlib.import_module(...)`."""
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _argument(call: ast.Call, position: int, keyword: str) -> str | None:
    """Return the literal text of an argument; None if there is none, or if it is computed."""
    given = [*call.args[position : position + 1], *(each.value for each in call.keywords if each.arg == keyword)]
    match given:
        case [ast.Constant(value=str(text))]:
            return text
    return None


def _absolute(name: str, package: str) -> str:
    """Return the full name of a module from a relative name such as `..bench`."""
    relative = name.lstrip(".")
    level = len(name) - len(relative)
    if not level:
        return name
    parts = package.split(".")
    return ".".join([*parts[: max(0, len(parts) - level + 1)], *([relative] if relative else [])])
