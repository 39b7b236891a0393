"""One charge point as the CSMS sees it, over all its connections: judges, records and answers its frames."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import replace
from typing import Any

import orjson

from rig.csms.bad_answer import BadAnswer, bad_answer
from rig.csms.behaviour import Behaviour
from rig.csms.connection import Connection
from rig.csms.frames import as_event, wrong_answer
from rig.csms.registration import Registration
from rig.csms.replacement import Answer, Replacement, Reply
from rig.csms.sendable import validate_answer
from rig.csms.state import State
from rig.ocpp import schemas
from rig.ocpp.ocppj import Call, CallError, CallResult, Malformed, Message, parse
from rig.timeline import Timeline
from rig.timeline.events import LinkChange, Note, OcppFrame
from rig.util.errors import AuthorError, BenchError, DeviceError, ExpectationError

_MAX_DESCRIPTION = 255  # characters of a CALLERROR's description (OCPP-J 1.6 section 4.2.3)
_REMEMBERED_CALLS = 256  # unique ids of a charge point whose content is remembered, to see one used twice
_REMEMBERED_WHOLE = 1024  # characters of a frame; of a longer one only the hash is remembered
_MOST_OPEN = 256  # CALLs of a charge point that wait for an answer, or are held for a test
_TRIGGERS = frozenset({"TriggerMessage", "ExtendedTriggerMessage"})

GIVEN_UP_AFTER_S = 10.0
"""A charge point that has waited that many bench seconds for an answer may have given its CALL up, and send another."""


class ChargePoint:
    """What the CSMS keeps of one charge point. Lives on the bench's loop.

    Args:
        identity: its name, from the URL's path.
        timeline: where every frame goes.
        behaviour: answers what nobody replaced.
    """

    def __init__(self, identity: str, timeline: Timeline, behaviour: Behaviour) -> None:
        self.identity = identity
        self.connection: Connection | None = None
        self.held: dict[str, list[OcppFrame]] = {}
        """Calls by action that wait for a test to release their answer. An action that is held has a key."""
        self.state = State()
        """What it knows of the charge point, but for `open_calls`: see `snapshot`."""
        self.bad_answer: BadAnswer | None = None
        """How every answer goes wrong; None: none does."""
        self._timeline = timeline
        self._behaviour = behaviour
        self._replacements: dict[str, list[Replacement]] = {}
        self._our_calls: dict[str, OcppFrame] = {}  # by unique id, as long as they are unanswered; and so:
        self._its_calls: dict[str, OcppFrame] = {}
        self._seen_calls: OrderedDict[str, tuple[str, Any]] = OrderedDict()
        self._registration = Registration()
        self._numbers = itertools.count(1)

    # -- connections --------------------------------------------------------------------------------------------

    @property
    def silent(self) -> bool:
        """Nothing is said to it at present."""
        return self.connection is not None and self.connection.mute == "all"

    def snapshot(self) -> State:
        """What it knows of the charge point now."""
        waiting = sorted((*self._our_calls.values(), *self._its_calls.values()), key=lambda frame: frame.id)
        return replace(self.state, open_calls=tuple(waiting))

    def attach(self, connection: Connection) -> None:
        """A connection opened. An older one of the same identity is reset: the charge point has given it up."""
        if self.connection is not None:
            self.connection.reset()
            self._gone(self.connection, None, "replaced by a new connection of the same charge point")
        self.connection = connection
        self._seen_calls.clear()  # a unique id is unique within one connection
        self._timeline.append(LinkChange(source="csms", charge_point=self.identity, connected=True))

    def detach(self, connection: Connection) -> None:
        """A connection closed; nothing happens where it was replaced before."""
        if self.connection is connection:
            self._gone(connection, *connection.close_words)

    def _gone(self, connection: Connection, code: int | None, reason: str) -> None:
        self.connection = None
        self._our_calls.clear()
        self._its_calls.clear()
        if connection.violation is not None:
            wrong = f"breaks RFC 6455: {connection.violation.reason} (close code {connection.violation.code})"
            self._timeline.append(as_event(self.identity, "received", Malformed(wrong), "", "", wrong))
        self._timeline.append(
            LinkChange(source="csms", charge_point=self.identity, connected=False, code=code, reason=reason)
        )

    # -- receiving ----------------------------------------------------------------------------------------------

    async def received(self, raw: str | bytes) -> None:
        """Judge, record and answer one message of the charge point."""
        message = parse(raw)
        frame, refusal = self._judge(message, raw)
        answered = None if frame.message_type == "CALL" else self._our_calls.pop(frame.unique_id, None)
        frame = self._timeline.append(frame)
        if isinstance(message, Call):
            self._its_calls[frame.unique_id] = frame
            if len(self._its_calls) > _MOST_OPEN:
                del self._its_calls[next(iter(self._its_calls))]
        if not frame.error and isinstance(message, Call):
            self.state = self.state.after_call(frame)
            if frame.action == "StopTransaction":
                self._behaviour.stopped(self.identity, frame.payload["transactionId"])
        elif not frame.error and isinstance(message, CallResult) and answered is not None:
            self.state = self.state.after_answer(answered, frame.payload)
            if answered.action in _TRIGGERS:
                self._registration.triggered(answered.payload, frame.payload)
        if refusal is not None:
            await self._reply(frame, refusal)
        elif isinstance(message, Call):
            if frame.action in self.held and len(self.held[frame.action]) < _MOST_OPEN:
                self.held[frame.action].append(frame)
            else:
                await self.answer(frame)

    def _judge(self, message: Message, raw: str | bytes) -> tuple[OcppFrame, CallError | None]:
        """The frame as it goes on the timeline, and the CALLERROR that an invalid CALL gets."""
        action, error, refusal = "", "", None
        match message:
            case Call(action=action):
                if action in schemas.actions() and action not in schemas.FROM_CHARGE_POINT:
                    error = f"{action} is a call of the CSMS, not of a charge point"
                    refusal = CallError("NotSupported", error)
                elif violation := schemas.check(action, message.payload, "request"):
                    error = violation.what
                    refusal = CallError(violation.code, error[:_MAX_DESCRIPTION])
                else:
                    if self._registration.restricts:
                        error = self._registration.forbidden_call(action, message.payload)
                    error = error or self._reused(message, raw) or self._early()
            case Malformed(why=error):
                if message.call and message.unique_id:
                    refusal = CallError("FormationViolation", error[:_MAX_DESCRIPTION])
            case _:
                asked = self._our_calls.get(message.unique_id)
                if asked is not None:
                    action = asked.action
                    error = wrong_answer(action, message) or self._registration.forbidden_answer(asked)
                else:
                    error = f"answers {message.unique_id!r}, which is no open call of the CSMS"
        return as_event(self.identity, "received", message, raw, action, error), refusal

    def _reused(self, message: Call, raw: str | bytes) -> str:
        """What is wrong with a unique id that came before; sending the same call again is allowed (section 4.1.4)."""
        payload = message.payload
        if len(raw) > _REMEMBERED_WHOLE:
            payload = hash(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS))
        content = (message.action, payload)
        earlier = self._seen_calls.setdefault(message.unique_id, content)
        if len(self._seen_calls) > _REMEMBERED_CALLS:
            self._seen_calls.popitem(last=False)
        return "" if earlier == content else f"unique id {message.unique_id!r} was used for another {earlier[0]} before"

    def _early(self) -> str:
        """What is wrong with a CALL that comes before the one before it is answered (OCPP-J 1.6 section 4.1.1)."""
        clock = self._timeline.clock
        for waiting in tuple(self._its_calls.values()):
            waits = clock.between(waiting.t, clock.now())
            if waits >= GIVEN_UP_AFTER_S:
                del self._its_calls[waiting.unique_id]
            else:
                return (
                    f"sent while {waiting.action} [{waiting.unique_id}] is unanswered, {waits:.1f} s after it: "
                    "one CALL at a time is open (OCPP-J 1.6 section 4.1.1)"
                )
        return ""

    # -- answering ----------------------------------------------------------------------------------------------

    def replace_answer(self, action: str, answer: Answer, times: int | None, check: bool = True) -> Replacement:
        """Answer `action` with `answer` from now on, or only `times` times. The latest replacement counts.

        `check` says whether what a function gives must keep to the schema.
        """
        stack = self._replacements.setdefault(action, [])

        def undo(replacement: Replacement) -> None:
            if replacement in stack:
                stack.remove(replacement)

        replacement = Replacement(answer, times, undo, check)
        stack.append(replacement)
        return replacement

    def reset(self) -> None:
        """Forget replaced and held answers."""
        self._replacements.clear()
        self.held.clear()

    async def answer(self, frame: OcppFrame, instead: Reply | None = None) -> bool:
        """Answer a recorded CALL, as told or as usual, on the present connection. False where there is none."""
        if self.silent or self.connection is None:
            return False
        return await self._reply(frame, self._answer_to(frame) if instead is None else instead)

    def _answer_to(self, frame: OcppFrame) -> Reply:
        for replacement in reversed(self._replacements.get(frame.action, ())):
            replacement.used += 1
            if replacement.times is not None and replacement.used >= replacement.times:
                replacement.undo()
            if not callable(replacement.answer):
                return replacement.answer
            own = f"the function that the test answers {frame.action} with"
            try:
                reply = replacement.answer(frame.payload)
            except AssertionError as error:  # it judges the device, as a test does
                what = f"{own} finds the device wrong: {error or 'an assert failed'}"
                self._timeline.interrupt(DeviceError(what))
                return CallError("InternalError", what[:_MAX_DESCRIPTION])
            except Exception as error:
                return self._no_answer(f"{own} raised {type(error).__name__}: {error}")
            try:
                validate_answer(frame.action, reply, check=replacement.check)
            except ValueError as error:
                return self._no_answer(f"{own} gave a wrong one: {error}")
            return reply
        return self._behaviour.answer(self.identity, frame.action, frame.payload)

    def _no_answer(self, what: str) -> CallError:
        """The test is told as soon as it waits for anything, or at its end; the charge point gets an answer at once."""
        self._timeline.append(Note(source="csms", text=f"{what}. Mend the function"))
        self._timeline.interrupt(AuthorError(f"{what}. Mend the function"))
        return CallError("InternalError", what[:_MAX_DESCRIPTION])

    async def _reply(self, call: OcppFrame, reply: Reply) -> bool:
        message: CallResult | CallError
        match reply:
            case CallError():
                message = replace(reply, unique_id=call.unique_id)
            case _:
                message = CallResult(call.unique_id, reply)
        if self.bad_answer is not None:
            text = bad_answer(self.bad_answer, message)
            return await self._send(parse(text), text)
        return await self._send(message, message.text(), call)

    # -- calling ------------------------------------------------------------------------------------------------

    async def call(self, action: str, payload: Any) -> str:
        """Send a CALL; returns its unique id. The answer is looked for on the timeline.

        Raises:
            ExpectationError: the charge point is not connected.
            BenchError: the CSMS is silent.
        """
        call = Call(f"csms-{next(self._numbers)}", action, payload)
        self._must_reach(action)
        await self._send(call, call.text())
        return call.unique_id

    async def send_raw(self, text: str, fragments: int = 1) -> None:
        """Send any text. What it is, and what is wrong with it, is recorded like any other frame."""
        self._must_reach("a raw frame")
        message = parse(text)
        await self._send(message, text, fragments=fragments)

    def _must_reach(self, what: str) -> None:
        if self.silent:
            raise BenchError(f"CSMS: cannot send {what}: it is silent", "Leave csms.silence() first")
        if self.connection is None:
            raise ExpectationError(f"cannot send {what} to {self.identity}: it is not connected")

    async def _send(self, message: Message, text: str, call: OcppFrame | None = None, fragments: int = 1) -> bool:
        """Record and send a frame. `call` is what it answers, if anything. False where there is no connection."""
        connection = self.connection
        if connection is None or self.silent:
            return False
        action, error = call.action if call is not None else "", ""
        match message:
            case Call(action=action):
                violation = schemas.check(action, message.payload, "request")
                error = violation.what if violation else ""
            case Malformed():
                error = message.why
            case _ if action:
                error = wrong_answer(action, message)
            case _ if message.unique_id not in self._its_calls:
                error = f"answers {message.unique_id!r}, which is no open call of the charge point"
        frame = as_event(self.identity, "sent", message, text, action, error)
        frame = self._timeline.append(frame)  # before it leaves: the answer must not overtake it on the timeline
        if isinstance(message, Call) or (isinstance(message, Malformed) and message.call):
            self._our_calls[message.unique_id] = frame
        else:
            self._its_calls.pop(message.unique_id, None)
            if call is not None and isinstance(message, CallResult) and not frame.error and not call.error:
                self.state = self.state.after_answer(call, message.payload)
                if action == "BootNotification":
                    self._registration.answered(frame)
        return await connection.transmit(text, fragments)
