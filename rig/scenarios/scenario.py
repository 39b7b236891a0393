"""Reading scenario files: the header, the steps, and the files that they include."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jsonschema_rs

from rig.ocpp.versions import V16, VERSIONS, Version
from rig.scenarios.player import BUILT_IN
from rig.scenarios.schema import HEADER, INCLUDE, PART, definitions
from rig.scenarios.source import Path_, ScenarioError, Source, read
from rig.scenarios.step import ALTERNATIVES, KINDS, STEPS, Kind, Schema, Step, Values
from rig.scenarios.values import (
    DURATION_PATTERN,
    POSITIVE_DURATION_PATTERN,
    VARIABLE,
    Unknown,
    references,
    resolved,
    seconds,
)
from rig.util.errors import AuthorError

_MOST_INCLUDES = 8


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario, checked and ready to be played.

    Attributes:
        path: its file.
        title: the requirement, in one sentence.
        version: the version of OCPP that the charge point has to speak.
        case: the identifier of a compliance case; empty for none.
        group: the group of the case; empty for none.
        about: a description of the scenario.
        needs: the capabilities of the bench.
        requires: the features of the charge point (`rig.scenarios.features`).
        parameters: the variables that a caller may set, with their defaults.
        time_limit: the limit of a test in real seconds; None for the default.
        settings: the settings that the device is provisioned with.
        configuration: the configuration keys that are changed first.
        steps: the steps.
        cleanup: the steps that are played at the end in any case.
    """

    path: Path
    title: str
    steps: tuple[Step, ...]
    version: Version = V16
    case: str = ""
    group: str = ""
    about: str = ""
    needs: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    time_limit: float | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    configuration: Mapping[str, str] = field(default_factory=dict)
    cleanup: tuple[Step, ...] = ()


def is_part(path: Path) -> bool:
    """Return whether a file is a part for other files to include, and no scenario."""
    source = read(path)
    return isinstance(source.content, dict) and "part" in source.content


def load(path: Path, root: Path | None = None) -> Scenario:
    """Read and check a scenario file.

    Args:
        path: the file.
        root: the folder that names in messages are relative to; None for the working directory.

    Raises:
        ScenarioError: the file, or an included file, is wrong.
    """
    source = read(path, root)
    content = _header(source, HEADER)
    version = VERSIONS[content.get("protocol", V16.subprotocol)]
    _check_values(source, content, HEADER, version)
    for name, value in content.get("params", {}).items():
        for other in references(value):
            if other not in BUILT_IN:
                raise source.error(("params", name), f"a default refers to {other!r}. Allowed: {', '.join(BUILT_IN)}")
    reader = _Reader(source, root, set(content.get("params", {})), version)
    scenario = Scenario(
        path=path,
        title=content["scenario"],
        version=version,
        case=content.get("case", ""),
        group=content.get("group", ""),
        about=content.get("about", ""),
        needs=tuple(content.get("needs", ())),
        requires=tuple(content.get("requires", ())),
        parameters=content.get("params", {}),
        time_limit=seconds(content["time_limit"]) if "time_limit" in content else None,
        settings=content.get("settings", {}),
        configuration=content.get("configuration", {}),
        steps=reader.steps(content["steps"], ("steps",)),
        cleanup=reader.steps(content.get("cleanup", []), ("cleanup",)),
    )
    reader.check_variables([*scenario.steps, *scenario.cleanup])
    return scenario


def _header(source: Source, keys: Mapping[str, Schema]) -> dict[str, Any]:
    """Check the keys of a file, and which version of OCPP it is for.

    Raises:
        ScenarioError: a key is unknown or missing, or there is no such version.
    """
    content = source.content
    if not isinstance(content, dict):
        raise source.error((), f"a scenario file is a mapping with the keys {', '.join(keys)}")
    for key in content:
        if key not in keys:
            raise source.unknown((key,), "a key of the file", str(key), keys)
    first = next(iter(keys))
    for key in (first, "steps"):
        if key not in content:
            raise source.error((), f"the key {key!r} is missing")
    if "protocol" in content:
        _check(source, ("protocol",), content["protocol"], keys["protocol"], V16)
    return content


def _check_values(source: Source, content: Mapping[str, Any], keys: Mapping[str, Schema], version: Version) -> None:
    """Check the values of a file, except its steps.

    Raises:
        ScenarioError: a value is wrong.
    """
    for key, value in content.items():
        if keys[key] is not STEPS:
            _check(source, (key,), value, keys[key], version)


