"""The device's outputs that are no LEDs: contactor, lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rig.instruments.wires import UnknownWireError, WatchedWire
from rig.timeline import Mark, Timeline
from rig.timeline.events import PinEdge
from rig.timeline.log_tail import console_tail
from rig.util.checked import Seconds, checked


class Output:
    """One watched output.

    Args:
        name: its name in the bench description.
        wire: the wire that we watch.
        timeline: the bench's.
    """

    def __init__(self, name: str, wire: WatchedWire, timeline: Timeline) -> None:
        self.name = name
        self._wire = wire
        self._timeline = timeline
        self._signal = str(wire.signal)

    @property
    def level(self) -> bool:
        """Whether it is on (closed, driven)."""
        return self._wire.state

    @checked
    def expect(self, level: bool, *, since: Mark | None = None, timeout: Seconds = 5.0) -> PinEdge:
        """Wait until it is at that level.

        Args:
            level: True for on (closed, driven).
            since: None: it may be there already. A mark: the first edge to that level after the mark is waited for,
                whatever happened later, and consumed.
            timeout: in bench seconds.

        Returns:
            The edge to that level, with its stamp.

        Raises:
            ExpectationError: it did not get there in time.
        """
        what = f"{self._signal} {'on' if level else 'off'}"
        if since is not None:
            return self._timeline.expect(
                PinEdge,
                lambda e: self._mine(e) and e.level == level,
                since=since,
                timeout=timeout,
                what=what,
                explain=lambda _: self._explain(since),
                lane=self._signal,
            )
        mark = self._timeline.mark()
        last = self._timeline.last(PinEdge, self._mine)
        if last is not None and last.level == level:
            return last
        return self._timeline.expect(
            PinEdge,
            lambda e: self._mine(e) and e.level == level,
            since=mark,
            timeout=timeout,
            what=what,
            consume=False,
            explain=lambda _: self._explain(mark),
            lane=self._signal,
        )

    @checked
    def expect_steady(self, level: bool, *, within: Seconds) -> None:
        """Make sure that it stays at that level for `within` bench seconds.

        Raises:
            ExpectationError: it is not there, or leaves.
        """
        since = self._timeline.mark()  # before the look: it may leave right after that
        self.expect(level, timeout=0)
        self._timeline.expect_none(
            PinEdge,
            lambda e: self._mine(e) and e.level != level,
            since=since,
            within=within,
            what=f"{self._signal} {'off' if level else 'on'}",
        )

    def _explain(self, since: Mark) -> str:
        before = [edge for edge in self._timeline.events(PinEdge, where=self._mine) if edge.id < since.after]
        meanwhile = len(self._timeline.events(PinEdge, since, self._mine))
        state = f"it is {'on' if self.level else 'off'}"
        if meanwhile:
            miss = f"{state}, and has changed {meanwhile} times since then"
        elif before:
            seconds = (self._timeline.clock.now() - before[-1].t) / 1e9
            miss = f"{state}, and has been for {seconds:.3f} s: its last change came before the time that was looked at"
        else:
            miss = f"{state}, and never was anything else"
        return f"nearest miss: {miss}\n{console_tail(self._timeline)}"

    def _mine(self, edge: PinEdge) -> bool:
        return edge.signal == self._signal


class Outputs:
    """All outputs, by attribute (`outputs.contactor`) and by name (`outputs["contactor"]`)."""

    def __init__(self, outputs: Mapping[str, Output]) -> None:
        self._outputs = dict(outputs)

    def __getitem__(self, name: str) -> Output:
        try:
            return self._outputs[name]
        except KeyError:
            raise UnknownWireError("output", name, self._outputs) from None

    def __getattr__(self, name: str) -> Output:
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[Output]:
        return iter(self._outputs.values())
