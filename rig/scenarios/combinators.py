"""Steps that combine steps: alternatives, any order, optional and forbidden messages, limits of time, and measures."""

from __future__ import annotations

import math
from typing import Any

from rig.csms.expectation import Expectation
from rig.ocpp.matching import differences
from rig.ocpp.messages import Request
from rig.ocpp.transactions import Transaction
from rig.ocpp.versions import Version
from rig.scenarios.features import is_declared
from rig.scenarios.player import TIMEOUT_S, Player
from rig.scenarios.problems import payload_problems
from rig.scenarios.step import (
    ALTERNATIVES,
    CALL_OF_CHARGE_POINT,
    DURATION,
    FEATURE,
    NAME,
    PAYLOAD,
    POSITIVE_DURATION,
    STEPS,
    Problems,
    Step,
    Values,
    step,
)
from rig.scenarios.values import matching, seconds
from rig.timeline.events import OcppFrame
from rig.util.errors import AuthorError, ExpectationError


def _heads(values: Values, _: Version) -> Problems:
    for index, steps in enumerate(values.subject):
        if steps[0].kind.name != "expect":
            yield ("either", index, 0), "each alternative begins with `expect`, which decides between them"


def _head(values: Values, _: Version) -> Problems:
    if values.subject[0].kind.name != "expect":
        yield ("optional", 0), "`optional` begins with `expect`, which decides whether the steps are played"


_PARTS = {"start": ("StartTransaction", "started"), "stop": ("StopTransaction", "ended")}
"""The keys of a transaction's first and last message; its action in OCPP 1.6, and its attribute in OCPP 2.x."""


_UNORDERED = ("expect", "output", "led")
"""The steps of `any_order`. Any other step acts at a moment, so its place in the order counts."""


def _in_any_order(values: Values, _: Version) -> Problems:
    for index, each in enumerate(values.subject):
        if each.kind.name not in _UNORDERED:
            yield (
                ("any_order", index),
                f"{each.kind.name!r} is not a step of `any_order`. Allowed: {', '.join(_UNORDERED)}",
            )


def _limited(values: Values, _: Version) -> Problems:
    if not {"is", "at_least", "at_most"} & set(values.options):
        yield (), "give a limit of the time: `is`, `at_least` or `at_most`"


def _of_version(values: Values, version: Version) -> Problems:
    if "gapless" in values.subject and not version.is_16:
        yield ("transaction", "gapless"), "`gapless` is for OCPP 1.6; in 2.x `seqNo` shows that no event is missing"
    for part, (action_16, _) in _PARTS.items():
        action = action_16 if version.is_16 else "TransactionEvent"
        yield from payload_problems(action, values.subject.get(part, {}), "request", ("transaction", part), version)


def _forbidden(values: Values, version: Version) -> Problems:
    actions = [values.subject] if isinstance(values.subject, str) else values.subject
    for action in actions:
        yield from payload_problems(action, values.get("with", {}), "request", ("with",), version)
    if ("for" in values.options) == ("during" in values.options):
        yield (), "give either `for`, a duration, or `during`, steps"


@step("within", POSITIVE_DURATION, options={"steps": STEPS}, required=["steps"])
def within(player: Player, values: Values) -> None:
    """Play steps that must end within a duration."""
    with player.within(seconds(values.subject)):
        player.play(values.options["steps"])


@step("any_order", STEPS, options={"timeout": DURATION}, problems=_in_any_order)
def any_order(player: Player, values: Values) -> None:
    """Play expectations whose events can come in any order."""
    timeout = values.duration("timeout", TIMEOUT_S)
    expects = [each for each in values.subject if each.kind.name == "expect"]
    start = player.cursor
    if expects:
        _expect_all(player, expects, timeout)
    after = player.cursor
    for each in values.subject:
        if each.kind.name != "expect":
            player.cursor = start
            player.play([each])
            after = max(after, player.cursor, key=lambda mark: mark.after)
    player.cursor = after


def _expect_all(player: Player, steps: list[Step], timeout: float) -> None:
    values = [Values(player.resolve(each.values.subject), player.resolve(dict(each.values.options))) for each in steps]
    wanted = [player.expectation(each.subject, each) for each in values]
    frames = player.csms.expect_all(
        *(Request(each.action, each.fields) for each in wanted),
        timeout=player.until(timeout),
        since=player.cursor,
        charge_point=player.identity,
    )
    for frame, each in zip(frames, values, strict=True):
        player.matched(frame, each)


@step("either", ALTERNATIVES, options={"timeout": DURATION}, problems=_heads)
def either(player: Player, values: Values) -> None:
    """Play one of several lists of steps: the list whose first message comes first."""
    heads = [_expectation(player, steps[0]) for steps in values.subject]
    frame = player.timeline.expect(
        OcppFrame,
        lambda each: any(head.matches(each) for head in heads),
        since=player.cursor,
        timeout=player.until(values.duration("timeout", TIMEOUT_S)),
        what=" or ".join(map(str, heads)),
        consume=False,
        explain=lambda _: player.csms.exchange(player.identity, player.cursor),
    )
    chosen = next(index for index, head in enumerate(heads) if head.matches(frame))
    player.play(values.subject[chosen])