def _check(source: Source, path: Path_, value: Any, schema: Schema, version: Version) -> None:
    """Check a value against its schema, with the names of a version of OCPP.

    Raises:
        ScenarioError: the value does not match; the message has the place of the wrong part.
    """
    whole = {**schema, "definitions": definitions(version)}
    error = next(iter(jsonschema_rs.Draft7Validator(whole).iter_errors(value)), None)
    if error is None:
        if schema.get("pattern") in (DURATION_PATTERN, POSITIVE_DURATION_PATTERN):
            try:
                seconds(value)
            except AuthorError as too_long:
                raise source.error(path, str(too_long)) from None
        return
    place = (*path, *error.instance_path)
    if allowed := _names_at(whole, error.schema_path, value):
        where = f"allowed here in {version}" if error.schema_path[0] == "definitions" else "allowed here"
        raise source.unknown(place, where, str(error.instance), map(str, allowed))
    what = error.message
    if description := schema.get("description"):
        what += f" ({description})"
    raise source.error(place, what)


def _names_at(whole: Any, schema_path: Sequence[str | int], value: Any) -> Sequence[Any]:
    """Return the names that the schema allows at the place of an error; empty if it allows other values too."""
    found: Any = whole
    for part in schema_path:
        found = found[part]
    rule = schema_path[-1] if schema_path else ""
    if rule == "enum":
        return list(found)
    if rule == "anyOf" and isinstance(value, str):  # one name or a list of names
        kinds = [each["$ref"].rpartition("/")[2] for each in found if "$ref" in each]
        return [name for kind in kinds for name in whole["definitions"][kind].get("enum", [])]
    return []


class _Reader:
    """Reads the steps of a file and of the files that it includes, for a version of OCPP."""

    def __init__(
        self,
        source: Source,
        root: Path | None,
        parameters: set[str],
        version: Version,
        around: tuple[Path, ...] = (),
    ) -> None:
        self._source = source
        self._root = root
        self._parameters = parameters
        self._version = version
        self._around = (*around, source.path.resolve())

    def steps(self, found: Any, path: Path_) -> tuple[Step, ...]:
        """Read a list of steps.

        Raises:
            ScenarioError: a step is wrong.
        """
        if not isinstance(found, list) or (not found and path != ("cleanup",)):
            raise self._source.error(path, f"steps are a list of at least one step. {_allowed()}")
        return tuple(step for index, each in enumerate(found) for step in self._step(each, (*path, index)))

    def _step(self, found: Any, path: Path_) -> Iterator[Step]:
        source = self._source
        if isinstance(found, str):
            kind = KINDS.get(found)
            if kind is None:
                raise source.unknown(path, "a step", found, KINDS)
            if not kind.is_bare:
                raise source.error(path, f"the step {found!r} needs a value, as in `{found}: …`")
            yield Step(kind, Values(), source.place(path))
            return
        if not isinstance(found, dict) or not found:
            raise source.error(path, f"a step is a name, or a mapping with a name. {_allowed()}")
        if "include" in found:
            yield from self._include(found, path)
            return
        yield self._made(self._kind(found, path), found, path)

    def _kind(self, found: Mapping[str, Any], path: Path_) -> Kind:
        named = [KINDS[key] for key in found if key in KINDS]
        fitting = [kind for kind in named if set(found) <= {kind.name, *kind.options}]
        if fitting:
            return fitting[0]
        if not named:
            key = str(next(iter(found)))
            raise self._source.unknown((*path, next(iter(found))), "a step", key, [*KINDS, "include"])
        kind = named[0]
        wrong = next(key for key in found if key not in (kind.name, *kind.options))
        raise self._source.unknown((*path, wrong), f"an option of {kind.name!r}", str(wrong), kind.options)

    def _made(self, kind: Kind, found: Mapping[str, Any], path: Path_) -> Step:
        source = self._source
        for option in sorted(kind.required):
            if option not in found:
                raise source.error(path, f"the step {kind.name!r} needs the option {option!r}")
        subject = found[kind.name]
        if kind.subject is None:
            if subject is not None:
                raise source.error((*path, kind.name), f"the step {kind.name!r} has no value")
        else:
            subject = self._value(kind.subject, subject, (*path, kind.name))
        options = {
            name: self._value(kind.options[name], value, (*path, name))
            for name, value in found.items()
            if name != kind.name
        }
        values = Values(subject, options)
        before_play = Values(_unknown(subject), _unknown(options))
        for place, problem in kind.problems(before_play, self._version):
            raise source.error((*path, *place), problem)
        return Step(kind, values, source.place(path))

    def _value(self, schema: Schema, value: Any, path: Path_) -> Any:
        if schema is STEPS:
            return self.steps(value, path)
        if schema is ALTERNATIVES:
            if not isinstance(value, list) or len(value) < 2:
                raise self._source.error(path, "alternatives are a list of at least two lists of steps")
            return [self.steps(each, (*path, index)) for index, each in enumerate(value)]
        _check(self._source, path, value, schema, self._version)
        return value

    def _include(self, found: Mapping[str, Any], path: Path_) -> Iterator[Step]:
        source = self._source
        _check(source, path, dict(found), INCLUDE, self._version)
        try:
            file = (source.path.parent / found["include"]).resolve()
            exists = file.is_file()
        except (OSError, ValueError):  # a name that is too long, or that has a NUL
            exists = False
        if not exists:
            raise source.error((*path, "include"), f"there is no file {found['include']!r} beside {source.name}")
        if file in self._around or len(self._around) > _MOST_INCLUDES:
            raise source.error((*path, "include"), f"{found['include']} includes itself")
        part = read(file, self._root)
        content = _header(part, PART)
        _check_values(part, content, PART, self._version)
        given = found.get("with", {})
        defaults = content.get("params", {})
        for name in given:
            if name not in defaults:
                raise source.unknown((*path, "with", name), f"a parameter of {found['include']}", str(name), defaults)
        bound = {**defaults, **given}
        part = part.with_content(_bound(part.content, bound))
        inner = _Reader(part, self._root, self._parameters, self._version, self._around)
        yield from inner.steps(part.content["steps"], ("steps",))

    def check_variables(self, steps: Sequence[Step]) -> None:
        """Check that each variable is a parameter, built in, or saved by a step, and each event named by a step.

        Raises:
            ScenarioError: there is no such variable or event.
        """
        every = list(_all_steps(steps))
        saved = {name for each in every for name in each.values.options.get("save", {})}
        known = {*BUILT_IN, *self._parameters, *saved}
        for key in ("settings", "configuration"):
            for setting, value in self._source.content.get(key, {}).items():
                for name in references({setting: value}):
                    if name not in (*BUILT_IN, *self._parameters):
                        raise self._source.unknown((key, setting), "a variable", name, [*BUILT_IN, *self._parameters])
        events = [each.values.options["as"] for each in every if "as" in each.values.options]
        for each in every:
            for name in each.values.subject.values() if each.kind.name == "measure" else ():
                if name not in events:
                    allowed = ", ".join(sorted(set(events))) or "none"
                    raise ScenarioError(f"{each.place}: no step names an event {name!r} by `as`. Allowed: {allowed}")
            for name in references([_plain(each.values.subject), _plain(dict(each.values.options))]):
                if name not in known:
                    raise ScenarioError(
                        f"{each.place}: there is no variable {name!r}. Allowed: {', '.join(sorted(known))}"
                    )


