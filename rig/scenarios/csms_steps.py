"""Steps that send, expect and answer OCPP messages: calls of the fake CSMS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from rig.csms import CallError, CallErrorReceived
from rig.csms.instrument.calls import LONGEST_PAYLOAD
from rig.ocpp.matching import differences
from rig.ocpp.messages import AuthorizationStatus
from rig.ocpp.versions import Version
from rig.scenarios.player import TIMEOUT_S, Player
from rig.scenarios.problems import payload_problems, save_problems, sent_problems
from rig.scenarios.step import (
    CALL_OF_CHARGE_POINT,
    CALL_OF_CSMS,
    DURATION,
    ERROR_CODE,
    FLAG,
    NAME,
    PAYLOAD,
    SAVES,
    SENT_PAYLOAD,
    STEPS,
    TEXT,
    Problems,
    Schema,
    Values,
    step,
)
from rig.scenarios.values import Unknown, matching, seconds
from rig.timeline import Mark
from rig.timeline.events import LinkChange, OcppFrame
from rig.util.errors import ExpectationError
from rig.util.redaction import masked
from rig.util.text import visible

STATUSES: Schema = {"enum": list(get_args(AuthorizationStatus))}


def _expected(values: Values, version: Version) -> Problems:
    yield from payload_problems(values.subject, values.get("with", {}), "request", ("with",), version)
    yield from save_problems(values, "request", version)


def _called(values: Values, version: Version) -> Problems:
    yield from sent_problems(values, "request", version)
    yield from payload_problems(values.subject, values.get("result", {}), "response", ("result",), version)
    yield from save_problems(values, "response", version)
    if "result" in values.options and "error" in values.options:
        yield ("error",), "a call is answered with a `result` or an `error`, not with both"


def _answered(values: Values, version: Version) -> Problems:
    yield from sent_problems(values, "response", version)
    if ("with" in values.options) == ("error" in values.options):
        yield (), "give the answer: either its payload by `with`, or the code of a CALLERROR by `error`"


@step(
    "expect",
    CALL_OF_CHARGE_POINT,
    options={"with": PAYLOAD, "timeout": DURATION, "save": SAVES, "as": NAME},
    problems=_expected,
)
def expect(player: Player, values: Values) -> None:
    """Expect a message of the charge point after the message that the previous expectation matched."""
    player.expect(values.subject, values, values.duration("timeout", TIMEOUT_S))


@step(
    "call",
    CALL_OF_CSMS,
    options={
        "with": SENT_PAYLOAD,
        "result": PAYLOAD,
        "error": {"anyOf": [ERROR_CODE, {"type": "array", "items": ERROR_CODE, "minItems": 1}]},
        "answered_first": FLAG,
        "unchecked": FLAG,
        "timeout": DURATION,
        "save": SAVES,
        "as": NAME,
    },
    problems=_called,
)
def call(player: Player, values: Values) -> None:
    """Call the charge point, and check the answer. Each later `expect` searches only messages after the call.

    With `answered_first` it searches only messages after the answer.
    """
    action, mark = values.subject, player.timeline.mark()
    player.cursor = max(player.cursor, mark, key=lambda each: each.after)
    codes = values.get("error", [])
    codes = [codes] if isinstance(codes, str) else codes
    payload = values.get("with", {})
    try:
        answer = player.csms.call(
            action,
            payload,
            timeout=player.until(values.duration("timeout", TIMEOUT_S)),
            check=not values.get("unchecked", False),
            charge_point=player.identity,
        )
    except CallErrorReceived as error:
        if error.code not in codes:
            raise
    else:
        _check_answer(player, action, answer, values, codes)
    frame = player.timeline.events(
        OcppFrame,
        mark,
        lambda each: each.action == action and each.message_type in ("CALLRESULT", "CALLERROR"),
    )[-1]
    if values.get("answered_first"):
        player.cursor = Mark(frame.id + 1)
    if name := values.get("as"):
        player.saved[name] = frame


def _check_answer(player: Player, action: str, answer: dict[str, Any], values: Values, codes: Sequence[str]) -> None:
    shown, text = player.csms.exchange(player.identity), visible(str(masked(answer)))
    if codes:
        raise ExpectationError(f"{action} was answered with {text}, not with CALLERROR {' or '.join(codes)}\n{shown}")
    if found := differences(matching(values.get("result", {})), answer):
        raise ExpectationError(f"the answer to {action}: {found[0]}\n{shown}")
    player.save(values.get("save", {}), answer)


@step(
    "answer",
    CALL_OF_CHARGE_POINT,
    options={
        "with": SENT_PAYLOAD,
        "error": ERROR_CODE,
        "times": {"type": "integer", "minimum": 1},
        "unchecked": FLAG,
        "during": STEPS,
    },
    problems=_answered,
)
def answer(player: Player, values: Values) -> None:
    """Replace the CSMS's answer to an action: a number of `times`, `during` steps, or until the end."""
    code = values.get("error")
    replacement = player.csms.answer(
        values.subject,
        CallError(code, "on purpose") if code else values.get("with", {}),
        values.get("times"),
        check=not values.get("unchecked", False),
        charge_point=player.identity,
    )
    if "during" in values.options:
        with replacement:
            player.play(values.options["during"])


