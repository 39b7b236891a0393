"""The board's supply."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from gpiozero import Factory, OutputDevice

from rig.config.description import PowerSection
from rig.config.signal import RAIL_SENSE
from rig.instruments.current import CurrentMeter
from rig.instruments.wires import DrivenWire, WatchedWire
from rig.timeline import Timeline
from rig.timeline.events import PowerChange
from rig.util.checked import checked
from rig.util.errors import BenchError


class Power:
    """Switches the board on and off, safely on real wires.

    No pin ever feeds an unpowered chip, and each input has its state before the chip starts.

    Switching off: EN goes low, so that the chip does not run while its inputs change. All other driven wires float. The
    switch opens, and the rail falls. EN floats last: earlier, the chip would boot from its capacitors.

    Switching on: EN and the wires at a low level are driven. The switch closes, and the rail rises. The wires at a high
    level are driven, EN last.

    Args:
        factory: gpiozero's pin factory of this bench.
        timeline: gets a `PowerChange` for the switch and, with a rail sense, for the rail.
        section: `[power]` of the bench description.
        en: the wire of EN; active holds the chip in reset.
        driven: every other wire that the bench drives.
        rise_s: the assumed rise time of the rail without a rail sense, in bench seconds.
        fall_s: the assumed fall time of the rail without a rail sense, in bench seconds.
        meter: the meter of the supply's current; None without a sensor.
    """

    RAIL_TIMEOUT_S = 5.0
    """The time limit, in bench seconds, for the rise and for the fall of the sensed rail."""

    def __init__(
        self,
        factory: Factory,
        timeline: Timeline,
        section: PowerSection,
        en: DrivenWire,
        driven: Sequence[DrivenWire],
        rise_s: float = 0.0,
        fall_s: float = 0.0,
        meter: CurrentMeter | None = None,
    ) -> None:
        self._timeline = timeline
        self._en = en
        self._driven = driven
        self._rise_s = rise_s
        self._fall_s = fall_s
        self._lock = threading.RLock()
        self._meter = meter
        self._on = False
        self._switch = OutputDevice(
            section.switch.pin,
            active_high=not section.switch.active_low,
            initial_value=False,
            pin_factory=factory,
        )
        timeline.append(PowerChange(source="power", on=False))
        self._rail: WatchedWire | None = None
        if section.rail_sense is not None:
            self._rail = WatchedWire(factory, timeline, RAIL_SENSE, section.rail_sense, publish=False)
            self._rail.listen(self._rail_changed)

    @property
    def current(self) -> CurrentMeter:
        """The sensor in the supply: `power.current.expect_below(60, for_s=10)`.

        Raises:
            BenchError: the bench has no sensor.
        """
        if self._meter is None:
            raise BenchError(
                "the bench has no current sensor",
                "Describe it as power.current, or mark the test with @pytest.mark.needs('power.current')",
            )
        return self._meter

    @property
    def has_current(self) -> bool:
        """Whether the bench has a current sensor."""
        return self._meter is not None

    @property
    def is_on(self) -> bool:
        """Whether the switch is closed."""
        return self._on

    @property
    def rail(self) -> bool | None:
        """Whether the rail is up; None if the bench has no rail sense."""
        return None if self._rail is None else self._rail.state

    def on(self) -> None:
        """Switch on, and wait until the rail is up. Without a rail sense, wait for `power.rise_s`.

        Raises:
            BenchError: the rail stays down; the board is switched off again.
        """
        with self._lock:
            if self._on:
                return
            self._en.hold()
            for wire in self._driven:
                if not wire.feeds:
                    wire.drive()
            self._timeline.append(PowerChange(source="power", on=True))
            self._on = True
            self._switch.on()
            try:
                self._wait_for_rail(True)
            except BenchError:
                self._cut()
                self._en.release()
                raise
            for wire in (*self._driven, self._en):
                wire.drive()
        self._timeline.clock.settle()

    def off(self) -> None:
        """Switch off, and wait until the rail is down. Without a rail sense, wait for `power.fall_s`.

        Raises:
            BenchError: the rail stays up.
        """
        with self._lock:
            was_on = self._on
            self._cut()
            if was_on or self._rail is not None:
                self._wait_for_rail(False)
            self._en.release()
        self._timeline.clock.settle()

    def _cut(self) -> None:
        if self._on:
            self._timeline.append(PowerChange(source="power", on=False))
        self._on = False
        self._en.hold()
        for wire in self._driven:
            wire.release()
        self._switch.off()

    def cycle(self) -> None:
        """Switch off and on again. The inputs keep their states."""
        self.off()
        self.on()

    @checked
    def hold_reset(self, hold: bool) -> None:
        """Hold the chip in reset by EN (True), or let it boot (False)."""
        self._en.set(hold)

    @property
    def in_reset(self) -> bool:
        """Whether EN holds the chip in reset, or will do so when the power is on."""
        return self._en.state

    def _wait_for_rail(self, up: bool) -> None:
        if self._rail is None:
            self._timeline.clock.deadline(self._rise_s if up else self._fall_s).wait_out()
            return
        if self._rail.wait(up, self.RAIL_TIMEOUT_S):
            return
        after = f"{self.RAIL_TIMEOUT_S:g} s after the switch was {'closed' if up else 'opened'}"
        raise BenchError(
            f"the board's rail is still {'down' if up else 'up'} {after}",
            "Look at the load switch, the supply's fuse and the wire of power.rail_sense"
            if up
            else "Look for a stuck load switch, and for a second supply such as the board's USB port",
        )

    def _rail_changed(self, up: bool, t_ns: int) -> None:
        self._timeline.append(PowerChange(t=t_ns, source="power", on=up, rail=True))

    def close(self) -> None:
        """Switch the board off as `off` does, and release the pins.

        Raises:
            BenchError: the rail stays up.
        """
        try:
            self.off()
        finally:
            self._en.release()
            self._switch.close()
            if self._rail is not None:
                self._rail.close()
