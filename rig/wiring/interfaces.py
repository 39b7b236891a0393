"""The interfaces that each kind of bench must implement for the instruments.

A wired bench supplies gpiozero's lgpio factory, a device path and an access point; the virtual bench supplies
connections to the virtual board. The instruments do not depend on the kind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from gpiozero import Factory

from rig.util.clock import BenchClock

EdgeCallback = Callable[[bool, int], None]
"""Called with the new level of a pin and its CLOCK_MONOTONIC stamp in nanoseconds."""


class AccessPoint(Protocol):
    """The access point that the board joins."""

    def up(self) -> None:
        """Switch it on, and wait until it is on the air."""

    def down(self) -> None:
        """Switch it off; stations get no deauthentication frame."""


class Radio(Protocol):
    """The access points in range of a virtual board, and their misbehaviour."""

    def put(self, number: int, ssid: str, psk: str = "", rssi: int = -60, channel: int = 6) -> None:
        """Put an access point on the air, or replace the one with the same number (0 to 15)."""

    def remove(self, number: int) -> None:
        """Take an access point off the air."""

    def refuse(self, reason: int) -> None:
        """Let each attempt to join fail with that reason of ESP-IDF (`wifi_err_reason_t`); 0 ends that."""

    def kick(self, reason: int) -> None:
        """End the present association with that reason."""

    def report(self, kind: str, delay_ms: int = 0) -> None:
        """Report losses and failed attempts as usual (`normal`), never (`lost`) or `twice`, after a delay."""

    def give_leases(self, given: bool) -> None:
        """Withdraw the station's address and give no other one, or give addresses again."""

    def require_silence(self, milliseconds: int) -> None:
        """Reject attempts until the station has not tried for that time; 0 ends that."""

    @property
    def refusal(self) -> int:
        """The reason with which attempts to join fail, as set by `refuse`; 0 for none."""

    @property
    def events(self) -> tuple[str, int]:
        """How losses are reported, and after how many milliseconds, as set by `report`."""

    @property
    def gives_leases(self) -> bool:
        """Whether stations get an address, as set by `give_leases`."""

    @property
    def silence_ms(self) -> int:
        """The silence that the access point requires in milliseconds, as set by `require_silence`."""


@dataclass(frozen=True, slots=True)
class Current:
    """A reading of the current sensor.

    Attributes:
        milliamperes: the current that the board draws.
        volts: the voltage at the board.
        overflow: whether the current was outside of the sensor's range, so that `milliamperes` is a limit.
    """

    milliamperes: float
    volts: float
    overflow: bool = False


class CurrentListener(Protocol):
    """The user of a current sensor. It is called in a thread of the sensor, and must not block."""

    def on_current(self, reading: Current, stamp: int) -> None:
        """Take a reading that holds from `stamp`, in ns of bench time, until the next one."""

    def on_trouble(self, trouble: Exception) -> None:
        """Take the reason why there are no more readings."""


class CurrentSensor(Protocol):
    """The sensor in the supply of the board."""

    def start(self, listener: CurrentListener) -> None:
        """Start to read. The first reading comes at once.

        Raises:
            BenchError: the sensor does not answer.
        """

    def close(self) -> None:
        """Stop reading. The listener is not called after this."""


class TimeServer(Protocol):
    """The time server (SNTP) in the network of a virtual board, and its misbehaviour."""

    def appear(self, present: bool) -> None:
        """Answer questions, or with False leave them unanswered."""

    def slow_down(self, milliseconds: int) -> None:
        """Delay each answer by that many milliseconds; 0 ends that."""

    def step(self, seconds: int) -> None:
        """Put the server ahead of the bench's time by that many seconds; a negative number puts it behind."""

    @property
    def is_present(self) -> bool:
        """Whether questions are answered, as set by `appear`."""

    @property
    def delay_ms(self) -> int:
        """The delay of each answer in milliseconds, as set by `slow_down`."""

    @property
    def offset_s(self) -> int:
        """How many seconds the server is ahead, as set by `step`."""


class TestHooks(Protocol):
    """Test controls that only a virtual board has: the capability `test_hooks`."""

    def tear_flash(self, operation: int, effect: str, seed: int) -> None:
        """Tear the n-th flash operation from now (`none`, `half` or `random`), then cut the power."""

    def disarm_tear(self) -> None:
        """Discard a tear that was not yet sent to the device. A power cut discards any other tear."""

    def slow_erase(self, milliseconds: int) -> None:
        """Set the device time of each sector erase."""

    def brown_out(self) -> None:
        """Make the supply sag once: the chip resets and boots with reset reason `brownout`."""

    def set_supply(self, millivolts: int) -> None:
        """Set the voltage of the board's supply, from 2,000 to 3,300 mV: the chip detects a brown-out."""

    @property
    def supply_mv(self) -> int:
        """The voltage of the board's supply in mV, as set by `set_supply`."""

    @property
    def radio(self) -> Radio:
        """The access points in range, and their misbehaviour."""

    @property
    def time_server(self) -> TimeServer:
        """The time server in the board's network, and its misbehaviour."""

    @property
    def erase_ms(self) -> int:
        """The time of a sector erase in ms, as set by `slow_erase`; 0 for instant erases."""

    @property
    def flash_is_full(self) -> bool:
        """Whether the storage is full, as set by `fill_flash`."""

    @property
    def leaking(self) -> int:
        """The leak in bytes per connection, as set by `leak`; 0 for none."""

    def unplug(self) -> None:
        """Unplug the USB cable, which also powers the board, until the bench is reopened."""

    def fill_flash(self, full: bool) -> None:
        """Make the device's storage report that it is out of space, or with False that it is not."""

    def leak(self, bytes_per_connection: int) -> None:
        """Make each TCP connection leak device heap."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The connections of the instruments to a board.

    Attributes:
        pin_factory: gpiozero's factory for the Pi's pins.
        serial_url: the port that pyserial opens: a device path, a pty, `socket://` or `rfc2217://`.
        serial_uncertainty: the largest error, in ns, of a stamp of the serial port.
        access_point: the access point; None if it cannot be switched.
        current_sensor: the sensor in the supply of the board; None if there is none.
        hooks: the test hooks; None on a wired bench.
        clock: the bench's clock, already shared with the board.
        capabilities: the capabilities for `@pytest.mark.needs(...)`.
        flash_file: the virtual board's flash, for inspection; None on a wired bench.
        page_url: the address of the device's own page; empty if the bench does not reach it.
        dns_address: host and port of the DNS server of the device's access point; None if the bench does not reach it.
        csms_host: the address under which the device reaches this machine's loopback interface, if it differs from
            `csms.host` of the description; otherwise empty.
        device_waits: returns the times, in ns, for which the device's threads have waited for a processor of this
            machine since the last call. None on a wired bench, whose device has its own processor, and in stepped time,
            which stops during such a wait.
        close: closes all connections; called once.
    """

    pin_factory: Factory
    serial_url: str
    clock: BenchClock
    serial_uncertainty: int = 16_000_000
    access_point: AccessPoint | None = None
    current_sensor: CurrentSensor | None = None
    hooks: TestHooks | None = None
    capabilities: frozenset[str] = field(default_factory=frozenset)
    flash_file: Path | None = None
    page_url: str = ""
    dns_address: tuple[str, int] | None = None
    csms_host: str = ""
    device_waits: Callable[[], Sequence[int]] | None = None
    close: Callable[[], None] = lambda: None
