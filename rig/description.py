"""The description of a bench (`benches/*.toml`): which wire goes where.

Strict: what is not known is refused by file, key and what is allowed.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Self, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from rig import adapters
from rig.errors import DescriptionError

BcmPin = Annotated[int, Field(ge=0, le=27, description="the BCM number, 0 to 27, of a pin of the Pi's header")]
EspGpio = Annotated[int, Field(ge=0, le=39, description="the number, 0 to 39, of a GPIO of the ESP32")]
TcpPort = Annotated[int, Field(ge=0, le=65535, description="a TCP port up to 65535, 0: any free one")]
Baud = Annotated[int, Field(ge=9600, le=3_000_000, description="a baud rate from 9600 to 3000000")]

KNOWN_SIGNALS: Mapping[str, frozenset[str]] = {
    "inputs": frozenset(
        {"cable", "vehicle_ready", "emergency_stop", "auth_button", "meter_pulse", "power_fail", "lock_feedback"}
    ),
    "leds": frozenset({"status", "network", "fault"}),
    "outputs": frozenset({"contactor", "lock"}),
}
"""The wires of docs/design.md, section 3. A bench may have others, but none that looks like a misspelt one of these."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Wire(_Table):
    """One wire between the Pi and the board.

    `active_low` turns the meaning of the level round; `gpio` is the far end, None where it is no GPIO of the chip.
    """

    pin: BcmPin
    gpio: EspGpio | None = None
    active_low: bool = False


class InputWire(Wire):
    """A wire into the device that the bench drives. `rest` is its state when nothing goes on."""

    rest: bool = False


class PowerSection(_Table):
    """The supply: `switch` turns it on, `rail_sense`, where wired, says whether the rail is up."""

    switch: Wire
    rail_sense: Wire | None = None


class ControlSection(_Table):
    """The lines that put the chip into its ROM loader."""

    en: Wire = Field(description="EN: active holds the chip in reset")
    boot: Wire = Field(description="GPIO0: active at the end of reset means ROM download mode")


class ConsoleSection(_Table):
    """The serial console. `port` is what pyserial opens; the virtual board brings its own."""

    port: str | None = None
    baud: Baud = 115_200
    uncertainty_ms: Annotated[float, Field(ge=0, le=1000)] | None = None


class NoAccessPoint(_Table):
    """Nobody can switch the access point; tests that need to are skipped."""

    kind: Literal["none"] = "none"


class ManualAccessPoint(_Table):
    """A person switches it when the terminal asks."""

    kind: Literal["manual"]


class NmcliAccessPoint(_Table):
    """NetworkManager's connection of that name is the access point."""

    kind: Literal["nmcli"]
    connection: str


AccessPointSection = Annotated[NoAccessPoint | ManualAccessPoint | NmcliAccessPoint, Field(discriminator="kind")]


class NetworkSection(_Table):
    """The network that the device is told to join, if any. `profile` is the virtual access point's speed."""

    ssid: Annotated[str, Field(min_length=1, max_length=32)] = ""
    psk: Annotated[str, Field(min_length=8, max_length=63)] = ""
    profile: Literal["fast", "realistic"] = "fast"
    access_point: AccessPointSection = NoAccessPoint()


