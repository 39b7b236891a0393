"""A YAML file with the line and column of everything in it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, ScalarEvent
from ruamel.yaml.nodes import MappingNode
from ruamel.yaml.scalarstring import ScalarString
from ruamel.yaml.scanner import RoundTripScanner
from ruamel.yaml.tag import Tag

from rig.util.arguments import did_you_mean
from rig.util.errors import AuthorError
from rig.util.named_file import read_file

_LARGEST_FILE = 100_000
"""In bytes; the longest scenario of the compliance set has about two thousand."""
_DEEPEST = 50
_TOO_DEEP = f"a scenario has at most {_DEEPEST} levels"
_LONGEST_INTEGER = 100
_SURROGATE = re.compile("[\ud800-\udfff]")
_YAML = "tag:yaml.org,2002:"
_ONLY_YAML_1_1 = {f"{_YAML}timestamp", f"{_YAML}merge", f"{_YAML}value"}
"""Types that ruamel.yaml recognizes, and that the core schema of YAML 1.2 (section 10.3) does not have."""

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
    yaml.Scanner = _PlainScanner
    yaml.Composer = _PlainComposer
    try:
        loaded = yaml.load(read_file(path, _LARGEST_FILE).decode("utf-8"))
    except OSError as error:
        raise ScenarioError(f"{name}:1:1: the file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise ScenarioError(f"{name}:1:1: the file cannot be read: {error}") from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark is not None else "1:1"
        problem = error.problem or error.context
        what = problem if isinstance(error, _NotPlainError) else f"this is not YAML: {problem}"
        raise ScenarioError(f"{name}:{place}: {what}") from None
    except (YAMLError, ValueError, OverflowError) as error:  # ruamel.yaml does not check escapes such as \U00110000
        raise ScenarioError(f"{name}:1:1: this is not YAML: {error}") from None
    places: dict[Path_, Place] = {(): Place(name, 1, 1)}
    content = _plain(loaded, (), name, places)
    return Source(path, name, content, places)


class _NotPlainError(MarkedYAMLError):
    """A feature of YAML that a scenario file does not have."""


class _PlainScanner(RoundTripScanner):
    """Rejects directives, which could select YAML 1.1, and nesting that the scanner would need minutes for."""

    def fetch_directive(self) -> None:
        problem = "a scenario has no directives (%). It is YAML 1.2"
        raise _NotPlainError(problem=problem, problem_mark=self.reader.get_mark())

    def fetch_flow_collection_start(self, *arguments: Any, **named: Any) -> None:
        if self.flow_level >= _DEEPEST:
            raise _NotPlainError(problem=_TOO_DEEP, problem_mark=self.reader.get_mark())
        super().fetch_flow_collection_start(*arguments, **named)


class _PlainComposer(Composer):
    """Composes mappings, lists and scalars, and rejects the features of YAML that could need unlimited time."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        is_key = isinstance(parent, MappingNode) and index is None
        if problem := self._problem(event, is_key):
            raise _NotPlainError(problem=problem, problem_mark=event.start_mark)
        node = super().compose_node(parent, index)
        kind = str(node.ctag)
        if kind == f"{_YAML}int" and len(node.value) > _LONGEST_INTEGER:
            problem = f"an integer has at most {_LONGEST_INTEGER} digits"
            raise _NotPlainError(problem=problem, problem_mark=event.start_mark)
        if kind in _ONLY_YAML_1_1:
            node.ctag = Tag(suffix=f"{_YAML}str")
        elif is_key and kind != f"{_YAML}str":
            problem = f"a key is a text, not {node.value or 'null'}. Put it in quotes"
            raise _NotPlainError(problem=problem, problem_mark=event.start_mark)
        return node

    def _problem(self, event: Any, is_key: bool) -> str:
        if isinstance(event, AliasEvent) or event.anchor is not None:
            return "a scenario has no anchors (&) and aliases (*). Write the value again, or include a part"
        if event.ctag is not None:
            return "a scenario has no tags (!). Put a text in quotes"
        if is_key and not isinstance(event, ScalarEvent):
            return "a key is a text, not a mapping or a list. Put a text in quotes"
        if isinstance(event, ScalarEvent) and _SURROGATE.search(event.value):
            return "a text has half of a surrogate pair. Write the character itself, or as \\U and 8 hexadecimal digits"
        if self.depth >= _DEEPEST:
            return _TOO_DEEP
        return ""


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
    if isinstance(node, float):
        if not math.isfinite(node):
            raise ScenarioError(f"{places[path]}: a number is finite, because JSON has no other (RFC 8259 section 6)")
        return float(node)  # ruamel keeps the notation
    if isinstance(node, int) and not isinstance(node, bool):
        return int(node)  # ruamel keeps the notation of hexadecimal numbers
    return node
