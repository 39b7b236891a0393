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
    is_virtual = bench.description.kind == "virtual"
    boots: list[tuple[int, Event, Event]] = []
    for _ in range(5 if is_virtual else 1):  # a busy machine holds one up more than another
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
        switched = bench.timeline.events(PowerChange, mark, lambda change: change.on)[0]
        boots.append((bench.held_up(switched.t, answer.t), switched, answer))
    _, start, end = min(boots, key=lambda boot: boot[0])
    seconds = bench.clock.between(start.t, end.t)
    limit = limits[bench.description.network.profile] if is_virtual else None
    measure("power on to accepted", 1000 * seconds, "ms", high=limit, start=start, end=end)
