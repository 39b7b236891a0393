"""The description of a bench: its wires and settings. Unknown keys are rejected."""

from __future__ import annotations

import difflib
import ipaddress
import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from rig.config.signal import BOOT, EN, LOOP_DRIVE, LOOP_WATCH, POWER_SWITCH, RAIL_SENSE, Signal
from rig.util.errors import DescriptionError
from rig.util.known_secrets import remember_secret
from rig.util.named_file import read_file

BcmPin = Annotated[int, Field(ge=0, le=27, description="the BCM number, 0 to 27, of a pin of the Pi's header")]
EspGpio = Annotated[int, Field(ge=0, le=39, description="the number, 0 to 39, of a GPIO of the ESP32")]
TcpPort = Annotated[int, Field(ge=0, le=65535, description="a TCP port up to 65535; 0 selects any free port")]
Baud = Annotated[int, Field(ge=9600, le=3_000_000, description="a baud rate from 9600 to 3000000")]

KNOWN_SIGNALS: Mapping[str, frozenset[str]] = {
    "inputs": frozenset(
        {"cable", "vehicle_ready", "emergency_stop", "auth_button", "meter_pulse", "power_fail", "lock_feedback"}
    ),
    "leds": frozenset({"status", "network", "fault"}),
    "outputs": frozenset({"contactor", "lock"}),
}
"""The wires of docs/design.md#signals. A bench may have other wires, but none with a name like a typo of these."""

INA219_LARGEST_MV = 320
"""The largest voltage at the shunt that an INA219 measures (TI SBOS448, section 8.6.2)."""

REAL_FALL_S = 1.0
"""The longest fall time, in seconds, of a typical board's rail: some 100 µF that feed a few mA."""


_HOST_NAME = re.compile(r"(?:[A-Za-z0-9_-]{1,63}\.)*(?![0-9]+\.?$)[A-Za-z0-9_-]{1,63}\.?")
"""The last part of a host name is not a number: a text with a number there is a mistyped IPv4 address."""
_LONGEST_HOST_NAME = 253
_LONGEST_NAME = 64

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]")
_BYTE_ORDER_MARK = 0xFEFF

_LARGEST_PSK_FILE = 100
_PSK_BYTES = 12  # random bytes in the passphrase of a virtual bench

REAL_RISE_S = 0.1
"""The longest rise time, in seconds, of a typical board's rail: soft starts take some ms."""


def _without_control_characters(text: str) -> str:
    """Reject control characters and byte order marks, which no path, identity or network name contains.

    Raises:
        ValueError: the text contains one; the message does not quote the text, which may be a secret.
    """
    found = _CONTROL.search(text)
    if found is not None:
        code = ord(found[0])
        what = "a byte order mark" if code == _BYTE_ORDER_MARK else "a control character"
        raise ValueError(f"has {what}, U+{code:04X}, as character {found.start() + 1}; remove it")
    return text


Text = Annotated[str, AfterValidator(_without_control_characters)]


def _host(text: str) -> str:
    """Accept an IP address, or a host name (RFC 1123 section 2.1; names of containers have underscores too).

    Raises:
        ValueError: the text is neither; the message does not quote the text, which may have a password.
    """
    try:
        ipaddress.ip_address(text)
    except ValueError:
        if len(text) > _LONGEST_HOST_NAME or not _HOST_NAME.fullmatch(text):
            raise ValueError(
                "not an IP address or a host name. Write it without a scheme, a user, brackets and a port"
            ) from None
    return text


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Wire(_Table):
    """One wire between the Pi and the board."""

    pin: BcmPin
    gpio: EspGpio | None = None
    active_low: bool = Field(default=False, description="whether a low level means true")


class InputWire(Wire):
    """A wire into the device that the bench drives."""

    rest: bool = Field(default=False, description="the state of the input at the start of each test")


