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
        imported: the imported module: of `from rig.bench import Bench` it is `rig.bench`.
    """

    place: str
    module: str
    imported: str


def modules(root: Path, *folders: str) -> dict[str, Path]:
    """Give the files of Python modules by the modules' names.

    Args:
        root: the repository's root.
        folders: folders of the root to look through.
    """
    paths = tracked_files(root, *(f"{folder}/*.py" for folder in folders))
    return {module_of(path.relative_to(root)): path for path in paths}


def module_of(place: Path) -> str:
    """Give the dotted name of a file, whose path starts at the root."""
    return ".".join(place.with_suffix("").parts).removesuffix(".__init__")


def imports(root: Path, files: Mapping[str, Path]) -> Iterator[Import]:
    """Give each import between modules, also inside functions and for types only.

    Args:
        root: the repository's root.
        files: the modules, as `modules` gives them.
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
    """Give line and full name of everything that a module imports, wherever in it, also by `import_module`.

    Args:
        tree: the parsed file.
        module: its dotted name, which relative imports start from.
        is_package: whether it is a package's `__init__.py`.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                keep = len(parts) - node.level + (1 if is_package else 0)
                base = ".".join([*parts[:keep], *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call):
            match node:
                case ast.Call(
                    func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                    args=[ast.Constant(value=str(name)), *_],
                ):
                    yield node.lineno, name
