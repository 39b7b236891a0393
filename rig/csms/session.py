"""One charge point over all its connections: the CSMS validates, records and answers its frames."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, NamedTuple

from rig.csms.behaviour import Behaviour
from rig.csms.connection import Connection
from rig.csms.faulty_frames import FaultyFrames
from rig.csms.frame_effects import Fragments
from rig.csms.frames import as_event
from rig.csms.judge import Judge
from rig.csms.registration import TRIGGERS
from rig.csms.replacement import Answer, Replacement, Reply
from rig.csms.sendable import validate_answer
from rig.csms.state import State
from rig.csms.station import Station
from rig.csms.wire import FrameFault, Wire
from rig.ocpp import schemas
from rig.ocpp.ocppj import (
    MAX_DESCRIPTION,
    Call,
    CallError,
    CallResult,
    CallResultError,
    Malformed,
    Message,
    Send,
    parse,
)
from rig.ocpp.versions import VERSIONS, Version
from rig.timeline import Timeline
from rig.timeline.events import LinkChange, Note, OcppFrame
from rig.util.errors import AuthorError, BenchError, DeviceError, ExpectationError


class _Prepared(NamedTuple):
    """An answer to send, and the frame that it answers."""

    message: CallResult | CallError | CallResultError
    call: OcppFrame


_NO_ANSWERS = (Call, Send, CallResultError)
"""The messages that answer no CALL."""
_MOST_OPEN = 256  # unanswered or held CALLs of a charge point


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
        """Held calls by action. An action has a key while its answers are held."""
        self.state = State()
        """The state of a charge point of OCPP 1.6 without `open_calls`; see `snapshot`."""
        self.station = Station()
        """The state of a charging station of OCPP 2.x without `open_calls`; see `station_snapshot`."""
        self.version: Version | None = None
        """The version of its latest connection; None before the first."""
        self._timeline = timeline
        self._behaviour = behaviour
        self._wire = wire
        self._faulty = FaultyFrames(identity, timeline)
        self._replacements: dict[str, list[Replacement]] = {}
        self._judge = Judge(timeline.clock)
        self._numbers = itertools.count(1)

    # -- connections --------------------------------------------------------------------------------------------

    @property
    def silent(self) -> bool:
        """Whether the CSMS sends nothing to it now."""
        return self.connection is not None and self.connection.mute == "all"

    def snapshot(self) -> State:
        """Return the current state of the charge point."""
        return replace(self.state, open_calls=self._open_calls())

    def station_snapshot(self) -> Station:
        """Return the current state of the charging station."""
        return replace(self.station, open_calls=self._open_calls())

    def _open_calls(self) -> tuple[OcppFrame, ...]:
        waiting = (*self._judge.our_calls.values(), *self._judge.its_calls.values())
        return tuple(sorted(waiting, key=lambda frame: frame.id))

    def attach(self, connection: Connection) -> None:
        """Use a new connection. An older connection of the same charge point is reset.

        The sub-protocol of the connection is one of `VERSIONS`.
        """
        if self.connection is not None:
            self.connection.reset()
            self._gone(self.connection, None, "replaced by a new connection of the same charge point")
        self.connection = connection
        protocol = str(connection.subprotocol)
        self.version = VERSIONS[protocol]
        self._judge.connected(self.version)
        self._timeline.append(LinkChange(source="csms", charge_point=self.identity, connected=True, protocol=protocol))

    def detach(self, connection: Connection) -> None:
        """Record the end of a connection, unless a newer connection has replaced it."""
        if self.connection is connection:
            self._gone(connection, *connection.close_words)

    def _gone(self, connection: Connection, code: int | None, reason: str) -> None:
        self.connection = None
        self._faulty.forget()
        self._judge.disconnected()
        if connection.violation is not None:
            wrong = f"breaks RFC 6455: {connection.violation.reason} (close code {connection.violation.code})"
            self._timeline.append(as_event(self.identity, "received", Malformed(wrong), "", "", wrong))
        self._timeline.append(
            LinkChange(source="csms", charge_point=self.identity, connected=False, code=code, reason=reason)
        )

    # -- receiving ----------------------------------------------------------------------------------------------

    async def received(self, connection: Connection, raw: str | bytes) -> None:
        """Let a message of the charge point pass the faults of frames, and process the messages that arrive.

        A message of a connection that a newer one has replaced is lost, like those that its socket still holds.
        """
        if connection is not self.connection:
            return
        message = parse(raw, self._judge.version)
        if self._wire.is_faulty or self._faulty.are_held:
            await self._pass_faults(message, raw)
        else:
            await self._process(message, raw)

    def received_alone(self, connection: Connection, raw: str) -> bool:
        """Process a message at once, without a turn of the loop, if nothing has to wait.

        Args:
            connection: the connection on which it arrived.
            raw: a message that arrived while no other one of the charge point was being processed.

        Returns:
            Whether it was processed; if not, nothing has changed.
        """
        is_current = connection is self.connection and connection.can_send_at_once
        if not is_current or self._wire.is_faulty or self._faulty.are_held:
            return False
        reply = self._take(parse(raw, self._judge.version), raw)
        if reply is not None:
            text = reply.message.text()
            if self._record_sent(reply.message, text, reply.call):
                connection.send_at_once(text)
        return True

    async def _pass_faults(self, message: Message, raw: str | bytes) -> None:
        action = message.action if isinstance(message, Call | Send) else self._action_answered(message.unique_id)
        fault = self._wire.choose("received", action, message)
        if fault is None:
            await self._process(message, raw)
            await self._faulty.let_go("received")
            return

        async def deliver(arriving: str | bytes, changed_by: str) -> bool:
            changed = message if arriving is raw else parse(arriving, self._judge.version)
            await self._process(changed, arriving, changed_by)
            return True

        await self._faulty.pass_on(fault, "received", action, message, raw, deliver, self.connection)

    def _action_answered(self, unique_id: str) -> str:
        asked = self._judge.our_calls.get(unique_id)
        return asked.action if asked is not None else ""

    async def _process(self, message: Message, raw: str | bytes, changed_by: str = "") -> None:
        """Validate, record and answer one message that has arrived. Arguments as for `_take`."""
        reply = self._take(message, raw, changed_by)
        if reply is not None:
            await self._send(reply.message, reply.message.text(), reply.call)

    def _take(self, message: Message, raw: str | bytes, changed_by: str = "") -> _Prepared | None:
        """Validate and record one message that has arrived. Return the answer to send now, if any.

        Args:
            message: the decoded message.
            raw: the message as on the wire.
            changed_by: the fault that changed or repeated it; empty: none.
        """
        judge = self._judge
        verdict = judge.judge(message, raw, strict=self._behaviour.strict)
        is_as_sent, message = verdict.message is message, verdict.message
        error, deviation = verdict.error, verdict.deviation
        frame = as_event(self.identity, "received", message, raw, verdict.action, error, deviation, changed_by)
        answered = None if isinstance(message, _NO_ANSWERS) else judge.our_calls.pop(frame.unique_id, None)
        frame = self._timeline.append(frame, is_new=True)
        if isinstance(message, Call):
            judge.its_calls[frame.unique_id] = frame
            if len(judge.its_calls) > _MOST_OPEN:
                del judge.its_calls[next(iter(judge.its_calls))]
        if not frame.error and isinstance(message, Call):
            self._note_call(frame)
        elif not frame.error and isinstance(message, CallResult) and answered is not None:
            self._note_answer(answered, frame.payload)
            if answered.action in TRIGGERS:
                judge.registration.triggered(answered.action, answered.payload, frame.payload)
        reply = None
        if verdict.error_response is not None:
            reply = _Prepared(verdict.error_response, frame)
        elif isinstance(message, Call):
            if frame.action in self.held and len(self.held[frame.action]) < _MOST_OPEN:
                self.held[frame.action].append(frame)
            else:
                reply = self._prepare(frame)
        if is_as_sent:
            frame.release_payload(raw)
        return reply

    def _note_call(self, call: OcppFrame) -> None:
        """Derive the state from a valid CALL of the charge point."""
        if not self._judge.version.is_16:
            self.station = self.station.after_call(call)
            return
        self.state = self.state.after_call(call)
        if call.action == "StopTransaction":
            self._behaviour.stopped(self.identity, call.payload["transactionId"])

    def _note_answer(self, call: OcppFrame, answer: Mapping[str, Any]) -> None:
        """Derive the state from a valid CALLRESULT of either side."""
        if self._judge.version.is_16:
            self.state = self.state.after_answer(call, answer)
        else:
            self.station = self.station.after_answer(call, answer)

    # -- answering ----------------------------------------------------------------------------------------------

    def replace_answer(self, action: str, answer: Answer, times: int | None, check: bool = True) -> Replacement:
        """Answer `action` with `answer`, always or `times` times. The latest replacement applies.

        With `check`, the answers of a function must follow the schema.
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
        """Answer a recorded CALL on the current connection, normally or with `instead`.

        Return False if the charge point is not connected, or if the CSMS is silent.
        """
        reply = self._prepare(frame, instead)
        return reply is not None and await self._send(reply.message, reply.message.text(), frame)

    def _prepare(self, frame: OcppFrame, instead: Reply | None = None) -> _Prepared | None:
        """Return the answer to a recorded CALL; None without an open connection, or if the CSMS is silent."""
        if self.silent or self.connection is None or not self.connection.is_open:
            return None
        reply = self._answer_to(frame) if instead is None else instead
        if isinstance(reply, CallError):
            return _Prepared(replace(reply, unique_id=frame.unique_id), frame)
        return _Prepared(CallResult(frame.unique_id, reply), frame)

    def _answer_to(self, frame: OcppFrame) -> Reply:
        for replacement in reversed(self._replacements.get(frame.action, ())):
            replacement.used += 1
            if replacement.times is not None and replacement.used >= replacement.times:
                replacement.undo()
            if not callable(replacement.answer):
                return replacement.answer
            own = f"the test's function that answers {frame.action}"
            try:
                reply = replacement.answer(deepcopy(frame.payload))  # the frame keeps what the charge point sent
            except (SystemExit, KeyboardInterrupt):  # `rig.util.threads.end` ends a loop that a function blocks
                raise
            except BaseException as error:  # the outcomes of pytest, too, would end the loop
                if not _is_verdict(error):
                    return self._no_answer(f"{own} raised {type(error).__name__}: {error}")
                what = f"{own} finds the device wrong: {error or 'an assert failed'}"
                self._timeline.interrupt(DeviceError(what))
                return CallError("InternalError", what[:MAX_DESCRIPTION])
            try:
                validate_answer(frame.action, reply, check=replacement.check, versions=(self._judge.version,))
            except ValueError as error:
                return self._no_answer(f"{own} returned an invalid answer: {error}")
            return reply
        return self._behaviour.answer(self.identity, frame.action, frame.payload, self._judge.version)

    def _no_answer(self, what: str) -> CallError:
        """Fail the test at its next wait or at its end, and return a CALLERROR for the charge point."""
        self._timeline.append(Note(source="csms", text=f"{what}. Correct the function"))
        self._timeline.interrupt(AuthorError(f"{what}. Correct the function"))
        return CallError("InternalError", what[:MAX_DESCRIPTION])

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
        """Send any text. The text is validated and recorded like any other frame."""
        self._must_reach("a raw frame")
        message = parse(text, self._judge.version)
        await self._send(message, text, fragments=fragments)

    def _must_reach(self, what: str) -> None:
        if self.silent:
            raise BenchError(f"CSMS: cannot send {what}: it is silent", "Leave csms.silence() first")
        if self.connection is None:
            raise ExpectationError(f"cannot send {what} to {self.identity}: it is not connected")

    def _send(self, message: Message, text: str, call: OcppFrame | None = None, fragments: int = 1) -> Awaitable[bool]:
        """Let a frame pass the faults of frames, then record and send it.

        Args:
            message: the decoded frame.
            text: the frame as on the wire.
            call: the CALL that it answers.
            fragments: the number of WebSocket frames.

        Returns:
            Whether the frame was sent or a fault took it; False without a connection.
        """
        if self._wire.is_faulty or self._faulty.are_held:
            return self._send_through_faults(message, text, call, fragments)
        return self._put_on_wire(message, text, call, fragments)

    async def _send_through_faults(self, message: Message, text: str, call: OcppFrame | None, fragments: int) -> bool:
        action = call.action if call is not None else message.action if isinstance(message, Call | Send) else ""
        fault = self._wire.choose("sent", action, message)
        if fault is None:
            sent = await self._put_on_wire(message, text, call, fragments)
            await self._faulty.let_go("sent")
            return sent

        async def deliver(leaving: str | bytes, changed_by: str) -> bool:
            pieces = fault.effect.count if isinstance(fault.effect, Fragments) else fragments
            if leaving is text:
                return await self._put_on_wire(message, text, call, min(pieces, max(1, len(text))), changed_by)
            altered = parse(leaving, self._judge.version)
            answers = isinstance(altered, CallResult | CallError) and altered.unique_id == message.unique_id
            return await self._put_on_wire(altered, leaving, call if answers else None, 1, changed_by)

        return await self._faulty.pass_on(fault, "sent", action, message, text, deliver, self.connection)

    async def _put_on_wire(
        self, message: Message, text: str | bytes, call: OcppFrame | None, fragments: int = 1, changed_by: str = ""
    ) -> bool:
        """Record and send a frame. `call` is the CALL that it answers. Return False without a connection."""
        connection = self.connection
        return (
            connection is not None
            and self._record_sent(message, text, call, changed_by)
            and await connection.transmit(text, fragments)
        )

    def _record_sent(self, message: Message, text: str | bytes, call: OcppFrame | None, changed_by: str = "") -> bool:
        """Record a frame before it is sent, so that its answer comes later on the timeline.

        Return False, without a record, if it cannot be sent: there is no connection, or the CSMS is silent.
        """
        if self.silent or self.connection is None:
            return False
        judge = self._judge
        action, error = call.action if call is not None else "", ""
        match message:
            case Call(action=action) | Send(action=action):
                violation = schemas.check(action, message.payload, "request", judge.version)
                error = violation.what if violation else ""
            case Malformed():
                error = message.why
            case CallResult() | CallError() if action:
                error = judge.wrong_answer(action, message)
            case CallResult() | CallError() if message.unique_id not in judge.its_calls and not _is_unreadable(call):
                error = f"answers {message.unique_id!r}, which is no open call of the charge point"
        frame = as_event(self.identity, "sent", message, text, action, error, fault=changed_by)
        frame = self._timeline.append(frame, is_new=True)
        if isinstance(message, Malformed):
            judge.sent_invalid()
        if isinstance(message, Call) or (isinstance(message, Malformed) and message.call):
            judge.our_calls[message.unique_id] = frame
        elif not isinstance(message, _NO_ANSWERS):
            judge.its_calls.pop(message.unique_id, None)
            if call is not None and isinstance(message, CallResult) and not frame.error and not call.error:
                judge.sent_result(message.unique_id, action)
                self._note_answer(call, message.payload)
                if action == "BootNotification":
                    judge.registration.answered(frame)
        return True


def _is_verdict(error: BaseException) -> bool:
    """Return whether a test's function has judged the device, by `assert` or by `pytest.fail`."""
    return isinstance(error, AssertionError) or (type(error).__name__ == "Failed" and not isinstance(error, Exception))


def _is_unreadable(answered: OcppFrame | None) -> bool:
    """Return whether an answer is to a message without a readable unique id."""
    return answered is not None and not answered.unique_id