@step("hold", CALL_OF_CHARGE_POINT, options={"during": STEPS}, required=["during"])
def hold(player: Player, values: Values) -> None:
    """Defer the CSMS's answers to an action during steps."""
    with player.csms.hold(values.subject, charge_point=player.identity):
        player.play(values.options["during"])


@step(
    "tags",
    {"type": "object", "additionalProperties": STATUSES, "minProperties": 1, "description": "a status for each idTag"},
)
def tags(player: Player, values: Values) -> None:
    """Set the authorization status of idTags at the CSMS, until the end."""
    player.csms.behaviour.tags.update(values.subject)


@step(
    "configuration",
    {"type": "object", "additionalProperties": {"type": "string"}, "minProperties": 1, "description": "values by name"},
    options={"if_known": FLAG},
)
def configuration(player: Player, values: Values) -> None:
    """Change configuration keys, or variables of OCPP 2.x. The end of the scenario restores them.

    A variable is named after its component: `AuthCtrlr.Enabled`. With `if_known` a name that the charge point does not
    have is left out.
    """
    for key, value in values.subject.items():
        player.change_key(key, value, if_known=values.get("if_known", False))


@step("connected", DURATION, options={"as": NAME}, is_bare=True)
def connected(player: Player, values: Values) -> None:
    """Expect a connection of the charge point since the last match, or within the duration (default: 60 s)."""
    link = player.csms.expect_connected(
        player.until(_timeout(values)), since=player.cursor, charge_point=player.identity
    )
    _take(player, values, link)


@step("disconnected", DURATION, options={"as": NAME}, is_bare=True)
def disconnected(player: Player, values: Values) -> None:
    """Expect the end of the connection since the last match, or within the duration (default: 60 s)."""
    link = player.csms.expect_disconnected(
        player.until(_timeout(values)), since=player.cursor, charge_point=player.identity
    )
    _take(player, values, link)


def _take(player: Player, values: Values, link: LinkChange) -> None:
    """Look for messages after a change of the connection, and save the change under the name that the step gives."""
    player.cursor = Mark(link.id + 1)
    if name := values.get("as"):
        player.saved[name] = link


def _timeout(values: Values) -> float:
    return 60.0 if values.subject is None else seconds(values.subject)


@step("close", {"type": "integer", "minimum": 1000, "maximum": 4999, "description": "a close code"})
def close(player: Player, values: Values) -> None:
    """Close the connection with this WebSocket close code. The charge point can reconnect."""
    player.csms.close(values.subject, charge_point=player.identity)


def _short(values: Values, _: Version) -> Problems:
    size = 0 if isinstance(values.subject, Unknown) else len(values.subject.encode())
    if size > LONGEST_PAYLOAD:
        yield ("ping",), f"a ping has at most {LONGEST_PAYLOAD} bytes of UTF-8 (RFC 6455 section 5.5), not {size}"


@step(
    "ping",
    {
        "type": "string",
        "maxLength": LONGEST_PAYLOAD,
        "description": f"a payload of at most {LONGEST_PAYLOAD} bytes",
    },
    problems=_short,
)
def ping(player: Player, values: Values) -> None:
    """Send a WebSocket ping with this payload, and wait for the pong."""
    player.csms.ping(values.subject.encode(), timeout=player.until(TIMEOUT_S), charge_point=player.identity)


@step("send_raw", TEXT, options={"fragments": {"type": "integer", "minimum": 1}})
def send_raw(player: Player, values: Values) -> None:
    """Send a text without any check, in one or several WebSocket frames."""
    player.csms.send_raw(values.subject, fragments=values.get("fragments", 1), charge_point=player.identity)


@step("silence", STEPS)
def silence(player: Player, values: Values) -> None:
    """Let the CSMS read everything and send nothing during steps."""
    with player.csms.silence():
        player.play(values.subject)


@step(
    "refused",
    TEXT,
    options={"timeout": DURATION},
)
def refused(player: Player, values: Values) -> None:
    """Expect that the CSMS refuses a client, for a reason that contains this text."""
    found = player.csms.expect_refused(
        values.subject, timeout=player.until(values.duration("timeout", 60.0)), since=player.cursor
    )
    player.cursor = Mark(found.id + 1)
