"""The INA219 on a fake I2C bus: its set-up, its figures, and the messages if it is missing."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator

import pytest

from rig.util.errors import BenchError
from rig.wiring.ina219 import Ina219, Ina219Settings
from rig.wiring.interfaces import Current

CONFIGURATION, SHUNT, BUS, CURRENT, CALIBRATION = 0, 1, 2, 4, 5
LIMIT_S = 10.0


class FakeChip:
    """An INA219 by its data sheet (TI SBOS448, section 8.6): registers, calibration, and the limits of its ranges.

    Attributes:
        milliamperes, volts: the measured quantities.
        shunt_ohm: the resistance that is soldered in.
        gone: whether it has stopped answering.
    """

    def __init__(self, shunt_ohm: float = 0.1) -> None:
        self.shunt_ohm = shunt_ohm
        self.milliamperes = 0.0
        self.volts = 5.0
        self.gone = False
        self.closed = 0
        self.registers = {CONFIGURATION: 0x399F, CALIBRATION: 0}

    def write(self, register: int, value: int) -> None:
        self._answer()
        if register == CONFIGURATION and value & 0x8000:
            self.registers = {CONFIGURATION: 0x399F, CALIBRATION: 0}
        else:
            self.registers[register] = value & ~1 if register == CALIBRATION else value

    def read(self, register: int) -> int:
        self._answer()
        if register == SHUNT:
            return self._shunt & 0xFFFF
        if register == BUS:
            return round(self.volts / 0.004) << 3 | int(self._is_over)
        if register == CURRENT:
            return self._product & 0xFFFF
        return self.registers[register]

    def close(self) -> None:
        self.closed += 1

    @property
    def _shunt(self) -> int:
        most = 4000 << (self.registers[CONFIGURATION] >> 11 & 3)  # steps of 10 uV
        steps = round(self.milliamperes * self.shunt_ohm * 100)
        return max(-most, min(most, steps))

    @property
    def _product(self) -> int:
        return self._shunt * self.registers[CALIBRATION] // 4096

    @property
    def _is_over(self) -> bool:
        return abs(self._product) > 0x7FFF

    def _answer(self) -> None:
        if self.gone:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")


class Readings:
    """Takes the readings and errors of the sensor."""

    def __init__(self) -> None:
        self.news = threading.Condition()
        self.readings: list[Current] = []
        self.trouble: Exception | None = None

    def on_current(self, reading: Current, stamp: int) -> None:
        assert stamp == 77
        with self.news:
            self.readings.append(reading)
            self.news.notify_all()

    def on_trouble(self, trouble: Exception) -> None:
        with self.news:
            self.trouble = trouble
            self.news.notify_all()

    def wait(self, found: int) -> Current:
        with self.news:
            assert self.news.wait_for(lambda: len(self.readings) >= found, LIMIT_S)
            return self.readings[-1]

    def wait_for_trouble(self) -> str:
        with self.news:
            assert self.news.wait_for(lambda: self.trouble is not None, LIMIT_S)
            return str(self.trouble)


class Bus:
    """A bus with a chip at one address."""

    def __init__(self, chip: FakeChip, address: int = 0x40) -> None:
        self.chip = chip
        self.address = address

    def open(self, bus: int, address: int) -> FakeChip:
        assert bus == 1
        if address == self.address:
            return self.chip
        nothing = FakeChip()
        nothing.gone = True
        return nothing


@pytest.fixture
def chip() -> FakeChip:
    return FakeChip()


@pytest.fixture
def readings() -> Readings:
    return Readings()


@pytest.fixture
def sensor(chip: FakeChip) -> Iterator[Ina219]:
    made = Ina219(Ina219Settings(interval_ms=20), Bus(chip).open, lambda: 77)
    yield made
    made.close()


def read_once(chip: FakeChip, settings: Ina219Settings) -> Current:
    readings = Readings()
    sensor = Ina219(settings, Bus(chip).open, lambda: 77)
    sensor.start(readings)
    sensor.close()
    return readings.readings[0]


@pytest.mark.parametrize("milliamperes", [0.0, 12.3, 245.0, 999.0, -35.0])
@pytest.mark.parametrize(("shunt_ohm", "max_ma"), [(0.1, 1_000.0), (0.1, 3_200.0), (0.01, 1_000.0), (1.0, 319.0)])
def test_the_reading_is_the_current_within_the_steps_of_the_chip(
    milliamperes: float, shunt_ohm: float, max_ma: float
) -> None:
    chip = FakeChip(shunt_ohm)
    chip.milliamperes = min(milliamperes, max_ma)
    reading = read_once(chip, Ina219Settings(shunt_ohm=shunt_ohm, max_ma=max_ma))
    step = max(0.01 / shunt_ohm, max_ma / 32_768)
    assert reading.milliamperes == pytest.approx(chip.milliamperes, abs=2 * step)
    assert reading.volts == pytest.approx(5.0, abs=0.004)
    assert not reading.overflow


def test_the_range_is_the_smallest_that_has_the_largest_current(chip: FakeChip) -> None:
    ranges = []
    for max_ma in (400, 401, 800, 1_600, 3_200):
        read_once(chip, Ina219Settings(max_ma=max_ma))
        ranges.append(chip.registers[CONFIGURATION] >> 11 & 3)
    assert ranges == [0, 1, 1, 2, 3]


def test_the_calibration_fits_its_register_with_a_tiny_shunt() -> None:
    settings = Ina219Settings(shunt_ohm=0.0005, max_ma=100)
    assert settings.calibration == 0xFFFE
    assert settings.lsb_ma == pytest.approx(0.04096 / (0xFFFE * 0.0005) * 1000)


def test_a_current_outside_of_the_range_is_an_overflow(chip: FakeChip) -> None:
    chip.milliamperes = 2_500
    assert read_once(chip, Ina219Settings(max_ma=1_000)).overflow


def test_the_chips_own_overflow_flag_is_one(chip: FakeChip) -> None:
    # The range of 160 mV has 1,500 mA, but the steps of the current end at 1,000 mA.
    chip.milliamperes = 1_500
    assert read_once(chip, Ina219Settings(max_ma=1_000)).overflow


def test_readings_go_on(chip: FakeChip, sensor: Ina219, readings: Readings) -> None:
    sensor.start(readings)
    readings.wait(2)
    chip.milliamperes = 400
    readings.wait(len(readings.readings) + 2)
    assert readings.readings[-1].milliamperes == pytest.approx(400, abs=0.2)


def test_a_wrong_address_is_named_with_the_tool_that_finds_the_right_one(chip: FakeChip, readings: Readings) -> None:
    sensor = Ina219(Ina219Settings(address=0x41), Bus(chip, 0x44).open, lambda: 77)
    with pytest.raises(BenchError, match=r"no current sensor answers at address 0x41 of /dev/i2c-1.*i2cdetect -y 1"):
        sensor.start(readings)
    assert not readings.readings


def test_another_chip_at_the_address_is_not_read(
    chip: FakeChip, sensor: Ina219, readings: Readings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chip, "read", lambda _register: 0x6127)
    with pytest.raises(BenchError, match="is no INA219: after a reset its register 0 is 0x6127"):
        sensor.start(readings)
    assert chip.closed == 1


@pytest.mark.parametrize(
    ("problem", "says"),
    [
        (FileNotFoundError(), "there is no I2C bus /dev/i2c-1.*raspi-config"),
        (PermissionError(), "/dev/i2c-1 may not be opened.*group i2c"),
    ],
)
def test_a_bus_that_cannot_be_opened_has_its_remedy(readings: Readings, problem: OSError, says: str) -> None:
    def refuse(_bus: int, _address: int) -> FakeChip:
        raise problem

    with pytest.raises(BenchError, match=says):
        Ina219(Ina219Settings(), refuse, lambda: 77).start(readings)


def test_a_sensor_that_falls_silent_is_reported_once(chip: FakeChip, sensor: Ina219, readings: Readings) -> None:
    sensor.start(readings)
    chip.gone = True
    assert "no current sensor answers" in readings.wait_for_trouble()


def test_a_sensor_that_lost_its_supply_meanwhile_is_not_believed(
    chip: FakeChip, sensor: Ina219, readings: Readings
) -> None:
    sensor.start(readings)
    chip.registers[CALIBRATION] = 0
    assert "has lost its calibration" in readings.wait_for_trouble()


def test_a_closed_sensor_can_be_started_again(chip: FakeChip, sensor: Ina219, readings: Readings) -> None:
    sensor.start(readings)
    sensor.close()
    before = len(readings.readings)
    sensor.start(readings)
    readings.wait(before + 2)
