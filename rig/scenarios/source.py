"""A YAML file with the line and column of everything in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.scalarfloat import ScalarFloat
from ruamel.yaml.scalarstring import ScalarString

from rig.util.arguments import did_you_mean
from rig.util.errors import AuthorError

Path_ = tuple[str | int, ...]
"""A place in a file's content: keys and indexes from the outside in."""


class ScenarioError(AuthorError):
    """A scenario file is wrong. The message names file, line, column, and the allowed content."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a scenario file; line and column count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Source:
    """The content of a file as plain values, and the place of each.

    Attributes:
        path: the file.
        name: the file's name in messages.
        content: mappings, lists, texts, numbers, bools and None.
    """

    path: Path
    name: str
    content: Any
    _places: Mapping[Path_, Place] = field(repr=False)

    def place(self, path: Path_ = ()) -> Place:
        """Return the place of a value; of the nearest value around it, if there is no such value."""
        while path and path not in self._places:
            path = path[:-1]
        return self._places[path]

    def with_content(self, content: Any) -> Source:
        """Return the file with other content of the same shape, at the same places."""
        return Source(self.path, self.name, content, self._places)

    def error(self, path: Path_, what: str) -> ScenarioError:
        """Return an error about a value."""
        return ScenarioError(f"{self.place(path)}: {what}")

    def unknown(self, path: Path_, kind: str, name: str, known: Iterable[str]) -> ScenarioError:
        """Return an error about a name that is not known.

        Args:
            path: the value or key with the name.
            kind: the article and noun for the name, such as `a step`.
            name: the name.
            known: the allowed names.
        """
        names = list(known)
        meant = did_you_mean(name, names)
        nearest = f"did you mean {meant!r}? " if meant else ""
        return self.error(path, f"{name!r} is not {kind}: {nearest}Allowed: {', '.join(names) or 'none'}")


def read(path: Path, root: Path | None = None) -> Source:
    """Read a YAML 1.2 file.

    Args:
        path: the file.
        root: the folder that names in messages are relative to; None for the working directory.

    Raises:
        ScenarioError: the file cannot be read or is not YAML.
    """
    base = root or Path.cwd()
    name = str(path.relative_to(base)) if path.is_relative_to(base) else str(path)
    yaml = YAML(typ="rt")
    try:
        loaded = yaml.load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{name}:1:1: the file cannot be read: {error}") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark is not None else "1:1"
        raise ScenarioError(f"{name}:{place}: this is not YAML: {error.problem or error.context}") from None
    except YAMLError as error:
        raise ScenarioError(f"{name}:1:1: this is not YAML: {error}") from None
    places: dict[Path_, Place] = {(): Place(name, 1, 1)}
    content = _plain(loaded, (), name, places)
    return Source(path, name, content, places)


def _plain(node: Any, path: Path_, name: str, places: dict[Path_, Place]) -> Any:
    """Return a node as plain values, and note the places of its parts."""
    if isinstance(node, CommentedMap):
        for key in node:
            line, column = node.lc.key(key)
            places[(*path, key)] = Place(name, line + 1, column + 1)
        return {key: _plain(value, (*path, key), name, places) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        for index in range(len(node)):
            line, column = node.lc.item(index)
            places[(*path, index)] = Place(name, line + 1, column + 1)
        return [_plain(value, (*path, index), name, places) for index, value in enumerate(node)]
    if isinstance(node, ScalarString):
        return str(node)
    if isinstance(node, ScalarFloat):
        return float(node)
    if isinstance(node, int) and not isinstance(node, bool):
        return int(node)  # ruamel keeps the notation of hexadecimal numbers
    return node
