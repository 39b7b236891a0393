"""One expected call of a charge point: its action and fields, the frames that match, and the nearest miss."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rig.ocpp.matching import Difference, differences
from rig.ocpp.messages import Request
from rig.ocpp.partial import schema_mismatch
from rig.ocpp.versions import V16, Version
from rig.timeline.events import OcppFrame
from rig.util.arguments import did_you_mean
from rig.util.errors import AuthorError
from rig.util.redaction import masked

Where = Callable[[OcppFrame], bool]


@dataclass(frozen=True, slots=True)
class Expectation:
    """A valid CALL of a charge point, by action and fields.

    Attributes:
        charge_point: the identity of the charge point.
        action: the action of the call.
        fields: the required fields of the payload (`rig.ocpp.matching.differences`).
        where: a predicate that the frame must fulfil too.
        versions: the versions that the charge point may have.

    Raises:
        AuthorError: a charge point has no such call in these versions, or the call has no such fields.
    """

    charge_point: str
    action: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    where: Where | None = None
    versions: Sequence[Version] = (V16,)

    def __post_init__(self) -> None:
        validate_call_of_charge_point(self.action, self.versions)
        known = [version for version in self.versions if self.action in version.from_charge_point]
        problems = [schema_mismatch(self.action, self.fields, version=version) for version in known]
        if all(problems):
            raise AuthorError(f"no valid {self.action} can match: {problems[0]}")
        if self.where is not None and not callable(self.where):
            raise AuthorError(f"`where` is a function that takes a frame, not {type(self.where).__name__}")

    @classmethod
    def of(
        cls,
        charge_point: str,
        call: str | Request,
        fields: Mapping[str, Any],
        where: Where | None = None,
        versions: Sequence[Version] = (V16,),
    ) -> Expectation:
        """Make an expectation from an action or a typed request, and fields."""
        if isinstance(call, Request):
            return cls(charge_point, call.action, {**call.fields, **fields}, where, versions)
        return cls(charge_point, call, fields, where, versions)

    def __str__(self) -> str:
        wanted = ", ".join(f"{key}={value!r}" for key, value in masked(self.fields).items())
        return f"{self.action} of {self.charge_point}{f' with {wanted}' if wanted else ''}"

    def is_call(self, frame: OcppFrame) -> bool:
        """Return whether a frame is a call of this action and charge point, with any payload."""
        return (
            frame.direction == "received"
            and frame.message_type == "CALL"
            and frame.action == self.action
            and not frame.fault
            and frame.charge_point == self.charge_point
        )

    def matches(self, frame: OcppFrame) -> bool:
        """Return whether a frame fulfils the expectation."""
        return (
            self.is_call(frame)
            and not frame.error
            and not differences(self.fields, frame.payload)
            and (self.where is None or self.where(frame))
        )

    def nearest(self, frames: Sequence[OcppFrame]) -> NearMiss | None:
        """Return the nearest miss: the latest of the frames with the fewest differences."""
        misses = [NearMiss(frame, self._why_not(frame)) for frame in frames if self.is_call(frame)]
        return min(reversed(misses), key=lambda miss: len(miss.reasons)) if misses else None

    def _why_not(self, frame: OcppFrame) -> tuple[str | Difference, ...]:
        invalid = (f"it is invalid: {frame.error}",) if frame.error else ()
        return (*invalid, *differences(self.fields, frame.payload)) or ("`where` does not hold",)


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A call of the expected action that does not match, with the reasons: differences, or text."""

    frame: OcppFrame
    reasons: tuple[str | Difference, ...]

    @property
    def difference(self) -> Difference | None:
        """The first difference of the payload, if there is one."""
        return next((reason for reason in self.reasons if isinstance(reason, Difference)), None)

    def __str__(self) -> str:
        more = f" (and {len(self.reasons) - 1} more)" if len(self.reasons) > 1 else ""
        return f"nearest miss: {self.reasons[0]}{more}, in {self.frame.action} [{self.frame.unique_id}]"


def validate_call_of_charge_point(action: str, versions: Sequence[Version] = (V16,)) -> None:
    """Reject an action that is misspelt or that only the CSMS sends.

    Args:
        action: the action.
        versions: the versions that the charge point may have.

    Raises:
        AuthorError: a charge point has no such call in these versions.
    """
    calls = frozenset[str]().union(*(version.from_charge_point for version in versions))
    if action not in calls:
        known = ", ".join(sorted(calls))
        meant = did_you_mean(str(action), calls)
        nearest = f"; did you mean {meant!r}?" if meant else "."
        of = f" of {versions[0]}" if len(versions) == 1 else ""
        raise AuthorError(f"{action!r} is not a call of a charge point{of}{nearest} The calls are: {known}")


def assign(expectations: Sequence[Expectation], frames: Sequence[OcppFrame]) -> dict[int, OcppFrame]:
    """Assign frames, in any order, to as many expectations as possible. Each frame is assigned at most once.

    Returns:
        Frames by the expectation's index. A frame that matches several expectations goes to the one that matches no
        other frame, if the others can have other frames.
    """
    owners: dict[int, int] = {}  # the index of an expectation by the index of its frame

    def place(wanted: int, tried: set[int]) -> bool:
        for index, frame in enumerate(frames):
            if index in tried or not expectations[wanted].matches(frame):
                continue
            tried.add(index)
            if index not in owners or place(owners[index], tried):
                owners[index] = wanted
                return True
        return False

    for wanted in range(len(expectations)):
        place(wanted, set())
    return {wanted: frames[index] for index, wanted in owners.items()}
