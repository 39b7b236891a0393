"""The device's inputs: cable, buttons, meter pulses."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Iterator, Mapping
from typing import Annotated

from rig.config.signal import Signal
from rig.instruments.wires import DrivenWire, UnknownWireError
from rig.timeline import Timeline
from rig.util.checked import Count, Limits, Seconds, checked
from rig.util.errors import AuthorError, BenchError, WaitEndedError

_SLACK_S = 60.0
"""The time, in bench seconds, by which the bench's loop may delay the end of a press."""


class PulseTrain:
    """A running pulse train, driven by the bench's thread."""

    def __init__(self, wire: DrivenWire, count: int, hz: float, timeline: Timeline) -> None:
        self._wire = wire
        self._count = count
        self._hz = hz
        self._timeline = timeline
        self._sent = 0
        self._stopping = False
        self._future: concurrent.futures.Future[None] | None = None

    @property
    def sent(self) -> int:
        """The number of pulses sent so far."""
        return self._sent

    @property
    def done(self) -> bool:
        """Whether the train has ended."""
        return self._future is not None and self._future.done()

    def start(self, loop: asyncio.AbstractEventLoop) -> PulseTrain:
        """Start it on the bench's loop."""
        self._future = asyncio.run_coroutine_threadsafe(self._run(loop), loop)
        return self

    async def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            due = loop.time()
            while self._sent < self._count and not self._stopping:
                for state in (True, False):
                    self._wire.set(state)
                    half = 0.5 / self._hz
                    # Late edges are caught up, but each half of a pulse lasts at least half of its nominal time.
                    due = max(due + half, loop.time() + half / 2)
                    await asyncio.sleep(due - loop.time())
                self._sent += 1
        finally:
            self._wire.set(False)

    @checked
    def wait(self, timeout: Seconds | None = None) -> int:
        """Wait for the end of the train. Return the number of pulses sent.

        Args:
            timeout: the timeout in bench seconds; None for twice the nominal duration plus 5 s.

        Raises:
            BenchError: the pulse train has not ended by then.
        """
        assert self._future is not None
        limit = timeout if timeout is not None else 2 * self._count / self._hz + 5
        try:
            self._timeline.clock.deadline(limit).result(self._future)
        except concurrent.futures.TimeoutError:
            raise BenchError(
                f"{self._wire.signal}: only {self._sent} of {self._count} pulses were sent within {limit:g} s",
                "The bench's computer is too busy for this rate; use a lower one",
            ) from None
        self._timeline.clock.settle()
        return self._sent

    def stop(self) -> int:
        """End the train after the current pulse. Return the number of pulses sent."""
        self._stopping = True
        return self.wait()


class Input:
    """One input of the device.

    Args:
        name: the input's name in the bench description.
        wire: the wire to drive.
        rest: the input's state at rest.
        timeline: the bench's timeline.
        loop: the bench's event loop.
    """

    def __init__(
        self, name: str, wire: DrivenWire, rest: bool, timeline: Timeline, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.name = name
        self.rest = rest
        self._wire = wire
        self._timeline = timeline
        self._loop = loop
        self._train: PulseTrain | None = None

    @property
    def signal(self) -> Signal:
        """The input's name on the timeline."""
        return self._wire.signal

    @property
    def state(self) -> bool:
        """Whether the input is on."""
        return self._wire.state

    def on(self) -> None:
        """Switch the input on: state 1 of docs/design.md#signals, such as plugged in, pressed or held."""
        self._wire.set(True)

    def off(self) -> None:
        """Switch the input off: state 0 of docs/design.md#signals."""
        self._wire.set(False)

    @checked
    def set(self, state: bool) -> None:
        """Set the input's state: True for on, False for off."""
        self._wire.set(state)

    @checked
    def press(self, seconds: Seconds = 0.1, *, rest: Seconds = 0.0) -> None:
        """Switch the input on and off again. The bench's thread controls the time.

        Args:
            seconds: the time on, in bench seconds.
            rest: the time off before this returns, in bench seconds.
        """
        press = asyncio.run_coroutine_threadsafe(self._press(seconds, rest), self._loop)
        try:
            self._timeline.clock.deadline(seconds + rest + _SLACK_S).result(press)
        except WaitEndedError:
            press.cancel()  # switches it off
            raise
        self._timeline.clock.settle()

    async def _press(self, seconds: float, rest: float) -> None:
        self._wire.set(True)
        try:
            await asyncio.sleep(seconds)
        finally:
            self._wire.set(False)
        await asyncio.sleep(rest)

    @checked
    def train(self, count: Count, hz: Annotated[float, Limits(above=0, most=1e6)]) -> PulseTrain:
        """Start a pulse train with a duty of 50 %, and return without waiting for its end.

        Args:
            count: the number of pulses.
            hz: the pulses per bench second.

        Raises:
            AuthorError: an argument is invalid, or a pulse train is running on this input.
        """
        if self._train is not None and not self._train.done:
            raise AuthorError(f"{self._wire.signal} already has a running pulse train. Wait for its end, or stop it")
        self._train = PulseTrain(self._wire, count, hz, self._timeline).start(self._loop)
        return self._train

    @property
    def at_rest(self) -> bool:
        """Whether the input is in its rest state and has no running pulse train."""
        return self._wire.state == self.rest and (self._train is None or self._train.done)

    def to_rest(self) -> None:
        """Stop a running pulse train and return the input to its rest state."""
        if self._train is not None and not self._train.done:
            self._train.stop()
        self._wire.set(self.rest)


class Inputs:
    """All inputs, by attribute (`inputs.cable`) and by name (`inputs["cable"]`)."""

    def __init__(self, inputs: Mapping[str, Input]) -> None:
        self._inputs = dict(inputs)

    def __getitem__(self, name: str) -> Input:
        try:
            return self._inputs[name]
        except KeyError:
            raise UnknownWireError("input", name, self._inputs) from None

    def __getattr__(self, name: str) -> Input:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[Input]:
        return iter(self._inputs.values())

    def at_rest(self) -> bool:
        """Return whether every input is at rest."""
        return all(item.at_rest for item in self)

    def to_rest(self) -> None:
        """Return every input to its rest state."""
        for item in self:
            item.to_rest()
