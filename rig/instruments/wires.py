"""One wire of the bench, driven or watched."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable

from gpiozero import Factory, InputDevice, OutputDevice, PinFixedPull

from rig.config.description import Wire
from rig.config.signal import Signal
from rig.timeline import Timeline
from rig.timeline.events import PinEdge
from rig.util.arguments import did_you_mean
from rig.util.errors import AuthorError
from rig.wiring.pins import watch_edges

EdgeListener = Callable[[bool, int], None]


class DrivenWire:
    """A wire into the device. It floats until `drive` and after `release`, but keeps its state.

    A high level feeds an unpowered chip, a low level does not. If `feeds`, power must be on before the wire is driven.

    Args:
        factory: gpiozero's pin factory of this bench.
        timeline: gets a `PinEdge` for every change.
        signal: the name of the wire.
        wire: the description of the wire.
        state: the initial state of the wire.
    """

    def __init__(self, factory: Factory, timeline: Timeline, signal: Signal, wire: Wire, state: bool = False) -> None:
        self.signal = signal
        self._timeline = timeline
        self._active_low = wire.active_low
        self._state = state
        self._driving = False
        self._lock = threading.Lock()
        # gpiozero first drives the low level, which feeds nothing into the chip.
        self.device = OutputDevice(
            wire.pin, active_high=not wire.active_low, initial_value=wire.active_low, pin_factory=factory
        )
        self._float()
        timeline.append(PinEdge(source="pins", signal=str(signal), level=state, driven=True))

    @property
    def state(self) -> bool:
        """Its state; the wire has it while the board is powered."""
        return self._state

    @property
    def feeds(self) -> bool:
        """Whether driving it now puts a voltage on the board."""
        return self._state != self._active_low

    def set(self, state: bool) -> None:
        """Change the state. If the board is off, the wire changes when the power is switched on."""
        with self._lock:
            if state == self._state:
                return
            self._state = state
            before = self._timeline.clock.now()
            if self._timeline.clock.steps:
                # All stamps are the same: publish the edge before the device reacts.
                self._publish(state, before, 0)
            if self._driving:
                self.device.value = state
            after = self._timeline.clock.now()
        if not self._timeline.clock.steps:
            self._publish(state, before, after - before)
        self._timeline.clock.settle()

    def _publish(self, level: bool, t: int, uncertainty: int) -> None:
        self._timeline.append(
            PinEdge(t=t, uncertainty=uncertainty, source="pins", signal=str(self.signal), level=level, driven=True)
        )

    def drive(self) -> None:
        """Drive the wire with its state."""
        with self._lock:
            if not self._driving:
                self.device.pin.output_with_state(self.feeds)
                self._driving = True

    def hold(self) -> None:
        """Drive the wire with its active level, regardless of its state, until `drive` or `release`.

        Use it only for a wire whose active level pulls a line of the chip low and so does not feed the chip. The Pi's
        level is low, or high if a transistor in between inverts it.
        """
        with self._lock:
            self._driving = False
            self.device.pin.output_with_state(not self._active_low)

    def release(self) -> None:
        """Let the wire float."""
        with self._lock:
            self._float()

    def _float(self) -> None:
        self._driving = False
        self.device.pin.function = "input"
        # Two pins of the Pi have a fixed pull-up resistor and cannot float.
        with contextlib.suppress(PinFixedPull):
            self.device.pin.pull = "floating"

    def close(self) -> None:
        """Let the wire float and release the pin."""
        self.release()
        self.device.close()


class WatchedWire:
    """A wire out of the device.

    Args:
        factory: gpiozero's pin factory of this bench.
        timeline: gets a `PinEdge` for every change, and one for the initial state.
        signal: the name of the wire.
        wire: the description of the wire.
        publish: False if a listener publishes a more specific event than `PinEdge`.
    """

    def __init__(
        self, factory: Factory, timeline: Timeline, signal: Signal, wire: Wire, *, publish: bool = True
    ) -> None:
        self.signal = signal
        self._timeline = timeline
        self._active_low = wire.active_low
        self._publish = publish
        self._listeners: tuple[EdgeListener, ...] = ()
        self._changed = timeline.clock.condition()
        self.device = InputDevice(wire.pin, pull_up=wire.active_low, pin_factory=factory)
        with self._changed:  # a new edge waits until the initial state is stored
            self._stop_watching = watch_edges(self.device.pin, self._edge)
            self._state = bool(self.device.value)
            self._since = timeline.clock.now()
            if publish:
                self._report(self._state, self._since)

    @property
    def state(self) -> bool:
        """Its state after the latest edge."""
        return self._state

    def listen(self, listener: EdgeListener) -> tuple[bool, int]:
        """Call `listener(state, stamp in ns)` on every edge from now on, in the thread that detects it.

        Returns:
            The state before the first reported edge, and its stamp.
        """
        with self._changed:
            self._listeners = (*self._listeners, listener)
            return self._state, self._since

    def _edge(self, level: bool, t_ns: int) -> None:
        state = level != self._active_low
        with self._changed:
            if state == self._state:
                return
            self._state = state
            self._since = t_ns
            listeners = self._listeners
            self._changed.notify_all()
        if self._publish:
            self._report(state, t_ns)
        for listener in listeners:
            listener(state, t_ns)

    def _report(self, state: bool, t_ns: int) -> None:
        self._timeline.append(PinEdge(t=t_ns, source="pins", signal=str(self.signal), level=state, driven=False))

    def wait(self, state: bool, timeout: float) -> bool:
        """Wait for a state, for at most `timeout` bench seconds. Returns whether the wire is in it."""
        deadline = self._timeline.clock.deadline(timeout)
        with self._changed:
            while self._state != state and not deadline.passed:
                deadline.wait(self._changed)
            return self._state == state

    def close(self) -> None:
        """Stop watching and release the pin."""
        self._stop_watching()
        self.device.close()


class UnknownWireError(AuthorError, AttributeError):
    """The bench does not have a requested wire.

    Attributes:
        meant: the wire with a similar name; empty if there is none.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        self.meant = did_you_mean(name, names)
        nearest = f"Did you mean {self.meant!r}? " if self.meant else ""
        super().__init__(f"this bench has no {kind} named {name!r}. {nearest}It has: {', '.join(names) or 'none'}")
