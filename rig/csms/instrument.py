"""The fake CSMS in a test's hands: expect, call, answer otherwise, misbehave."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from typing import Any, TypeVar

import orjson
from websockets.exceptions import ConnectionClosed

from rig.csms import schemas
from rig.csms.bad_handshake import BadHandshake
from rig.csms.behaviour import Behaviour
from rig.csms.connection import Connection, Mute
from rig.csms.exchange import exchange
from rig.csms.expectation import Expectation, Where, assign, must_be_call_of_charge_point
from rig.csms.matching import Difference
from rig.csms.messages import Request
from rig.csms.server import CsmsServer, url_of
from rig.csms.session import Answer, ChargePoint, Replacement, Reply
from rig.csms.state import State
from rig.csms.transactions import Transaction, read_transactions
from rig.errors import BenchError, ExpectationError
from rig.events import Event, LinkChange, OcppFrame
from rig.log_tail import whole_log
from rig.loop import run_on
from rig.timeline import Mark, Timeline

T = TypeVar("T")


class CallErrorReceived(ExpectationError):  # noqa: N818 - named after the frame CALLERROR
    """The charge point answered a call with a CALLERROR.

    Attributes:
        action: what was called.
        code: e.g. `NotSupported` (OCPP-J 1.6 section 4.2.3).
        description: its words.
        details: its details.
    """

    def __init__(self, action: str, code: str, description: str, details: Any) -> None:
        self.action = action
        self.code = code
        self.description = description
        self.details = details
        said = " ".join(str(part) for part in (description, details) if part)
        super().__init__(f"{action} was answered with CALLERROR {code}{f': {said}' if said else ''}")


class Held:
    """Calls of one action whose answers a test holds back. Comes from `Csms.hold`."""

    def __init__(self, csms: Csms, point: ChargePoint, action: str) -> None:
        self._csms = csms
        self._point = point
        self._action = action
        self._expected = Expectation(point.identity, action)
        self._since = csms.timeline.mark()
        self._returned: set[int] = set()

    def wait(self, timeout: float = 10.0) -> OcppFrame:
        """The next call that is held: already there, or still to come. `Csms.expect` may match it as well.

        Args:
            timeout: bench seconds.

        Raises:
            ExpectationError: none came.
        """
        frame = self._csms.timeline.expect(
            OcppFrame,
            lambda frame: self._expected.matches(frame) and frame.id not in self._returned,
            since=self._since,
            timeout=timeout,
            what=f"{self._action} of {self._point.identity}, to hold its answer back",
            consume=False,
            explain=lambda _: self._csms.exchange(self._point.identity, self._since),
        )
        self._returned.add(frame.id)
        return frame

    def release(self, answer: Reply | None = None) -> int:
        """Answer all calls that are held now, and go on holding.

        Args:
            answer: the answer; None: the one they would have got. A charge point that has reconnected meanwhile
                gets it on its new connection.

        Returns:
            How many answers went out: fewer where the charge point is not connected.
        """
        return self._csms.on_loop(self._release(answer), f"release {self._action}")

    async def _release(self, answer: Reply | None) -> int:
        frames = self._point.held.get(self._action, [])
        held, frames[:] = list(frames), []
        return sum([await self._point.answer(frame, answer) for frame in held])


class Csms:
    """A fake CSMS for OCPP 1.6J on the bench's loop: a normal one, unless a test tells it otherwise.

    All methods may be called from any thread but the loop's, block at most for their time limit, and take
    `charge_point=None` for the bench's own charge point. Time limits are in bench seconds.

    Args:
        timeline: the bench's timeline; every frame in and out stands there as `OcppFrame`, judged against the schemas.
        loop: the bench's event loop, running in its own thread.
        host: the address to listen on.
        port: 0 takes a free one. It stays the same over the instrument's life.
        identity: the bench's own charge point; empty: the first that connects.
        heartbeat_interval_s: the interval of BootNotification.conf, in seconds.

    Attributes:
        behaviour: what a normal answer is: `registration`, `tags`, `unlisted_tag`, `heartbeat_interval_s`.

    Raises:
        BenchError: the port is taken.
    """

    def __init__(
        self,
        timeline: Timeline,
        loop: asyncio.AbstractEventLoop,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        identity: str = "",
        heartbeat_interval_s: int = 300,
    ) -> None:
        self.timeline = timeline
        self.behaviour = Behaviour(timeline.clock, heartbeat_interval_s)
        self._loop = loop
        self._identity = identity
        self._calling = threading.Lock()
        self._server = CsmsServer(timeline, self.behaviour, host, port)

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Listen. Does nothing where it does already.

        Raises:
            BenchError: somebody else listens on the port.
        """
        self.on_loop(self._server.start(), "start the CSMS")

    def stop(self, code: int | None = None, reason: str = "") -> None:
        """Be gone: connections end and new ones are refused, until `start`.

        Args:
            code: say goodbye with this close code (RFC 6455 section 7.4), e.g. 1012 for a restart; None: reset the
                connections, as a crash would.
            reason: the close reason.
        """
        self.on_loop(self._server.stop(code, reason), "stop the CSMS")

    def shut_down(self) -> None:
        """Stop for good and give the port back."""
        self.on_loop(self._server.close(), "shut down the CSMS")

    def reset(self) -> None:
        """A normal CSMS again, whatever a test did: listens, speaks, no answers replaced or held."""

        async def back_to_normal() -> None:
            await self._server.reset()
            await self._server.start()

        self.on_loop(back_to_normal(), "reset the CSMS")

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        return self._server.port

    def url(self, identity: str = "") -> str:
        """The URL at which a charge point reaches it directly, without the bench's proxy."""
        return url_of(self._server.host, self.port, identity or self._who(None))

    # -- connections --------------------------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        """Is the bench's charge point connected?"""
        return self.is_connected()

    def is_connected(self, charge_point: str | None = None) -> bool:
        """Is a charge point connected?"""
        if charge_point is None and not self._identity and not self._server.charge_points:
            return False
        return self._point(charge_point).connection is not None

    @property
    def charge_points(self) -> tuple[str, ...]:
        """The identities it knows."""
        return self._server.charge_points

    def expect_connected(
        self, timeout: float = 10.0, *, since: Mark | None = None, charge_point: str | None = None
    ) -> LinkChange:
        """A charge point opens its WebSocket connection (since the mark, or within the time limit)."""
        return self._expect_link(True, timeout, since, charge_point)

    def expect_disconnected(
        self, timeout: float = 10.0, *, since: Mark | None = None, charge_point: str | None = None
    ) -> LinkChange:
        """A charge point's connection closes (since the mark, or within the time limit)."""
        return self._expect_link(False, timeout, since, charge_point)

    def close(self, code: int = 1000, reason: str = "", *, charge_point: str | None = None) -> None:
        """Close the charge point's connection with a close code (RFC 6455 section 7.4); it may come back at once.

        Raises:
            ExpectationError: it is not connected.
        """
        self.on_loop(
            self._connection(charge_point, "close the connection of").close(code, reason), f"close with {code}"
        )

    # -- expectations -------------------------------------------------------------------------------------------

    def expect(
        self,
        call: str | Request,
        where: Where | None = None,
        *,
        timeout: float = 10.0,
        since: Mark | None = None,
        charge_point: str | None = None,
        **fields: Any,
    ) -> OcppFrame:
        """The next valid CALL that nobody has matched yet: already there, or still to come.

        Args:
            call: an action, e.g. `StatusNotification`, or a typed request of `rig.csms.messages`.
            where: what else must hold for the frame.
            timeout: bench seconds.
            since: only what came after this mark; None: since the test's start.
            charge_point: whose.
            fields: what must stand in the payload (see `rig.csms.matching.differences`): nested objects as subsets,
                callables as predicates.

        Returns:
            The frame; its `payload` is the decoded JSON.

        Raises:
            ExpectationError: it did not come in time. The message names the nearest miss and shows the exchange.
            ValueError: OCPP 1.6 knows no such call of a charge point.
        """
        expected = Expectation.of(self._who(charge_point), call, fields, where)
        return self._expect(expected, since or self.timeline.default_mark, timeout)

    def expect_status(
        self,
        status: str,
        connector: int = 1,
        *,
        timeout: float = 10.0,
        since: Mark | None = None,
        charge_point: str | None = None,
        **fields: Any,
    ) -> OcppFrame:
        """The next StatusNotification of a connector with that status; see `expect`."""
        return self.expect(
            "StatusNotification",
            timeout=timeout,
            since=since,
            charge_point=charge_point,
            connectorId=connector,
            status=status,
            **fields,
        )

    def expect_all(
        self,
        *calls: str | Request,
        timeout: float = 10.0,
        in_order: bool = False,
        since: Mark | None = None,
        charge_point: str | None = None,
    ) -> list[OcppFrame]:
        """All of these CALLs come, each matched by a frame of its own.

        Args:
            calls: actions, or typed requests of `rig.csms.messages`.
            timeout: bench seconds for all together.
            in_order: True: one after the other, with anything else between them; False: in any order.
            since: only what came after this mark; None: since the test's start.
            charge_point: whose.

        Returns:
            The frames, in the order of `calls`.

        Raises:
            ExpectationError: some did not come in time; the message says which came, and the nearest miss.
            ValueError: OCPP 1.6 knows no such call of a charge point.
        """
        who = self._who(charge_point)
        wanted = [Expectation.of(who, call, {}) for call in calls]
        since = since or self.timeline.default_mark
        began = self.timeline.clock.now()

        def left() -> float:
            return max(0.0, timeout - self.timeline.clock.between(began, self.timeline.clock.now()))

        if not in_order:
            return self._expect_in_any_order(wanted, since, timeout, left)
        found: list[OcppFrame] = []
        for expected in wanted:
            after = Mark(found[-1].id + 1) if found else since
            behind = f"{len(found) + 1} of {len(wanted)} in order"
            found.append(self._expect(expected, after, left(), f" ({behind}, {timeout:g} s for all)", shown=since))
        return found

    def expect_once(
        self,
        call: str | Request,
        where: Where | None = None,
        *,
        within: float,
        since: Mark | None = None,
        charge_point: str | None = None,
        **fields: Any,
    ) -> OcppFrame:
        """Exactly one such CALL, there already or within `within` bench seconds; no second one in all that time.

        Raises:
            ExpectationError: none came, or a second one; the message shows them in the exchange.
        """
        expected = Expectation.of(self._who(charge_point), call, fields, where)
        since = since or self.timeline.default_mark
        began = self.timeline.clock.now()
        first = self._expect(expected, since, within)
        left = within - self.timeline.clock.between(began, self.timeline.clock.now())
        second = self._see(expected, since, max(0.0, left))
        if second is not None:
            shown = self.exchange(expected.charge_point, since, (first.id, second.id))
            raise ExpectationError(f"expected exactly once, but it came again: {expected}\n{shown}")
        return first

    def expect_none(
        self,
        call: str | Request,
        where: Where | None = None,
        *,
        within: float,
        since: Mark | None = None,
        charge_point: str | None = None,
        **fields: Any,
    ) -> None:
        """Make sure that no such CALL comes within `within` bench seconds, nor stands unmatched since the mark.

        Raises:
            ExpectationError: it came; the message shows it in the exchange.
        """
        expected = Expectation.of(self._who(charge_point), call, fields, where)
        since = since or self.timeline.default_mark
        found = self._see(expected, since, within)
        if found is not None:
            shown = self.exchange(expected.charge_point, since, (found.id,))
            raise ExpectationError(f"forbidden, but it came: {expected}\n{shown}")

    def expect_violation(
        self,
        error: str = "",
        *,
        timeout: float = 10.0,
        since: Mark | None = None,
        charge_point: str | None = None,
    ) -> OcppFrame:
        """A frame of the charge point that breaks OCPP 1.6. A device test whose device breaks it unexpected fails.

        Args:
            error: what must stand in the frame's `error`; empty: anything.
            timeout: bench seconds.
            since: only what came after this mark; None: since the test's start.
            charge_point: whose.
        """
        who = self._who(charge_point)
        since = since or self.timeline.default_mark
        return self.timeline.expect(
            OcppFrame,
            lambda frame: _is_violation(frame, who) and error in frame.error,
            since=since,
            timeout=timeout,
            what=f"a frame of {who} that breaks OCPP 1.6{f' ({error})' if error else ''}",
            explain=lambda _: self.exchange(who, since),
        )

    def violations(
        self, since: Mark | None = None, charge_point: str | None = None, *, unexpected: bool = False
    ) -> list[OcppFrame]:
        """Frames of the charge point that break OCPP 1.6, since the mark (None: the test's start); `error` says how.

        Args:
            since: only what came after this mark.
            charge_point: whose.
            unexpected: leave out those that `expect_violation` has matched.
        """
        who = self._who(charge_point)
        return self.timeline.events(
            OcppFrame,
            since or self.timeline.default_mark,
            lambda frame: _is_violation(frame, who),
            unmatched=unexpected,
        )

    @property
    def state(self) -> State:
        """What it knows of the bench's charge point: boot, connectors, configuration, transactions, open calls."""
        return self.state_of()

    def state_of(self, charge_point: str | None = None) -> State:
        """What it knows of a charge point now. It outlives tests: nothing is forgotten by `reset`."""
        point = self._point(charge_point)

        async def look() -> State:
            return point.snapshot()

        return self.on_loop(look(), f"tell what it knows of {point.identity}")

    @property
    def transactions(self) -> list[Transaction]:
        """The transactions of the bench's charge point since the test's start."""
        return self.transactions_of()

    def transactions_of(self, charge_point: str | None = None, since: Mark | None = None) -> list[Transaction]:
        """The transactions of a charge point, read off the frames since the mark (None: the test's start)."""
        who = self._who(charge_point)
        frames = self.timeline.events(OcppFrame, since or self.timeline.default_mark, lambda f: f.charge_point == who)
        return read_transactions(frames)

    def exchange(
        self,
        charge_point: str | None = None,
        since: Mark | None = None,
        marked: tuple[int, ...] = (),
        difference: Difference | None = None,
    ) -> str:
        """The last frames and link changes as readable lines, since the mark (None: the test's start).

        Args:
            charge_point: whose.
            since: only what came after this mark.
            marked: ids of events to point at.
            difference: where in the marked frame's payload to point.
        """
        who = self._who(charge_point)
        since = since or self.timeline.default_mark

        def concerns(event: Event) -> bool:
            return isinstance(event, OcppFrame | LinkChange) and event.charge_point == who

        events = self.timeline.events(Event, since, concerns)
        every = [event for event in events if isinstance(event, OcppFrame | LinkChange)]
        shown = exchange(every, every[0].t if every else 0, marked, difference)
        return "\n".join([shown, *(whole_log(self.timeline, "ocpp") if every else ())])

    # -- calling the charge point ----------------------------------------------------------------------------------

    def call(
        self,
        request: str | Request,
        payload: Mapping[str, Any] | None = None,
        *,
        timeout: float = 10.0,
        check: bool = True,
        charge_point: str | None = None,
    ) -> dict[str, Any]:
        """Call the charge point and wait for its answer. One call at a time is open (OCPP-J 1.6 section 4.1.1).

        Args:
            request: an action, e.g. `RemoteStartTransaction`, or a typed request of `rig.csms.messages`.
            payload: the payload to an action; None: an empty object.
            timeout: bench seconds.
            check: False sends what breaks the schema as well.
            charge_point: which one.

        Returns:
            The payload of its CALLRESULT.

        Raises:
            CallErrorReceived: it answered with a CALLERROR.
            ExpectationError: it did not answer in time, wrongly, is not connected or went away.
            ValueError: the request is no JSON, or breaks its schema, and `check` is set.
        """
        action, fields = (request.action, request.fields) if isinstance(request, Request) else (request, {})
        content = {**fields, **(payload or {})}
        _must_be_json(action, content)
        if check:
            _must_be_valid(action, content, "request")
        point = self._point(charge_point)
        with self._calling:
            since = self.timeline.mark()
            unique_id = self.on_loop(point.call(action, content), f"call {action}")
            found = self.timeline.expect(
                Event,
                lambda event: _ends_call(event, point.identity, unique_id),
                since=since,
                timeout=timeout,
                what=f"the answer of {point.identity} to {action} {content}",
                consume=False,
                explain=lambda _: self.exchange(point.identity, since),
            )
        if not isinstance(found, OcppFrame):
            raise ExpectationError(
                f"{point.identity} went away before it answered {action}\n{self.exchange(point.identity, since)}"
            )
        if found.error:
            raise ExpectationError(f"{point.identity} answered {action} wrongly: {found.error}\n{found.raw}")
        answer: dict[str, Any] = found.payload
        if found.message_type == "CALLERROR":
            raise CallErrorReceived(action, answer["code"], answer["description"], answer["details"])
        return answer

    def send_raw(self, text: str, *, fragments: int = 1, charge_point: str | None = None) -> None:
        """Send any text to the charge point, right or wrong.

        Args:
            text: the message.
            fragments: in how many WebSocket frames it goes out (RFC 6455 section 5.4), with a ping between each two.
            charge_point: to which one.

        Raises:
            ExpectationError: it is not connected.
            ValueError: the text has fewer characters than there are to be fragments.
        """
        if not 1 <= fragments <= max(1, len(text)):
            raise ValueError(
                f"a text of {len(text)} characters has 1 to {max(1, len(text))} fragments, not {fragments}"
            )
        self.on_loop(self._point(charge_point).send_raw(text, fragments), "send a raw frame")

    def send_binary(self, data: bytes, *, charge_point: str | None = None) -> None:
        """Send a binary message, which OCPP-J has no use for.

        Raises:
            ExpectationError: the charge point is not connected.
        """
        self.on_loop(self._connection(charge_point, "send a binary message to").send(data), "send a binary message")

    def ping(self, payload: bytes = b"", *, timeout: float = 10.0, charge_point: str | None = None) -> None:
        """Send a WebSocket ping and wait for its pong (RFC 6455 section 5.5.2).

        Args:
            payload: at most 125 bytes.
            timeout: bench seconds.
            charge_point: to which one.

        Raises:
            ExpectationError: no pong came in time, or the connection ended first.
        """
        connection = self._connection(charge_point, "ping")
        limit = self.timeline.clock.real(timeout)

        async def ping_and_wait() -> str:
            try:
                await asyncio.wait_for(await connection.ping(payload), limit)
            except ConnectionClosed as closed:
                return f"the connection ended: {closed}"
            except TimeoutError:
                return "none came"
            return ""

        problem = run_on(self._loop, ping_and_wait(), "CSMS: ping", limit + 10)
        if problem:
            who = self._who(charge_point)
            raise ExpectationError(f"expected within {timeout:g} s: a pong of {who}\n{problem}\n{self.exchange(who)}")

    def pong(self, payload: bytes = b"", *, charge_point: str | None = None) -> None:
        """Send a WebSocket pong that nobody asked for (RFC 6455 section 5.5.3).

        Raises:
            ExpectationError: the charge point is not connected.
        """
        self.on_loop(self._connection(charge_point, "send a pong to").pong(payload), "send a pong")

    # -- other answers, and bad behaviour -----------------------------------------------------------------------

    def answer(
        self,
        action: str,
        answer: Answer,
        times: int | None = None,
        *,
        check: bool = True,
        charge_point: str | None = None,
    ) -> Replacement:
        """Answer an action otherwise from now on.

        Args:
            action: a call of the charge point, e.g. `Authorize`.
            answer: a payload; a `CallError`; or a function that gets the request's payload and returns one of them.
                It runs on the bench's loop and must not block.
            times: how many calls get this answer; None: all until the returned replacement is undone.
            check: False lets a payload pass that breaks the schema.
            charge_point: whose calls.

        Returns:
            The replacement: `undo()` it, or use it as a context.

        Raises:
            ValueError: the payload is no JSON, or breaks its schema, and `check` is set; or `times` is below 1.
        """
        must_be_call_of_charge_point(action)
        if times is not None and times < 1:
            raise ValueError(f"an answer is given at least once, not {times} times")
        if isinstance(answer, Mapping):
            answer = dict(answer)
            _must_be_json(action, answer)
            if check:
                _must_be_valid(action, answer, "response")
        point = self._point(charge_point)

        async def replace_it() -> Replacement:
            return point.replace_answer(action, answer, times)

        return self.on_loop(replace_it(), f"replace the answer to {action}")

    @contextlib.contextmanager
    def hold(self, action: str, *, charge_point: str | None = None) -> Iterator[Held]:
        """Hold back the answers to an action within the block; what is held at its end is answered then.

        Args:
            action: a call of the charge point, e.g. `StartTransaction`.
            charge_point: whose calls.
        """
        must_be_call_of_charge_point(action)
        point = self._point(charge_point)
        if action in point.held:
            raise ValueError(f"answers to {action} are held back already")
        held = Held(self, point, action)

        async def begin() -> None:
            point.held[action] = []

        async def end() -> None:
            frames = point.held.pop(action, [])
            for frame in frames:
                await point.answer(frame)

        self.on_loop(begin(), f"hold {action}")
        try:
            yield held
        finally:
            self.on_loop(end(), f"release {action}")

    @contextlib.contextmanager
    def silence(self) -> Iterator[None]:
        """Within the block it reads, but nothing leaves it: no answer, no pong, no close, no opening handshake."""
        with self._muted("all"):
            yield

    @contextlib.contextmanager
    def no_pong(self) -> Iterator[None]:
        """Within the block it answers everything but pings."""
        with self._muted("pong"):
            yield

    @contextlib.contextmanager
    def refuse(self, status: int = 503) -> Iterator[None]:
        """Within the block opening handshakes are refused with an HTTP status (400 to 599); open connections stay."""
        if not 400 <= status <= 599:
            raise ValueError(f"a refusal has an HTTP status from 400 to 599, not {status}")
        self._server.refuse_with = status
        try:
            yield
        finally:
            self._server.refuse_with = None

    @contextlib.contextmanager
    def misanswer(self, kind: BadHandshake) -> Iterator[None]:
        """Within the block opening handshakes are answered badly; open connections stay."""
        self._server.bad_handshake = kind
        try:
            yield
        finally:
            self._server.bad_handshake = None

    @contextlib.contextmanager
    def _muted(self, mute: Mute) -> Iterator[None]:
        before = self.on_loop(self._server.mute(mute), "fall silent")
        try:
            yield
        finally:
            self.on_loop(self._server.mute(before), "speak again")

    # -- inside -------------------------------------------------------------------------------------------------

    def on_loop(self, work: Coroutine[Any, Any, T], what: str) -> T:
        """Run a coroutine on the bench's loop and wait for it."""
        return run_on(self._loop, work, f"CSMS: {what}")

    def _who(self, charge_point: str | None) -> str:
        if charge_point or self._identity:
            return charge_point or self._identity
        known = self._server.charge_points
        if not known:
            raise BenchError("CSMS: no charge point has connected yet", "Name one: charge_point=...")
        return known[0]

    def _point(self, charge_point: str | None) -> ChargePoint:
        return self._server.charge_point(self._who(charge_point))

    def _connection(self, charge_point: str | None, what: str) -> Connection:
        connection = self._point(charge_point).connection
        if connection is None:
            raise ExpectationError(f"cannot {what} {self._who(charge_point)}: it is not connected")
        return connection

    def _expect(
        self, expected: Expectation, since: Mark, timeout: float, which: str = "", shown: Mark | None = None
    ) -> OcppFrame:
        return self.timeline.expect(
            OcppFrame,
            expected.matches,
            since=since,
            timeout=timeout,
            what=f"{expected}{which}",
            explain=lambda misses: self._explain(misses, expected, shown or since),
        )

    def _see(self, expected: Expectation, since: Mark, within: float) -> OcppFrame | None:
        """Such a CALL that nobody has matched, without taking it; None where none comes."""
        try:
            return self.timeline.expect(
                OcppFrame, expected.matches, since=since, timeout=within, consume=False, patient=False
            )
        except ExpectationError:
            return None

    def _expect_in_any_order(
        self, wanted: list[Expectation], since: Mark, timeout: float, left: Callable[[], float]
    ) -> list[OcppFrame]:
        frames: list[OcppFrame] = []
        found: dict[int, OcppFrame] = {}

        def is_new(frame: OcppFrame) -> bool:
            return all(frame.id != other.id for other in frames) and any(expected.matches(frame) for expected in wanted)

        def explain(misses: list[OcppFrame]) -> str:
            lines = [f"  {'came' if number in found else 'missing'}: {each}" for number, each in enumerate(wanted)]
            missing = next(each for number, each in enumerate(wanted) if number not in found)
            taken = {frame.id for frame in found.values()}
            others = [frame for frame in (*frames, *misses) if frame.id not in taken]
            return "\n".join((*lines, self._explain(others, missing, since)))

        while len(found) < len(wanted):
            what = f"all of these, in any order ({timeout:g} s for all)"
            frames.append(
                self.timeline.expect(
                    OcppFrame, is_new, since=since, timeout=left(), what=what, consume=False, explain=explain
                )
            )
            found = assign(wanted, frames)
        taken = {frame.id for frame in found.values()}
        for _ in taken:  # nobody else's from here on
            self.timeline.expect(OcppFrame, lambda frame: frame.id in taken, since=since, timeout=0)
        return [found[number] for number in range(len(wanted))]

    def _explain(self, misses: list[OcppFrame], expected: Expectation, since: Mark) -> str:
        nearest = expected.nearest(misses)
        if nearest is None:
            what = f"no {expected.action} came that was not matched before"
            return f"{what}\n{self.exchange(expected.charge_point, since)}"
        marked = (nearest.frame.id,)
        return f"{nearest}\n{self.exchange(expected.charge_point, since, marked, nearest.difference)}"

    def _expect_link(self, connected: bool, timeout: float, since: Mark | None, charge_point: str | None) -> LinkChange:
        who = self._who(charge_point)
        since = since or self.timeline.default_mark
        return self.timeline.expect(
            LinkChange,
            lambda change: change.charge_point == who and change.connected is connected,
            since=since,
            timeout=timeout,
            what=f"{who} {'connects' if connected else 'disconnects'}",
            explain=lambda _: self.exchange(who, since),
        )


def _is_violation(frame: OcppFrame, who: str) -> bool:
    return frame.charge_point == who and frame.direction == "received" and frame.error != ""


def _ends_call(event: Event, who: str, unique_id: str) -> bool:
    if isinstance(event, LinkChange):
        return event.charge_point == who and not event.connected
    return (
        isinstance(event, OcppFrame)
        and event.charge_point == who
        and event.direction == "received"
        and event.unique_id == unique_id
        and event.message_type in ("CALLRESULT", "CALLERROR")
    )


def _must_be_json(action: str, payload: Mapping[str, Any]) -> None:
    try:
        orjson.dumps(payload)
    except TypeError as error:
        raise ValueError(
            f"what is to be sent for {action} is no JSON: {error} (predicates and patterns only fit expectations)"
        ) from None


def _must_be_valid(action: str, payload: Mapping[str, Any], kind: schemas.Kind) -> None:
    violation = schemas.check(action, payload, kind)
    if violation is not None:
        raise ValueError(f"the {kind} to send for {action} breaks its schema: {violation.what} (check=False sends it)")