class CurrentSection(_Table):
    """A current sensor INA219 in the supply of the board, on an I2C bus of the Pi."""

    bus: Annotated[int, Field(ge=0, le=255)] = Field(default=1, description="the number of the bus: 1 is /dev/i2c-1")
    address: Annotated[int, Field(ge=0x40, le=0x4F)] = Field(
        default=0x40, description="the address that A0 and A1 select: 64 (0x40) to 79 (0x4f)"
    )
    shunt_ohm: Annotated[float, Field(gt=0, le=10)] = Field(default=0.1, description="the resistance of the shunt")
    max_ma: Annotated[float, Field(gt=0, le=100_000)] = Field(
        default=1_000.0, description="the largest current to measure; its voltage at the shunt must be at most 320 mV"
    )
    interval_ms: Annotated[int, Field(ge=20, le=60_000)] = Field(
        default=100, description="the time from one reading of the sensor to the next"
    )

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        if self.max_ma * self.shunt_ohm > INA219_LARGEST_MV:
            raise ValueError(
                f"max_ma: {self.max_ma:g} mA are {self.max_ma * self.shunt_ohm:g} mV at {self.shunt_ohm:g} ohm; an "
                f"INA219 measures at most {INA219_LARGEST_MV} mV"
            )
        return self


class PowerSection(_Table):
    """The supply of the board."""

    switch: Wire = Field(description="turns the supply on")
    rail_sense: Wire | None = Field(default=None, description="reads whether the rail is up")
    current: CurrentSection | None = Field(
        default=None, description="a current sensor in the supply; a virtual bench always has one"
    )
    rise_s: Annotated[float, Field(ge=0, le=60)] | None = Field(
        default=None,
        description="the longest rise time of the rail in seconds, if rail_sense is missing; the default is 0.1, and 0 "
        "on a virtual bench",
    )
    fall_s: Annotated[float, Field(ge=0, le=60)] | None = Field(
        default=None,
        description="the longest fall time of the rail in seconds, if rail_sense is missing; the default is 1, and 0 "
        "on a virtual bench",
    )


class ControlSection(_Table):
    """The lines that put the chip into its ROM loader.

    EN and the boot pin are active low at the chip. Set `active_low` unless a transistor inverts the level.
    """

    en: Wire = Field(description="the line EN: the active level holds the chip in reset")
    boot: Wire = Field(description="the boot pin: the active level at the end of a reset selects ROM download mode")


class LoopSection(_Table):
    """A wire between two spare pins of the Pi, for the measurement by `rig doctor --latency`."""

    drive: BcmPin = Field(description="the BCM number of the pin that the bench drives")
    watch: BcmPin = Field(description="the BCM number of the pin at the other end, which the bench watches")


class ConsoleSection(_Table):
    """The serial console."""

    port: Text | None = Field(
        default=None, description="a path or URL that pyserial opens; a virtual bench chooses its port itself"
    )
    baud: Baud = 115_200
    uncertainty_ms: Annotated[float, Field(ge=0, le=1000)] | None = Field(
        default=None,
        description="the longest delay of a byte in the serial adapter, in milliseconds; the default is 16",
    )


class NoAccessPoint(_Table):
    """The access point cannot be switched; tests that switch an access point are skipped."""

    kind: Literal["none"] = "none"


class ManualAccessPoint(_Table):
    """A prompt in the terminal asks the user to switch the access point."""

    kind: Literal["manual"]


class NmcliAccessPoint(_Table):
    """The access point is a connection of NetworkManager with that name."""

    kind: Literal["nmcli"]
    connection: Text = Field(description="the name of NetworkManager's connection")


AccessPointSection = Annotated[NoAccessPoint | ManualAccessPoint | NmcliAccessPoint, Field(discriminator="kind")]


class NetworkSection(_Table):
    """The network that the device joins. Without a passphrase, a virtual bench generates one for each session."""

    ssid: Annotated[Text, Field(min_length=1, max_length=32, description="the name of the network")] = ""
    psk: Annotated[Text, Field(min_length=8, max_length=63, description="the passphrase; prefer psk_file")] = ""
    psk_file: Annotated[
        Text,
        Field(
            min_length=1,
            description="a file with the passphrase, relative to the folder of the description, or from `~/`; keep the "
            "file out of git",
        ),
    ] = ""
    profile: Literal["fast", "realistic"] = Field(
        default="fast", description="how fast the device joins the virtual access point"
    )
    access_point: AccessPointSection = NoAccessPoint()