def _bound(value: Any, given: Mapping[str, Any]) -> Any:
    """Replace the references to parameters of an included file, and keep all others."""

    def lookup(name: str) -> Any:
        return given[name]

    if isinstance(value, dict):
        return {key: _bound(inner, given) for key, inner in value.items()}
    if isinstance(value, list):
        return [_bound(inner, given) for inner in value]
    if not isinstance(value, str):
        return value
    names = [found["name"] for found in VARIABLE.finditer(value)]
    if names and all(name in given for name in names):
        return resolved(value, lookup)
    return VARIABLE.sub(lambda found: str(given.get(found["name"], found[0])), value)


def _unknown(value: Any) -> Any:
    """Return values with `Unknown` in place of variables, for checks before a scenario is played."""
    if isinstance(value, Step):
        return value
    if isinstance(value, dict):
        return {key: _unknown(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_unknown(inner) for inner in value]
    return Unknown() if isinstance(value, str) and VARIABLE.search(value) else value


def _plain(value: Any) -> Any:
    """Return a value without the steps in it."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value if not isinstance(inner, Step)]
    return value


def _all_steps(steps: Sequence[Step]) -> Iterator[Step]:
    """Yield steps, and the steps within them."""
    for each in steps:
        yield each
        for value in (each.values.subject, *each.values.options.values()):
            yield from _all_steps(_steps_in(value))


def _steps_in(value: Any) -> list[Step]:
    if isinstance(value, (list, tuple)):
        return [step for inner in value for step in ([inner] if isinstance(inner, Step) else _steps_in(inner))]
    return []


def _allowed() -> str:
    return f"The steps are: {', '.join([*KINDS, 'include'])}"