@step("optional", STEPS, options={"for": DURATION}, problems=_head)
def optional(player: Player, values: Values) -> None:
    """Play steps if their first message has come or comes within `for`; otherwise skip the steps."""
    head = _expectation(player, values.subject[0])
    try:
        player.timeline.expect(
            OcppFrame,
            head.matches,
            since=player.cursor,
            timeout=player.until(values.duration("for", 0)),
            consume=False,
        )
    except ExpectationError:
        return
    player.play(values.subject)


@step("if_supported", FEATURE, options={"steps": STEPS, "otherwise": STEPS}, required=["steps"])
def if_supported(player: Player, values: Values) -> None:
    """Play `steps` if the charge point declares the feature; otherwise play the steps of `otherwise`."""
    player.play(values.get("steps" if is_declared(player, values.subject) else "otherwise", []))


@step(
    "forbid",
    {"anyOf": [CALL_OF_CHARGE_POINT, {"type": "array", "items": CALL_OF_CHARGE_POINT, "minItems": 1}]},
    options={"with": PAYLOAD, "for": DURATION, "during": STEPS},
    problems=_forbidden,
)
def forbid(player: Player, values: Values) -> None:
    """Check that messages have not come since the last matched message, and do not come for a time or during steps."""
    actions = [values.subject] if isinstance(values.subject, str) else values.subject
    since, end = player.cursor, math.inf
    if "during" in values.options:
        player.play(values.options["during"])
        end = player.horizon.after
    fields = matching(values.get("with", {}))
    left = values.duration("for", 0)

    def is_during(frame: OcppFrame) -> bool:
        return frame.id < end

    for action in actions:
        player.csms.expect_none(
            Request(action, fields), is_during, within=left, since=since, charge_point=player.identity
        )
        left = 0  # the time has passed while the first action was watched


@step(
    "measure",
    {
        "type": "object",
        "properties": {"from": NAME, "to": NAME},
        "required": ["from", "to"],
        "additionalProperties": False,
    },
    options={"is": DURATION, "at_least": DURATION, "at_most": DURATION, "tolerance": DURATION},
    problems=_limited,
)
def measure(player: Player, values: Values) -> None:
    """Check the time between two events, `from` and `to`. Earlier steps have named the events by `as`.

    `is` has a tolerance in real time only: `tolerance`, or 1 s by default.
    """
    begin, end = (_saved(player, values.subject[key]) for key in ("from", "to"))
    elapsed = player.clock.between(begin.t, end.t)
    what = f"{elapsed:g} s from {values.subject['from']} to {values.subject['to']}"
    tolerance = 1e-6 if player.clock.steps else values.duration("tolerance", 1.0)
    if "is" in values.options and abs(elapsed - values.duration("is", 0)) > tolerance:
        raise ExpectationError(f"{what}, not {values.options['is']}")
    if elapsed < values.duration("at_least", 0):
        raise ExpectationError(f"{what}, which is less than {values.options['at_least']}")
    if elapsed > values.duration("at_most", float("inf")):
        raise ExpectationError(f"{what}, which is more than {values.options['at_most']}")


@step(
    "transaction",
    {
        "type": "object",
        "properties": {
            "count": {"type": "integer", "minimum": 0, "description": "the number of transactions since the start"},
            "energy_wh": {"type": "integer", "minimum": 0},
            "samples": {"type": "integer", "minimum": 0, "description": "the least number of energy samples"},
            "gapless": POSITIVE_DURATION,
            "start": PAYLOAD,
            "stop": PAYLOAD,
        },
        "additionalProperties": False,
    },
    problems=_of_version,
)
def transaction(player: Player, values: Values) -> None:
    """Check the latest transaction: order, times, energy, samples, and its start and stop.

    In OCPP 2.x the start and the stop are the TransactionEvents `Started` and `Ended`.
    """
    found, wanted = player.transactions(), values.subject
    if "count" in wanted and len(found) != wanted["count"]:
        raise ExpectationError(
            f"there are {len(found)} transactions, not {wanted['count']}\n{player.csms.exchange(player.identity)}"
        )
    if not found:
        if "count" in wanted:  # it is 0
            return
        raise ExpectationError(f"there is no transaction\n{player.csms.exchange(player.identity)}")
    latest = found[-1]
    latest.check()
    if "energy_wh" in wanted and latest.energy_wh != wanted["energy_wh"]:
        raise ExpectationError(f"the transaction has {latest.energy_wh} Wh, not {wanted['energy_wh']} Wh")
    if "gapless" in wanted:
        assert isinstance(latest, Transaction)  # `_of_version` has checked it
        latest.check_gapless(seconds(wanted["gapless"]))
    if len(latest.samples()) < wanted.get("samples", 0):
        raise ExpectationError(f"the transaction has {len(latest.samples())} samples, not {wanted['samples']} or more")
    for part, (_, name) in _PARTS.items():
        if part not in wanted:
            continue
        payload = getattr(latest, part if isinstance(latest, Transaction) else name)
        if wrong := differences(matching(wanted[part]), payload):
            raise ExpectationError(f"the {part} of the transaction: {wrong[0]}")


def _expectation(player: Player, head: Step) -> Expectation:
    options: dict[str, Any] = player.resolve(dict(head.values.options))
    return player.expectation(player.resolve(head.values.subject), Values(options=options))


def _saved(player: Player, name: str) -> Any:
    if name not in player.saved:
        raise AuthorError(f"no step has named an event {name!r} by `as`. Named: {', '.join(player.saved) or 'none'}")
    return player.saved[name]
