"""How long a boot takes."""

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
    """From the power switch to the accepted BootNotification: the time a driver would wait."""
    limits = {"fast": 200, "realistic": 1800}  # of the virtual access point; on the air it takes what it takes

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