class CsmsSection(_Table):
    """The CSMS of the bench.

    `host` and `port` are the address of the bench's proxy, to which the device connects. The proxy connects to the fake
    CSMS, to which the other keys apply.
    """

    host: Annotated[
        Text, AfterValidator(_host), Field(min_length=1, description="an IP address or host name of this machine")
    ] = "127.0.0.1"
    port: TcpPort = 0
    protocols: Annotated[
        tuple[Literal["ocpp1.6", "ocpp2.0.1", "ocpp2.1"], ...],
        Field(
            strict=False,  # TOML has lists, not tuples
            min_length=1,
            description="the accepted sub-protocols; the CSMS selects the one that the device prefers",
        ),
    ] = ("ocpp1.6", "ocpp2.0.1", "ocpp2.1")
    strict: Annotated[
        bool,
        Field(description="whether a deviation that real CSMSs tolerate fails a test (docs/csms.md#two-grades)"),
    ] = True


class DeviceSection(_Table):
    """The device under test."""

    identity: Annotated[
        Text,
        Field(
            min_length=1,
            max_length=48,
            description="the identity of the charge point; the default is that of the first one that connects",
        ),
    ] = ""
    local_id_tag: Annotated[
        Text,
        Field(
            min_length=1, max_length=20, description="the idTag of the auth button (CiString20, OCPP 1.6 section 7.28)"
        ),
    ] = "BENCH-TAG"
    board: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9-]*$",
            max_length=_LONGEST_NAME,
            description="the name of a file in firmware/src/features/board/boards, which lists the pins of the board",
        ),
    ] = "esp32-devkitc"
    firmware: Annotated[
        Text,
        Field(
            min_length=1,
            description="`host` (the charge point of Plugbench), a folder with an ESP-IDF `flasher_args.json`, or a "
            "program for the virtual board",
        ),
    ] = "host"
    log_format: Annotated[
        Text, Field(min_length=1, description="how to read the console: `plugbench`, `plain` or `package.module:Class`")
    ] = "plugbench"
    profile: Annotated[
        Text,
        Field(
            min_length=1, description="how to bring the device to idle: `plugbench`, `plain` or `package.module:Class`"
        ),
    ] = "plugbench"
    worker: Annotated[
        Literal["loop", "thread"],
        Field(
            description="where the device of a virtual board writes to flash: in its `loop`, so that every run is the "
            "same, or in a `thread`, like the task of the chip"
        ),
    ] = "loop"
    page: Annotated[
        bool,
        Field(
            description="whether the bench reaches the page of the device, at a free port of this machine; "
            'needs `kind = "virtual"` and `time = "real"`, or `kind = "emulator"`'
        ),
    ] = False


class EmulatorSection(_Table):
    """The emulator of a bench of kind `emulator`."""

    qemu: Text = Field(
        default="", description="the program of the emulator; the default is `qemu-system-riscv32` on PATH"
    )


