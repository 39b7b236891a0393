"""The INA219, a current sensor on an I2C bus of the Pi. Registers and figures: TI SBOS448, section 8.6."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rig.util.errors import BenchError
from rig.wiring.interfaces import Current, CurrentListener

_CONFIGURATION, _SHUNT, _BUS, _CURRENT, _CALIBRATION = 0x00, 0x01, 0x02, 0x04, 0x05

_RESET = 0x8000
_AFTER_RESET = 0x399F
_BUS_OF_32_V = 0x2000
_AVERAGE_OF_16 = 0b1100 << 7 | 0b1100 << 3  # for both voltages: 8.51 ms each
_CONTINUOUS = 0b111

_RANGES_MV = (40, 80, 160, 320)
"""The ranges of the shunt voltage, by the value of the gain's bits."""
_SHUNT_LSB_MV = 0.01
_BUS_LSB_V = 0.004
_OVERFLOW = 0x1
_CALIBRATION_SCALE = 0.04096
_STEPS = 1 << 15
_CALIBRATION_MOST = 0xFFFE  # bit 0 is not used


class I2cDevice(Protocol):
    """A device on an I2C bus, with registers of 16 bits. Every call raises OSError if the device does not answer."""

    def read(self, register: int) -> int:
        """Return the value of a register, 0 to 65,535."""

    def write(self, register: int, value: int) -> None:
        """Write a register."""

    def close(self) -> None:
        """Release the bus."""


@dataclass(frozen=True, slots=True)
class Ina219Settings:
    """The wiring of the sensor.

    Attributes:
        bus: the number of the I2C bus.
        address: the sensor's address, 0x40 to 0x4f.
        shunt_ohm: the resistance of the shunt.
        max_ma: the largest current, in mA. The voltage that it causes at the shunt is at most 320 mV.
        interval_ms: the time from one reading to the next.
    """

    bus: int = 1
    address: int = 0x40
    shunt_ohm: float = 0.1
    max_ma: float = 1_000.0
    interval_ms: int = 100

    @property
    def gain(self) -> int:
        """The gain's bits: the smallest range that includes the largest current."""
        return next(bits for bits, most in enumerate(_RANGES_MV) if self.max_ma * self.shunt_ohm <= most)

    @property
    def calibration(self) -> int:
        """The value of the calibration register: `0.04096 / (LSB of the current in A * shunt)`, which must be even."""
        lsb = self.max_ma / 1000 / _STEPS
        return min(int(_CALIBRATION_SCALE / (lsb * self.shunt_ohm)), _CALIBRATION_MOST) & ~1

    @property
    def lsb_ma(self) -> float:
        """The current of one step of the current register, in mA, from the rounded value of the calibration
        register."""
        return _CALIBRATION_SCALE / (self.calibration * self.shunt_ohm) * 1000


class Ina219:
    """`rig.wiring.interfaces.CurrentSensor` by an INA219, which a thread reads.

    Args:
        settings: the wiring of the sensor.
        open_device: opens the device at the settings' bus and address; raises OSError.
        now: returns the stamp in ns of bench time.
    """

    def __init__(
        self, settings: Ina219Settings, open_device: Callable[[int, int], I2cDevice], now: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._open = open_device
        self._now = now
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._device: I2cDevice | None = None

    def start(self, listener: CurrentListener) -> None:
        """Set the sensor up, and start to read it.

        Raises:
            BenchError: the bus cannot be opened, nothing answers at the address, or it is no INA219.
        """
        try:
            self._device = self._open(self._settings.bus, self._settings.address)
            self._set_up(self._device)
            first = self._read(self._device)
        except OSError as problem:
            self.close()
            raise self._trouble(problem) from problem
        except BenchError:
            self.close()
            raise
        listener.on_current(first, self._now())
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, args=(self._device, listener), name="ina219", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading, and release the bus."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._device is not None:
            with contextlib.suppress(OSError):
                self._device.close()
            self._device = None

    def _set_up(self, device: I2cDevice) -> None:
        device.write(_CONFIGURATION, _RESET)
        found = device.read(_CONFIGURATION)
        if found != _AFTER_RESET:
            raise BenchError(
                f"the device at {self._place} is no INA219: after a reset its register 0 is 0x{found:04x}, not "
                f"0x{_AFTER_RESET:04x}",
                "Check power.current.address against A0 and A1 of the sensor",
            )
        gain = self._settings.gain << 11
        device.write(_CONFIGURATION, _BUS_OF_32_V | gain | _AVERAGE_OF_16 | _CONTINUOUS)
        device.write(_CALIBRATION, self._settings.calibration)

    def _read(self, device: I2cDevice) -> Current:
        bus = device.read(_BUS)
        if device.read(_CALIBRATION) != self._settings.calibration:
            raise BenchError(
                f"the INA219 at {self._place} has lost its calibration: it was reset",
                "Give it a supply that stays when the board is switched off",
            )
        shunt_mv = _signed(device.read(_SHUNT)) * _SHUNT_LSB_MV
        # The chip reports an overflow of its arithmetic; a shunt voltage outside of the range reads as the end of the
        # range.
        overflow = bool(bus & _OVERFLOW) or abs(shunt_mv) >= _RANGES_MV[self._settings.gain]
        return Current(
            milliamperes=_signed(device.read(_CURRENT)) * self._settings.lsb_ma,
            volts=(bus >> 3) * _BUS_LSB_V,
            overflow=overflow,
        )

    def _run(self, device: I2cDevice, listener: CurrentListener) -> None:
        while not self._stop.wait(self._settings.interval_ms / 1000):
            try:
                reading = self._read(device)
            except OSError as problem:
                return listener.on_trouble(self._trouble(problem))
            except BenchError as trouble:
                return listener.on_trouble(trouble)
            listener.on_current(reading, self._now())
        return None

    @property
    def _place(self) -> str:
        return f"address 0x{self._settings.address:02x} of /dev/i2c-{self._settings.bus}"

    def _trouble(self, problem: OSError) -> BenchError:
        bus = f"/dev/i2c-{self._settings.bus}"
        if isinstance(problem, FileNotFoundError):
            return BenchError(
                f"there is no I2C bus {bus}", "Turn I2C on with raspi-config, or correct power.current.bus"
            )
        if isinstance(problem, PermissionError):
            return BenchError(f"the I2C bus {bus} may not be opened", "Add the user to the group i2c, and log in again")
        return BenchError(
            f"no current sensor answers at {self._place}: {problem.strerror or problem}",
            f"Check its supply, SDA and SCL, and power.current.address; `i2cdetect -y {self._settings.bus}` lists the "
            "addresses that answer",
        )


def _signed(value: int) -> int:
    """Return a register's value in two's complement."""
    return value - 0x10000 if value & 0x8000 else value
