"""Plays the steps of a scenario on a bench, or with a person in place of the bench."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from cryptography import x509

from rig.bench import Bench
from rig.csms import Authority, ConfigurationKeys, Csms, Variables
from rig.csms.expectation import Expectation
from rig.device import Device, EvDriver
from rig.device.secured import Secured
from rig.files import Files
from rig.ocpp.messages import Request
from rig.ocpp.transaction_events import StationTransaction
from rig.ocpp.transactions import Transaction
from rig.ocpp.versions import V16, Version
from rig.scenarios.step import Step, Values
from rig.scenarios.values import matching, resolved
from rig.timeline import Mark, Timeline
from rig.timeline.events import Event, OcppFrame
from rig.util.clock import Deadline
from rig.util.errors import AuthorError, DeviceError, ExpectationError, PlugbenchError
from rig.util.redaction import masked
from rig.util.text import visible

T = TypeVar("T")

TIMEOUT_S = 10.0
"""The timeout of an expectation without `timeout`, in bench seconds."""


class NotSupportedError(PlugbenchError):
    """The charge point does not declare a feature that the scenario is about.

    Attributes:
        feature: the missing feature.
    """

    def __init__(self, feature: str) -> None:
        self.feature = feature
        super().__init__(f"not supported: {feature}")


class Person(Protocol):
    """A person who acts in place of a bench, for a charge point that is on no bench."""

    def do(self, request: str) -> None:
        """Ask for an action, and return when it is done."""

    def confirm(self, question: str) -> bool:
        """Ask a question, and return whether the answer is yes."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The parts that a scenario is played with.

    Attributes:
        csms: the fake CSMS to which the charge point connects.
        timeline: the timeline of the CSMS.
        bench: the bench of the charge point; None: a person acts.
        device: the device on the bench; None without a bench.
        person: the person; None with a bench.
        tag: the idTag that the person presents; with a bench, the description has it.
        charge_point: the identity of the charge point without a bench; empty: the first one that connects.
        files: the file server without a bench; a bench has its own.
    """

    csms: Csms
    timeline: Timeline
    bench: Bench | None = None
    device: Device | None = None
    person: Person | None = None
    tag: str = "TAG"
    charge_point: str = ""
    files: Files | None = None


class Player:
    """Plays steps. Each is a call of the bench or of the fake CSMS.

    An expectation of a message considers only messages after the last matched message. So the order of the steps is the
    order of the messages.

    Args:
        stage: the bench and the CSMS, or the CSMS and a person.
        variables: the first values of variables.
        defaults: values of variables that `variables` lacks. They may refer to the variables that every scenario has.
        version: the version of OCPP of the scenario.

    Attributes:
        cursor: expectations consider later events only.
        horizon: the mark after the last step: after the event that it matched, or else the present.
        saved: the events that steps have named, for `measure`.
        secured: the device's secrets; None before the first step `secured`.
    """

    def __init__(
        self,
        stage: Stage,
        variables: Mapping[str, Any],
        defaults: Mapping[str, Any] | None = None,
        version: Version = V16,
    ) -> None:
        self.stage = stage
        self.version = version
        self.csms = stage.csms
        self.timeline = stage.timeline
        self.clock = stage.timeline.clock
        self.cursor = self.horizon = stage.timeline.mark()
        self.saved: dict[str, Event] = {}
        self.secured: Secured | None = None
        self._variables = dict(variables)
        self._defaults = defaults or {}
        self._limits: list[Deadline] = []
        self._keys: ConfigurationKeys | Variables | None = None

    # -- playing ------------------------------------------------------------------------------------------------------

    def play(self, steps: Sequence[Step]) -> None:
        """Play steps in order.

        Raises:
            PlugbenchError: the error of the failed step; the message begins with the step's file, line and column.
        """
        for each in steps:
            before = self.cursor
            try:
                values = Values(self.resolve(each.values.subject), self.resolve(dict(each.values.options)))
                each.kind.run(self, values)
            except (PlugbenchError, AssertionError) as error:
                _name_the_step(error, each)
                raise
            if not each.has_steps:
                self.horizon = self.timeline.mark() if self.cursor == before else self.cursor

    def resolve(self, value: Any) -> Any:
        """Replace references to variables. Nested steps stay as they are: their turn comes later."""
        if isinstance(value, Mapping):
            return {self.resolve(key): self.resolve(inner) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [inner if isinstance(inner, Step) else self.resolve(inner) for inner in value]
        return resolved(value, self.variable)

    def variable(self, name: str) -> Any:
        """Return the value of a variable.

        Raises:
            AuthorError: the variable has no value yet.
        """
        if name in self._variables:
            return self._variables[name]
        if name in self._defaults:  # a default refers to built-in variables only, and keeps the value of its first use
            self._variables[name] = resolved(self._defaults[name], lambda other: BUILT_IN[other](self))
            return self._variables[name]
        built_in = BUILT_IN.get(name)
        if built_in is None:
            raise AuthorError(f"the variable {name!r} has no value yet: an earlier step has to `save` it")
        return built_in(self)

    def save(self, names: Mapping[str, str], payload: Any) -> None:
        """Set variables from places in a payload.

        Raises:
            ExpectationError: the payload has no such place.
        """
        for name, place in names.items():
            value = payload
            for part in place.split("."):
                try:
                    value = _element(value, part) if isinstance(value, list) else value[part]
                except (KeyError, IndexError, ValueError, TypeError):
                    raise ExpectationError(f"there is no {place} to save in {visible(str(masked(payload)))}") from None
            self._variables[name] = value

    # -- time ---------------------------------------------------------------------------------------------------------

    def until(self, timeout: float) -> float:
        """Return a timeout in seconds, shortened to the time that is left within the surrounding `within` steps."""
        return min([timeout, *(limit.left() for limit in self._limits)])

    @contextlib.contextmanager
    def within(self, duration: float) -> Iterator[None]:
        """Limit the duration of the block.

        Raises:
            ExpectationError: the block took longer.
        """
        limit = self.clock.deadline(duration)
        self._limits.append(limit)
        try:
            yield
        finally:
            self._limits.remove(limit)
        if self.clock.now() > limit.end:
            raise ExpectationError(f"the steps took longer than {duration:g} s")

    def wait(self, duration: float) -> None:
        """Let bench time pass, and watch the device."""
        if self.stage.device is not None:
            self.stage.device.let_time_pass(duration)
        else:
            self.clock.deadline(duration).wait_out()

    # -- messages -----------------------------------------------------------------------------------------------------

    def expectation(self, action: str, values: Values) -> Expectation:
        """Return the expectation of a message of the charge point."""
        return Expectation(self.identity, action, matching(values.get("with", {})), versions=(self.version,))

    def expect(self, action: str, values: Values, timeout: float) -> OcppFrame:
        """Expect a message after the last one, and make it the last one."""
        expected = self.expectation(action, values)
        frame = self.csms.expect(
            Request(expected.action, expected.fields),
            timeout=self.until(timeout),
            since=self.cursor,
            charge_point=self.identity,
        )
        self.matched(frame, values)
        return frame

    def matched(self, frame: OcppFrame, values: Values) -> None:
        """Continue after a matched frame, and save the values that the step names."""
        self.cursor = max(self.cursor, Mark(frame.id + 1), key=lambda mark: mark.after)
        if name := values.get("as"):
            self.saved[name] = frame
        self.save(values.get("save", {}), frame.payload)

    @property
    def has_charge_point(self) -> bool:
        """Whether the identity of the charge point is known."""
        named = self.stage.bench.description.device.identity if self.stage.bench is not None else ""
        return bool(named or self.stage.charge_point or self.csms.charge_points)

    @property
    def identity(self) -> str:
        """The identity of the charge point.

        Raises:
            ExpectationError: no charge point has connected.
        """
        if self.stage.bench is not None and (named := self.stage.bench.description.device.identity):
            return named
        if self.stage.charge_point:
            return self.stage.charge_point
        if not self.csms.charge_points:
            raise ExpectationError("no charge point has connected")
        return self.csms.charge_points[0]

    @property
    def tag(self) -> str:
        """The idTag of the card that is presented."""
        bench = self.stage.bench
        return self.stage.tag if bench is None else bench.description.device.local_id_tag

    def transactions(self) -> Sequence[Transaction | StationTransaction]:
        """Return the transactions of the charge point since the start."""
        is_16 = self.version.is_16
        return (self.csms.transactions_of if is_16 else self.csms.station_transactions_of)(self.identity)

    def transaction_id(self) -> int | str | None:
        """Return the id of the latest transaction, when it is known.

        In OCPP 1.6, the CSMS chooses the id and returns it in StartTransaction.conf; in 2.x, the charging station
        chooses it.

        Raises:
            ExpectationError: there is no transaction.
        """

        def latest() -> int | str | None:
            found = self.transactions()
            return found[-1].transaction_id if found else None

        found = latest()
        if found is None:
            action, message = ("StartTransaction", "CALLRESULT") if self.version.is_16 else ("TransactionEvent", "CALL")
            self.timeline.expect(
                OcppFrame,
                lambda frame: frame.action == action and frame.message_type == message,
                since=self.timeline.default_mark,
                timeout=self.until(TIMEOUT_S),
                what="the answer to a StartTransaction" if self.version.is_16 else "a TransactionEvent",
                consume=False,
            )
            found = latest()
        if found is None:
            raise ExpectationError("the latest transaction has no id")
        return found

    # -- bench --------------------------------------------------------------------------------------------------------

    def act(self, request: str, do: Callable[[Bench], T]) -> T | None:
        """Act on the bench, or ask the person.

        Args:
            request: the action in words, for the person.
            do: the action on the bench.

        Returns:
            The result of `do`; None without a bench.
        """
        if self.stage.bench is not None:
            return do(self.stage.bench)
        assert self.stage.person is not None
        self.stage.person.do(request)
        return None

    def look(self, question: str, do: Callable[[Bench], T]) -> T | None:
        """Check something on the bench, or ask the person.

        Raises:
            ExpectationError: the check fails, or the person answers no.
        """
        if self.stage.bench is not None:
            return do(self.stage.bench)
        assert self.stage.person is not None
        if not self.stage.person.confirm(question):
            raise ExpectationError(f"{question} The answer was no")
        return None

    def with_device(self, what: str) -> Device:
        """Return the device.

        Raises:
            NotSupportedError: there is no bench.
        """
        if self.stage.device is None:
            raise NotSupportedError(f"{what} without a bench")
        return self.stage.device

    @property
    def driver(self) -> EvDriver:
        """The EV driver of the bench."""
        assert self.stage.bench is not None
        return EvDriver(self.stage.bench.inputs)

    @property
    def files(self) -> Files:
        """The file server.

        Raises:
            NotSupportedError: there is no file server.
        """
        found = self.stage.files if self.stage.bench is None else self.stage.bench.files
        if found is None:
            raise NotSupportedError("a file server")
        return found

    @functools.cached_property
    def authority(self) -> Authority:
        """The authority of the root `${root}`: from `secured`, or a new one."""
        return self.secured.authority if self.secured is not None else Authority(self.clock.utc())

    # -- configuration ------------------------------------------------------------------------------------------------

    def change_key(self, key: str, value: str, *, if_known: bool = False) -> None:
        """Change a configuration key, or a variable of OCPP 2.x, until the end of the scenario.

        Args:
            key: the name of the key or variable.
            value: the new value.
            if_known: do nothing if the charge point does not have it.

        Raises:
            ExpectationError: the charge point does not accept the change.
        """
        if self._keys is None:
            self._keys = (ConfigurationKeys if self.version.is_16 else Variables)(self.csms, self.identity)
        try:
            status = self._keys.change(key, value)
        except KeyError:
            if if_known:
                return
            raise ExpectationError(f"the charge point has no {self._keys.kind} {key}") from None
        if status not in ("Accepted", "RebootRequired"):
            raise ExpectationError(f"{self._keys.action} of {key} to {value!r} was answered with {status}")

    @property
    def has_changed_keys(self) -> bool:
        """Whether configuration keys or variables have to be restored."""
        return self._keys is not None and self._keys.has_changes

    def restore_keys(self) -> None:
        """Restore the configuration keys that the scenario has changed.

        Raises:
            DeviceError: the charge point rejects a former value.
        """
        if self._keys is None:
            return
        try:
            self._keys.restore()
        except AssertionError as error:  # the answer is an error, or another status
            raise DeviceError(f"the configuration keys cannot be restored: {error}") from None


BUILT_IN: Mapping[str, Callable[[Player], Any]] = {
    "identity": lambda player: player.identity,
    "tag": lambda player: (
        player.stage.bench.description.device.local_id_tag if player.stage.bench else player.stage.tag
    ),
    "transaction": lambda player: player.transaction_id(),
    "root": lambda player: player.authority.root,
    "root_serial": lambda player: f"{x509.load_pem_x509_certificate(player.authority.root.encode()).serial_number:x}",
    "now": lambda player: player.csms.behaviour.current_time(),
    "files": lambda player: player.files.url(),
    "files_tls": lambda player: player.files.url(tls=True),
}
"""The variables that every scenario has."""


def _element(values: list[Any], part: str) -> Any:
    """Return the element of an array by its index, `2`, or by a value, `serialNumber=7F`, compared case-insensitively.

    Raises:
        ValueError, IndexError: there is no such element.
    """
    key, equals, wanted = part.partition("=")
    if not equals:
        return values[int(part)]
    found = [each for each in values if str(each[key]).casefold() == wanted.casefold()]
    return found[0]


def _name_the_step(error: BaseException, step: Step) -> None:
    """Let the message of an error begin with the place of the step."""
    if getattr(error, "_has_place", False) or isinstance(error, NotSupportedError):
        return
    text = str(error.args[0]) if error.args else type(error).__name__
    error.args = (f"{step.place}: {step.kind.name}: {text}", *error.args[1:])
    error._has_place = True  # type: ignore[attr-defined]