class Description(_Table):
    """A whole bench."""

    _path: Path = PrivateAttr(default=Path("bench.toml"))
    _session_psk: str = PrivateAttr(default_factory=lambda: secrets.token_urlsafe(_PSK_BYTES))

    name: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9_-]*$",
            max_length=_LONGEST_NAME,
            description="at most 64 lower-case letters, digits, - and _",
        ),
    ]
    kind: Literal["virtual", "pi", "emulator"] = Field(
        description="a simulated board, a board at a Raspberry Pi, or an image for the chip in an emulator"
    )
    time: Literal["stepped", "real"] | None = Field(
        default=None,
        description="the time of a virtual bench (docs/virtual-board.md#stepped-time); the default is stepped",
    )
    power: PowerSection
    control: ControlSection
    inputs: Mapping[str, InputWire] = {}
    leds: Mapping[str, Wire] = {}
    outputs: Mapping[str, Wire] = {}
    loop: LoopSection | None = None
    console: ConsoleSection = ConsoleSection()
    network: NetworkSection = NetworkSection()
    csms: CsmsSection = CsmsSection()
    emulator: EmulatorSection = EmulatorSection()
    device: DeviceSection

    @field_validator("inputs", "leds", "outputs")
    @classmethod
    def _names_are_words(cls, wires: Mapping[str, Wire]) -> Mapping[str, Wire]:
        for name in wires:
            if not name.isidentifier() or len(name) > _LONGEST_NAME:
                raise ValueError(
                    f"{name[:_LONGEST_NAME]!r} is not a valid name for a wire; use letters, digits and _, "
                    f"{_LONGEST_NAME} at most"
                )
        return wires

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.network.psk and self.network.psk_file:
            raise ValueError("network.psk_file: not allowed beside network.psk; keep one of them")
        self._reject_misspelt_signals()
        self._reject_duplicate_pins()
        self._reject_duplicate_gpios()
        self._reject_keys_of_other_kinds()
        return self

    def _reject_keys_of_other_kinds(self) -> None:
        of_kind = f'a bench of kind "{self.kind}"'
        if self.kind != "virtual":
            if self.device.worker != "loop":
                raise ValueError(f"device.worker: not allowed here; on {of_kind} the chip has its own")
            if self.time == "stepped":
                raise ValueError(f'time: "stepped" is not allowed here; {of_kind} runs in real time')
        if self.device.page and (self.kind == "pi" or self.time == "stepped"):
            raise ValueError(
                'device.page: needs kind = "virtual" with time = "real", or kind = "emulator"; a browser takes no part '
                "in stepped time, and on a chip the page has the device's own address"
            )
        if self.kind != "pi" and self.console.port is not None:
            raise ValueError(f"console.port: not allowed here; {of_kind} has its own port")
        if self.kind == "pi" and self.console.port is None:
            raise ValueError(f'console.port: missing; {of_kind} names it, like "/dev/ttyUSB0"')
        if self.kind != "pi" and self.power.current is not None:
            has = "has its own sensor" if self.kind == "virtual" else "has no supply to measure"
            raise ValueError(f"power.current: not allowed here; {of_kind} {has}")
        if self.kind == "emulator":
            if self.loop is not None:
                raise ValueError(f"loop: not allowed here; {of_kind} has no pins of a Pi")
            for section in KNOWN_SIGNALS:
                for name, wire in getattr(self, section).items():
                    if wire.gpio is None:
                        raise ValueError(f"{section}.{name}.gpio: missing; {of_kind} drives the chip's pins by number")
            if self.device.firmware == "host":
                raise ValueError(f'device.firmware: "host" is not allowed here; {of_kind} runs an image of the board')
        elif self.emulator.qemu:
            raise ValueError(f"emulator.qemu: not allowed here; {of_kind} has no emulator")

    def _reject_misspelt_signals(self) -> None:
        for section, known in KNOWN_SIGNALS.items():
            present = set(getattr(self, section))
            for name in sorted(present - known):
                close = difflib.get_close_matches(name, known - present, n=1, cutoff=0.75)
                if close:
                    allowed = ", ".join(sorted(known))
                    unknown, meant = Signal(section, name), Signal(section, close[0])
                    raise ValueError(f"{unknown}: unknown wire; did you mean {meant}? Known wires: {allowed}")

    def _reject_duplicate_pins(self) -> None:
        holders: dict[int, Signal] = {}
        for signal, wire in self.wires():
            if wire.pin in holders:
                raise ValueError(
                    f"{signal}.pin: {wire.pin} is already the pin of {holders[wire.pin]}; each wire has its own"
                )
            holders[wire.pin] = signal

    def _reject_duplicate_gpios(self) -> None:
        holders: dict[int, Signal] = {}
        for signal, wire in self.wires():
            if wire.gpio is None:
                continue
            if wire.gpio in holders:
                raise ValueError(
                    f"{signal}.gpio: {wire.gpio} is already the GPIO of {holders[wire.gpio]}; each wire has its own"
                )
            holders[wire.gpio] = signal

    @classmethod
    def of(cls, values: Mapping[str, Any], path: Path) -> Self:
        """Create a description from the values of a file.

        Args:
            values: the tables and keys of the file.
            path: the file.

        Raises:
            pydantic.ValidationError: the values are invalid.
        """
        description = cls.model_validate(values, strict=True)
        description._path = path
        return description

    @property
    def path(self) -> Path:
        """The file that the description was read from."""
        return self._path

    @property
    def psk_path(self) -> Path | None:
        """The file with the passphrase, or None. It is relative to the description's folder; `~` is expanded."""
        file = self.network.psk_file
        return self._path.parent / Path(file).expanduser() if file else None

    @property
    def has_wifi(self) -> bool:
        """Whether the device joins its network by Wi-Fi; an emulated one has Ethernet."""
        return self.kind != "emulator"

    @property
    def has_psk(self) -> bool:
        """Whether there is a passphrase of the network, or a file for it."""
        return bool(self.network.psk or self.network.psk_file) or self.kind == "virtual"

    def psk(self) -> str:
        """Return the network's passphrase, 8 to 63 ASCII characters (IEEE 802.11); empty if it has none.

        From then on, it is masked in everything that this process writes or prints.

        Raises:
            DescriptionError: its file cannot be read, or holds no valid passphrase.
        """
        psk = self._psk()
        remember_secret(psk)
        return psk

    def _psk(self) -> str:
        if self.network.psk:
            return self.network.psk
        path = self.psk_path
        if path is None:
            return self._session_psk if self.kind == "virtual" else ""
        named = f"{self._path}: network.psk_file: {path}"
        fix = (
            f"Write the passphrase of the network {self.network.ssid!r} into it, 8 to 63 characters on one line, and "
            "keep it out of git"
        )
        try:
            text = read_file(path, _LARGEST_PSK_FILE).decode("ascii").removesuffix("\n").removesuffix("\r")
        except FileNotFoundError:
            raise DescriptionError(f"{named}: no such file", fix) from None
        except UnicodeDecodeError:  # the message of the exception would show the passphrase
            raise DescriptionError(f"{named}: holds a character that is not ASCII", fix) from None
        except OSError as error:
            raise DescriptionError(f"{named}: cannot be read: {error.strerror}", fix) from None
        if not 8 <= len(text) <= 63 or not text.isprintable():
            raise DescriptionError(f"{named}: holds no passphrase of 8 to 63 printable characters", fix)
        return text

    @property
    def is_stepped(self) -> bool:
        """Whether bench time is stepped (docs/virtual-board.md): on a virtual bench, unless `time` is real."""
        return self.kind == "virtual" and self.time != "real"

    @property
    def rise_s(self) -> float:
        """The assumed rise time of the rail, in bench seconds, without a rail sense."""
        return self._unless_virtual(self.power.rise_s, REAL_RISE_S)

    @property
    def fall_s(self) -> float:
        """The assumed fall time of the rail, in bench seconds, without a rail sense."""
        return self._unless_virtual(self.power.fall_s, REAL_FALL_S)

    def _unless_virtual(self, described: float | None, usual: float) -> float:
        if described is not None:
            return described
        return 0.0 if self.kind == "virtual" else usual

    def wires(self) -> Iterator[tuple[Signal, Wire]]:
        """Yield every wire with its signal."""
        yield POWER_SWITCH, self.power.switch
        if self.power.rail_sense is not None:
            yield RAIL_SENSE, self.power.rail_sense
        yield EN, self.control.en
        yield BOOT, self.control.boot
        for section in KNOWN_SIGNALS:
            for name, wire in getattr(self, section).items():
                yield Signal(section, name), wire
        if self.loop is not None:
            yield LOOP_DRIVE, Wire(pin=self.loop.drive)
            yield LOOP_WATCH, Wire(pin=self.loop.watch)
