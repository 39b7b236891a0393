"""One charge point over all its connections: the CSMS validates, records and answers its frames."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from dataclasses import replace
from typing import Any

import orjson

from rig.csms.behaviour import Behaviour
from rig.csms.connection import Connection
from rig.csms.faulty_frames import FaultyFrames
from rig.csms.frame_effects import Fragments
from rig.csms.frames import as_event, wrong_answer
from rig.csms.registration import Registration
from rig.csms.replacement import Answer, Replacement, Reply
from rig.csms.sendable import validate_answer
from rig.csms.state import State
from rig.csms.wire import FrameFault, Wire
from rig.ocpp import schemas
from rig.ocpp.ocppj import Call, CallError, CallResult, Malformed, Message, parse
from rig.timeline import Timeline
from rig.timeline.events import LinkChange, Note, OcppFrame
from rig.util.errors import AuthorError, BenchError, DeviceError, ExpectationError

_MAX_DESCRIPTION = 255  # characters of a CALLERROR's description (OCPP-J 1.6 section 4.2.3)
_REMEMBERED_CALLS = 256  # CALLs whose content is remembered by unique id, to find an id used twice
_REMEMBERED_WHOLE = 1024  # characters of a frame; a longer one is remembered as a hash
_MOST_OPEN = 256  # unanswered or held CALLs of a charge point
_TRIGGERS = frozenset({"TriggerMessage", "ExtendedTriggerMessage"})

GIVEN_UP_AFTER_S = 10.0
"""After this many bench seconds without an answer a charge point may have given up its CALL and may send another."""


class ChargePoint:
    """The record of one charge point. All methods run on the bench's loop.

    Args:
        identity: the identity from the URL's path.
        timeline: gets an event for every frame.
        behaviour: makes the answers that no test has replaced.
        wire: the faults of single frames.
    """

    def __init__(self, identity: str, timeline: Timeline, behaviour: Behaviour, wire: Wire) -> None:
        self.identity = identity
        self.connection: Connection | None = None
        self.held: dict[str, list[OcppFrame]] = {}
        """Held calls by action. An action whose answers are held has a key."""
        self.state = State()
        """The state of the charge point without `open_calls`; see `snapshot`."""
        self._timeline = timeline
        self._behaviour = behaviour
        self._wire = wire
        self._faulty = FaultyFrames(identity, timeline)
        self._replacements: dict[str, list[Replacement]] = {}
        self._our_calls: dict[str, OcppFrame] = {}  # unanswered CALLs of the CSMS by unique id
        self._its_calls: dict[str, OcppFrame] = {}  # unanswered CALLs of the charge point by unique id
        self._seen_calls: OrderedDict[str, tuple[str, Any]] = OrderedDict()
        self._registration = Registration()
        self._numbers = itertools.count(1)

    # -- connections --------------------------------------------------------------------------------------------

    @property
    def silent(self) -> bool:
        """Whether the CSMS sends nothing to it now."""
        return self.connection is not None and self.connection.mute == "all"

    def snapshot(self) -> State:
        """Return the current state of the charge point."""
        waiting = sorted((*self._our_calls.values(), *self._its_calls.values()), key=lambda frame: frame.id)
        return replace(self.state, open_calls=tuple(waiting))

    def attach(self, connection: Connection) -> None:
        """Use a new connection. An older one of the same charge point is reset: it has been abandoned."""
        if self.connection is not None:
            self.connection.reset()
            self._gone(self.connection, None, "replaced by a new connection of the same charge point")
        self.connection = connection
        self._seen_calls.clear()  # a unique id is unique within one connection
        self._timeline.append(LinkChange(source="csms", charge_point=self.identity, connected=True))

    def detach(self, connection: Connection) -> None:
        """Record the end of a connection, unless a newer connection has replaced it."""
        if self.connection is connection:
            self._gone(connection, *connection.close_words)

    def _gone(self, connection: Connection, code: int | None, reason: str) -> None:
        self.connection = None
        self._faulty.forget()
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
        """Let a message of the charge point pass the faults of frames, and process what arrives."""
        message = parse(raw)
        if not self._wire.is_faulty and not self._faulty.are_held:
            await self._process(message, raw)
            return
        action = message.action if isinstance(message, Call) else self._action_answered(message.unique_id)
        fault = self._wire.choose("received", action, message)
        if fault is None:
            await self._process(message, raw)
            await self._faulty.let_go("received")
            return

        async def deliver(arriving: str | bytes, changed_by: str) -> bool:
            await self._process(message if arriving is raw else parse(arriving), arriving, changed_by)
            return True

        await self._faulty.pass_on(fault, "received", action, message, raw, deliver, self.connection)

    def _action_answered(self, unique_id: str) -> str:
        asked = self._our_calls.get(unique_id)
        return asked.action if asked is not None else ""

    async def _process(self, message: Message, raw: str | bytes, changed_by: str = "") -> None:
        """Validate, record and answer one message that has arrived.

        Args:
            message: the decoded message.
            raw: the message as on the wire.
            changed_by: the fault that changed or repeated it; empty: none.
        """
        frame, refusal = self._judge(message, raw)
        if changed_by:
            frame = replace(frame, fault=changed_by)
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
        """Return the event of a message, and the CALLERROR that answers an invalid CALL."""
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
        """Return the error of a reused unique id. Resending the same call is allowed (OCPP-J 1.6 section 4.1.4)."""
        payload = message.payload
        if len(raw) > _REMEMBERED_WHOLE:
            payload = hash(orjson.dumps(payload, option=orjson.OPT_SORT_KEYS))
        content = (message.action, payload)
        earlier = self._seen_calls.setdefault(message.unique_id, content)
        if len(self._seen_calls) > _REMEMBERED_CALLS:
            self._seen_calls.popitem(last=False)
        return "" if earlier == content else f"unique id {message.unique_id!r} was used for another {earlier[0]} before"

    def _early(self) -> str:
        """Return the error of a CALL sent while the previous one is unanswered (OCPP-J 1.6 section 4.1.1)."""
        clock = self._timeline.clock
        for waiting in tuple(self._its_calls.values()):
            waits = clock.between(waiting.t, clock.now())
            if waits >= GIVEN_UP_AFTER_S:
                del self._its_calls[waiting.unique_id]
            else:
                return (
                    f"sent while {waiting.action} [{waiting.unique_id}] is unanswered, {waits:.1f} s after it: "
                    "only one CALL may be in flight (OCPP-J 1.6 section 4.1.1)"
                )
        return ""

    # -- answering ----------------------------------------------------------------------------------------------

    def replace_answer(self, action: str, answer: Answer, times: int | None, check: bool = True) -> Replacement:
        """Answer `action` with `answer`, always or `times` times. The latest replacement applies.

        `check` says whether the answers of a function must follow the schema.
        """
        stack = self._replacements.setdefault(action, [])

        def undo(replacement: Replacement) -> None:
            if replacement in stack:
                stack.remove(replacement)

        replacement = Replacement(answer, times, undo, check)
        stack.append(replacement)
        return replacement

    async def end_fault(self, fault: FrameFault) -> None:
        """Deliver the frames that a fault holds back."""
        await self._faulty.end(fault)

    def reset(self) -> None:
        """Drop replaced and held answers."""
        self._replacements.clear()
        self.held.clear()

    async def answer(self, frame: OcppFrame, instead: Reply | None = None) -> bool:
        """Answer a recorded CALL on the current connection, normally or with `instead`. False without a connection."""
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
            own = f"the test's function that answers {frame.action}"
            try:
                reply = replacement.answer(frame.payload)
            except AssertionError as error:  # an assertion is about the device, as in a test
                what = f"{own} finds the device wrong: {error or 'an assert failed'}"
                self._timeline.interrupt(DeviceError(what))
                return CallError("InternalError", what[:_MAX_DESCRIPTION])
            except Exception as error:
                return self._no_answer(f"{own} raised {type(error).__name__}: {error}")
            try:
                validate_answer(frame.action, reply, check=replacement.check)
            except ValueError as error:
                return self._no_answer(f"{own} returned an invalid answer: {error}")
            return reply
        return self._behaviour.answer(self.identity, frame.action, frame.payload)

    def _no_answer(self, what: str) -> CallError:
        """Fail the test at its next wait or at its end, and return a CALLERROR for the charge point."""
        self._timeline.append(Note(source="csms", text=f"{what}. Correct the function"))
        self._timeline.interrupt(AuthorError(f"{what}. Correct the function"))
        return CallError("InternalError", what[:_MAX_DESCRIPTION])

    async def _reply(self, call: OcppFrame, reply: Reply) -> bool:
        message: CallResult | CallError
        match reply:
            case CallError():
                message = replace(reply, unique_id=call.unique_id)
            case _:
                message = CallResult(call.unique_id, reply)
        return await self._send(message, message.text(), call)

    # -- calling ------------------------------------------------------------------------------------------------

    async def call(self, action: str, payload: Any) -> str:
        """Send a CALL and return its unique id. The answer appears on the timeline.

        Raises:
            ExpectationError: the charge point is not connected.
            BenchError: the CSMS is silent.
        """
        call = Call(f"csms-{next(self._numbers)}", action, payload)
        self._must_reach(action)
        await self._send(call, call.text())
        return call.unique_id

    async def send_raw(self, text: str, fragments: int = 1) -> None:
        """Send any text. It is validated and recorded like any other frame."""
        self._must_reach("a raw frame")
        message = parse(text)
        await self._send(message, text, fragments=fragments)

    def _must_reach(self, what: str) -> None:
        if self.silent:
            raise BenchError(f"CSMS: cannot send {what}: it is silent", "Leave csms.silence() first")
        if self.connection is None:
            raise ExpectationError(f"cannot send {what} to {self.identity}: it is not connected")

    async def _send(self, message: Message, text: str, call: OcppFrame | None = None, fragments: int = 1) -> bool:
        """Let a frame pass the faults of frames, then record and send it.

        Args:
            message: the decoded frame.
            text: the frame as on the wire.
            call: the CALL that it answers.
            fragments: the number of WebSocket frames.

        Returns:
            Whether it was sent, or a fault took it; False without a connection.
        """
        if not self._wire.is_faulty and not self._faulty.are_held:
            return await self._put_on_wire(message, text, call, fragments)
        action = call.action if call is not None else message.action if isinstance(message, Call) else ""
        fault = self._wire.choose("sent", action, message)
        if fault is None:
            sent = await self._put_on_wire(message, text, call, fragments)
            await self._faulty.let_go("sent")
            return sent

        async def deliver(leaving: str | bytes, changed_by: str) -> bool:
            pieces = fault.effect.count if isinstance(fault.effect, Fragments) else fragments
            if leaving is text:
                return await self._put_on_wire(message, text, call, min(pieces, max(1, len(text))), changed_by)
            altered = parse(leaving)
            answers = isinstance(altered, CallResult | CallError) and altered.unique_id == message.unique_id
            return await self._put_on_wire(altered, leaving, call if answers else None, 1, changed_by)

        return await self._faulty.pass_on(fault, "sent", action, message, text, deliver, self.connection)

    async def _put_on_wire(
        self, message: Message, text: str | bytes, call: OcppFrame | None, fragments: int = 1, changed_by: str = ""
    ) -> bool:
        """Record and send a frame. `call` is the CALL that it answers. Return False without a connection."""
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
        if changed_by:
            frame = replace(frame, fault=changed_by)
        frame = self._timeline.append(frame)  # before sending, so that the answer comes later on the timeline
        if isinstance(message, Call) or (isinstance(message, Malformed) and message.call):
            self._our_calls[message.unique_id] = frame
        else:
            self._its_calls.pop(message.unique_id, None)
            if call is not None and isinstance(message, CallResult) and not frame.error and not call.error:
                self.state = self.state.after_answer(call, message.payload)
                if action == "BootNotification":
                    self._registration.answered(frame)
        return await connection.transmit(text, fragments)
