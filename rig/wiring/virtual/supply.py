"""The model of the virtual board's supply: the current of each state, and the chip's brown-out detector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

NOMINAL_MV = 3_300
"""The supply of the chip."""
LOWEST_MV = 2_000
"""Below this voltage nothing of the board works: to switch the board off, use the power switch."""
ROM_BROWNOUT_MV = 2_430
"""The level of the brown-out detector until the firmware sets another one: ESP-IDF's default on an ESP32."""

# In mA at 3.3 V: typical figures of the ESP32's datasheet (section 4, current consumption). The figures are for modem
# sleep at 160 and 80 MHz with an idle CPU, for light sleep, and for receiving. The figure of the sleeping radio is the
# mean with a DTIM of 3.
_RESET_MA = 1.0
_ROM_MA = 30.0
_CPU_MA: Mapping[int, float] = {80: 22.0, 160: 32.0}
_LIGHT_SLEEP_MA = 0.8
_RADIO_MA: Mapping[str, float] = {"off": 0.0, "sleep": 6.0, "on": 68.0}

LOADS_MA: Mapping[str, float] = {"outputs.contactor": 70.0, "outputs.lock": 120.0}
"""The current of an output that is on, by signal: the coil of a small relay, and the motor of a lock. LEDs are left
out: their few mA would put a sample on the timeline for each flash."""


@dataclass(frozen=True, slots=True)
class ChipPower:
    """The way in which the running firmware uses energy: the message `power` of docs/virtual-board.md.

    Attributes:
        cpu_mhz: the CPU's clock while no task runs.
        radio: `off`, `sleep` or `on`.
        light_sleep: whether the chip sleeps while no task runs.
        brownout_mv: the level of the brown-out detector.
    """

    cpu_mhz: int = 160
    radio: str = "off"
    light_sleep: bool = False
    brownout_mv: int = ROM_BROWNOUT_MV

    @classmethod
    def of(cls, cpu_mhz: str, radio: str, light_sleep: str, brownout_mv: str) -> ChipPower:
        """Read the words of the message.

        Raises:
            ValueError: a word is not one of the protocol's.
        """
        if int(cpu_mhz) not in _CPU_MA or radio not in _RADIO_MA or light_sleep not in ("0", "1"):
            raise ValueError(f"the message 'power {cpu_mhz} {radio} {light_sleep} {brownout_mv}' is invalid")
        return cls(int(cpu_mhz), radio, light_sleep == "1", int(brownout_mv))

    @property
    def milliamperes(self) -> float:
        """The current of the chip."""
        if self.light_sleep and self.radio != "on":
            return _LIGHT_SLEEP_MA + _RADIO_MA[self.radio]
        return _CPU_MA[self.cpu_mhz] + _RADIO_MA[self.radio]


@dataclass(frozen=True, slots=True)
class Supply:
    """The state of the board's supply, as a value.

    Attributes:
        millivolts: the voltage, while the board is powered.
        powered: whether the power switch is closed.
        in_rom: whether the chip waits in download mode or for its next boot.
        chip: the report of the running firmware; None if it is not running.
        loads: the current in mA of each output that is on, by its GPIO.
    """

    millivolts: int = NOMINAL_MV
    powered: bool = False
    in_rom: bool = False
    chip: ChipPower | None = None
    loads: tuple[tuple[int, float], ...] = ()

    @property
    def milliamperes(self) -> float:
        """The current that the board draws."""
        if not self.powered:
            return 0.0
        waiting = _ROM_MA if self.in_rom else _RESET_MA
        own = self.chip.milliamperes if self.chip is not None else waiting
        return own + sum(load for _, load in self.loads)

    @property
    def volts(self) -> float:
        """The voltage at the board; 0 without power."""
        return self.millivolts / 1000 if self.powered else 0.0

    @property
    def is_too_low(self) -> bool:
        """Whether the chip's brown-out detector holds or resets it."""
        return self.millivolts < (self.chip.brownout_mv if self.chip is not None else ROM_BROWNOUT_MV)

    def with_load(self, gpio: int, milliamperes: float, on: bool) -> Supply:
        """Return the supply with a load switched on or off."""
        others = tuple(load for load in self.loads if load[0] != gpio)
        return replace(self, loads=(*others, (gpio, milliamperes)) if on else others)
