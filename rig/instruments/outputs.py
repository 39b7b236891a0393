"""The device's outputs other than LEDs: contactor and lock."""

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
        name: the output's name in the bench description.
        wire: the wire to watch.
        timeline: the bench's timeline.
    """

    def __init__(self, name: str, wire: WatchedWire, timeline: Timeline) -> None:
        self.name = name
        self._wire = wire
        self._timeline = timeline
        self._signal = str(wire.signal)

    @property
    def level(self) -> bool:
        """Whether the output is on (closed, driven)."""
        return self._wire.state

    @checked
    def expect(self, level: bool, *, since: Mark | None = None, timeout: Seconds = 5.0) -> PinEdge:
        """Wait until the output is at a level.

        Args:
            level: True for on (closed, driven).
            since: None accepts the current level. With a mark, wait for the first edge to the level after the mark and
                consume that edge, even if the level has changed again.
            timeout: the timeout in bench seconds.

        Returns:
            The edge to that level, with its stamp.

        Raises:
            ExpectationError: the output did not reach the level in time.
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
        """Check that the output is at a level and stays there for `within` bench seconds.

        Raises:
            ExpectationError: the output is at the other level, or changes.
        """
        since = self._timeline.mark()  # before the check: the level may change right after
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
            miss = f"{state}, and has been for {seconds:.3f} s: its last change was before the searched time"
        else:
            miss = f"{state}, and has never changed"
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
