"""The duration of a boot."""

from __future__ import annotations

import pytest

from fixtures.measure import Measure
from rig.bench import Bench
from rig.csms import Csms
from rig.device import Device
from rig.instruments.power import Power
from rig.timeline.events import Event, OcppFrame, PowerChange


@pytest.mark.smoke
@pytest.mark.needs("real_time")
def test_power_on_to_accepted_is_quick(
    device: Device, power: Power, csms: Csms, bench: Bench, measure: Measure
) -> None:
    """A boot from the power switch to the accepted BootNotification stays within a limit."""
    limits = {"fast": 200, "realistic": 1800}  # limits for the virtual access point; a real one has no fixed duration

    def boot() -> tuple[Event, Event]:
        with device.expecting_reboot():
            power.off()
            mark = bench.mark()
            power.on()
            csms.expect("BootNotification", since=mark)
            answer = bench.timeline.expect(
                OcppFrame,
                lambda frame: frame.message_type == "CALLRESULT" and frame.action == "BootNotification",
                since=mark,
            )
        device.wait_accepted(since=mark)
        return bench.timeline.events(PowerChange, mark, lambda change: change.on)[0], answer

    if bench.description.kind == "virtual":
        measure.until_decided("power on to accepted", boot, high=limits[bench.description.network.profile])
    else:
        start, end = boot()
        measure("power on to accepted", 1000 * bench.clock.between(start.t, end.t), "ms", start=start, end=end)
