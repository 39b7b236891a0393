"""Kinds of steps, and the registry of all of them: the source of the schema, of the checks and of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rig.ocpp.versions import Version
from rig.scenarios.source import Path_, Place
from rig.scenarios.values import DURATION_PATTERN, POSITIVE_DURATION_PATTERN, seconds

Schema: TypeAlias = Mapping[str, Any]
"""A JSON schema (draft 7)."""

STEPS: Schema = {"$ref": "#/definitions/steps"}
"""A value that is a list of steps."""
ALTERNATIVES: Schema = {"type": "array", "minItems": 2, "items": {"$ref": "#/definitions/steps"}}
"""A value that is a list of lists of steps."""
CALL_OF_CHARGE_POINT: Schema = {"$ref": "#/definitions/call_of_charge_point"}
"""A value that is an action of a charge point, in the version of the scenario."""
CALL_OF_CSMS: Schema = {"$ref": "#/definitions/call_of_csms"}
"""A value that is an action of a CSMS."""
FEATURE: Schema = {"$ref": "#/definitions/feature"}
"""A value that is a feature, as in `requires`."""
ERROR_CODE: Schema = {"$ref": "#/definitions/error_code"}
"""A value that is the code of a CALLERROR."""
DURATION: Schema = {"type": "string", "pattern": DURATION_PATTERN, "description": "such as 500 ms, 20 s, 5 min"}
POSITIVE_DURATION: Schema = {
    "type": "string",
    "pattern": POSITIVE_DURATION_PATTERN,
    "description": "more than 0, such as 500 ms, 20 s, 5 min",
}
PAYLOAD: Schema = {
    "type": "object",
    "description": "a payload, which can contain matchers such as {$at_least: 1}",
}
SENT_PAYLOAD: Schema = {"type": "object", "description": "a payload that is sent, without matchers"}
NAME: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "the name of a variable"}
SAVES: Schema = {
    "type": "object",
    "propertyNames": {"pattern": "^[a-z][a-z0-9_]*$"},
    "additionalProperties": {"type": "string", "description": "a place in the payload, such as idTagInfo.status"},
    "description": "names of variables, each with a place in the payload",
}


def saves(*fields: str) -> Schema:
    """Return the schema of an option `save` that can take only these fields."""
    return {**SAVES, "additionalProperties": {"enum": list(fields)}}


TEXT: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}

Problems: TypeAlias = Iterator[tuple[Path_, str]]
"""Problems of a step that its schema does not find: the place within the step, and the problem."""


Run: TypeAlias = Callable[[Any, "Values"], None]
"""Plays a step. The first argument is the `Player`, whose file imports this one."""


@dataclass(frozen=True, slots=True)
class Values:
    """The values of a step in a scenario.

    Attributes:
        subject: the value of the step's own key; None if it has none.
        options: the other keys.
    """

    subject: Any = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def get(self, option: str, default: Any = None) -> Any:
        """Return an option, or the default."""
        return self.options.get(option, default)

    def duration(self, option: str, default: float) -> float:
        """Return an option that is a duration in seconds, or the default."""
        value = self.options.get(option)
        return default if value is None else seconds(value)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of step.

    Attributes:
        name: its key in a file.
        summary: a sentence for the page and for editors.
        subject: the schema of the value of its key; None: the step is the bare name.
        options: the schemas of the other keys.
        required: the options that must be there.
        is_bare: whether the step may also be written as its bare name.
        run: plays the step.
        problems: finds problems before the scenario is played, in its version of OCPP; variables have the value
            `Unknown` in it.
    """

    name: str
    summary: str
    subject: Schema | None
    options: Mapping[str, Schema]
    required: frozenset[str]
    is_bare: bool
    run: Run
    problems: Callable[[Values, Version], Problems]


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a scenario, ready to be played."""

    kind: Kind
    values: Values
    place: Place

    @property
    def has_steps(self) -> bool:
        """Whether it plays other steps."""
        return self.kind.subject in (STEPS, ALTERNATIVES) or any(name in _INNER for name in self.values.options)


_INNER = ("during", "steps", "otherwise")
"""The options that have steps."""

KINDS: dict[str, Kind] = {}
"""All kinds of steps by name. The modules `*_steps` and `combinators` fill it; `rig.scenarios` imports them."""


def _none(_: Values, __: Version) -> Problems:
    return iter(())


def step(
    name: str,
    subject: Schema | None = None,
    *,
    options: Mapping[str, Schema] | None = None,
    required: Sequence[str] = (),
    is_bare: bool = False,
    problems: Callable[[Values, Version], Problems] = _none,
) -> Callable[[Run], Run]:
    """Register a function as a kind of step; the first line of its docstring is the summary."""

    def register(run: Run) -> Run:
        summary = (run.__doc__ or "").strip().split("\n")[0]
        KINDS[name] = Kind(
            name, summary, subject, dict(options or {}), frozenset(required), is_bare or subject is None, run, problems
        )
        return run

    return register
