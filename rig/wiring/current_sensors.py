"""Opens the current sensor of a wired bench."""

from __future__ import annotations

from rig.config.description import CurrentSection
from rig.util.clock import BenchClock
from rig.wiring.ina219 import I2cDevice, Ina219, Ina219Settings
from rig.wiring.interfaces import CurrentSensor
from rig.wiring.pins import lgpio_in_a_temporary_folder


def open_current_sensor(section: CurrentSection | None, clock: BenchClock) -> CurrentSensor | None:
    """Return the sensor of a bench description, without reading it; None if the description has no sensor.

    Args:
        section: `[power] current` of the description.
        clock: the bench's clock, for the stamps.
    """
    if section is None:
        return None
    settings = Ina219Settings(section.bus, section.address, section.shunt_ohm, section.max_ma, section.interval_ms)
    return Ina219(settings, _open_device, clock.now)


def _open_device(bus: int, address: int) -> I2cDevice:
    with lgpio_in_a_temporary_folder():
        from rig.wiring.lgpio_i2c import LgpioDevice
    return LgpioDevice(bus, address)