class CsmsSection(_Table):
    """Where the fake CSMS listens, and the device is sent."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: TcpPort = 0


class DeviceSection(_Table):
    """The device under test.

    `identity` is the charge point's; without it the first that connects is meant. `local_id_tag` is the idTag that its
    button presents (CiString20, OCPP 1.6 section 7.28). `firmware` is `host` (built here), a folder with an ESP-IDF
    `flasher_args.json`, or an executable for the virtual board. `log_format` and `profile` say how to read its console
    and how to bring it to idle: a built-in name or `package.module:Class`.
    """

    identity: Annotated[str, Field(min_length=1, max_length=48)] = ""
    local_id_tag: Annotated[str, Field(min_length=1, max_length=20)] = "BENCH-TAG"
    firmware: Annotated[str, Field(min_length=1)] = "host"
    log_format: Annotated[str, Field(min_length=1)] = "plugbench"
    profile: Annotated[str, Field(min_length=1)] = "plugbench"


class Description(_Table):
    """A whole bench."""

    _path: Path = PrivateAttr(default=Path("bench.toml"))

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    kind: Literal["virtual", "pi"]
    power: PowerSection
    control: ControlSection
    inputs: Mapping[str, InputWire] = {}
    leds: Mapping[str, Wire] = {}
    outputs: Mapping[str, Wire] = {}
    console: ConsoleSection = ConsoleSection()
    network: NetworkSection = NetworkSection()
    csms: CsmsSection = CsmsSection()
    device: DeviceSection

    @field_validator("inputs", "leds", "outputs")
    @classmethod
    def _names_are_words(cls, wires: Mapping[str, Wire]) -> Mapping[str, Wire]:
        for name in wires:
            if not name.isidentifier():
                raise ValueError(f"{name!r} is no name for a wire; use letters, digits and _")
        return wires

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        self._refuse_misspelt_signals()
        self._refuse_pin_twice()
        self._refuse_gpio_twice()
        if self.kind == "pi":
            if self.console.port is None:
                raise ValueError('console.port: missing; a bench of kind "pi" names it, like "/dev/ttyUSB0"')
        elif self.console.port is not None:
            raise ValueError('console.port: not allowed here; a bench of kind "virtual" brings its own port')
        return self

    def _refuse_misspelt_signals(self) -> None:
        for section, known in KNOWN_SIGNALS.items():
            present = set(getattr(self, section))
            for name in sorted(present - known):
                close = difflib.get_close_matches(name, known - present, n=1, cutoff=0.75)
                if close:
                    allowed = ", ".join(sorted(known))
                    raise ValueError(
                        f"{section}.{name}: unknown wire; did you mean {section}.{close[0]}? Known wires: {allowed}"
                    )

    def _refuse_pin_twice(self) -> None:
        holders: dict[int, str] = {}
        for signal, wire in self.wires():
            if wire.pin in holders:
                raise ValueError(
                    f"{signal}.pin: {wire.pin} is already the pin of {holders[wire.pin]}; each wire has its own"
                )
            holders[wire.pin] = signal

    def _refuse_gpio_twice(self) -> None:
        holders: dict[int, str] = {}
        for signal, wire in self.wires():
            if wire.gpio is None:
                continue
            if wire.gpio in holders:
                raise ValueError(
                    f"{signal}.gpio: {wire.gpio} is already the GPIO of {holders[wire.gpio]}; each wire has its own"
                )
            holders[wire.gpio] = signal

    @property
    def path(self) -> Path:
        """The file it came from."""
        return self._path

    def wires(self) -> Iterator[tuple[str, Wire]]:
        """Every wire with its signal name, like `inputs.cable` or `power.switch`."""
        yield "power.switch", self.power.switch
        if self.power.rail_sense is not None:
            yield "power.rail_sense", self.power.rail_sense
        yield "control.en", self.control.en
        yield "control.boot", self.control.boot
        for section in KNOWN_SIGNALS:
            for name, wire in getattr(self, section).items():
                yield f"{section}.{name}", wire


def load(path: Path | str) -> Description:
    """Read a bench description.

    Args:
        path: the TOML file.

    Raises:
        DescriptionError: it cannot be used; the message names file, key, what is wrong and what is allowed.
    """
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        there = ", ".join(sorted(str(found) for found in Path("benches").glob("*.toml"))) or "none"
        raise DescriptionError(f"{path}: no such file", f"Bench descriptions here: {there}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DescriptionError(f"{path}: cannot be read: {error}", "A bench description is a UTF-8 text file") from None
    except tomllib.TOMLDecodeError as error:
        raise DescriptionError(f"{path}: not valid TOML: {error}", "See https://toml.io for the syntax") from None
    try:
        description = Description.model_validate(values, strict=True)
    except ValidationError as error:
        found = [_explain(detail) for detail in error.errors()]
        shown = "; ".join(found[:5]) + (f"; and {len(found) - 5} more" if len(found) > 5 else "")
        raise DescriptionError(f"{path}: {shown}") from None
    description._path = path
    try:
        adapters.log_format(description)
        adapters.profile(description)
    except ValueError as error:
        raise DescriptionError(f"{path}: {error}") from error
    return description


def _explain(detail: ErrorDetails) -> str:
    """One error of pydantic's as a person would say it."""
    location = [str(part) for part in detail["loc"] if part not in ("none", "manual", "nmcli")]
    key = ".".join(location)
    kind = detail["type"]
    if kind == "extra_forbidden":
        allowed = sorted(_allowed_keys(location[:-1]))
        close = difflib.get_close_matches(location[-1], allowed, n=1, cutoff=0.5)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"{key}: unknown key{hint} Allowed here: {', '.join(allowed)}"
    if kind == "missing":
        return f"{key}: missing; it takes: {_wanted(location)}" if _wanted(location) else f"{key}: missing"
    if kind == "value_error":
        message = detail["msg"].removeprefix("Value error, ")
        return f"{key}: {message}" if key else message
    given = detail["input"]
    shown = f"{given!r} " if isinstance(given, (str, int, float, bool)) else ""
    wanted = _wanted(location)
    return f"{key}: {shown}cannot be used: {detail['msg'][0].lower()}{detail['msg'][1:]}" + (
        f" ({wanted})" if wanted else ""
    )


def _allowed_keys(location: list[str]) -> set[str]:
    models = _models_at(location)
    return {name for model in models for name in model.model_fields}


def _wanted(location: list[str]) -> str:
    """The description of the field at that key, where it has one."""
    for model in _models_at(location[:-1]):
        field = model.model_fields.get(location[-1])
        if field is None:
            continue
        text = field.description or next(
            (m.description for part in get_args(field.annotation) for m in getattr(part, "__metadata__", ()) if m), None
        )
        if text:
            return text
    return ""


def _models_at(location: list[str]) -> list[type[BaseModel]]:
    models: list[type[BaseModel]] = [Description]
    for part in location:
        found: list[type[BaseModel]] = []
        for model in models:
            field = model.model_fields.get(part)
            if field is not None:
                found.extend(_models_in(field.annotation))
        models = found or models
    return models


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, Annotated) or get_args(annotation):
        return [model for part in get_args(annotation) for model in _models_in(part)]
    return []
