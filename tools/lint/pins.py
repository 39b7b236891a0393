"""Equal pins in `pins.h`, the bench descriptions and the tables of docs/design.md and docs/wiring.md."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tools.lint.check import Result

HEADER = Path("firmware/src/features/board/pins.h")
DESIGN = Path("docs/design.md")
WIRING = Path("docs/wiring.md")

_CONSTANT = re.compile(r"constexpr\s+(?:\w+::)*\w+\s+k(\w+)\s*(?:=|\{)\s*(\d+)\s*\}?;")
_ROW = re.compile(r"^\|\s*(\w+)\s*\|\s*(?:GPIO)?(\d+)\s*\|\s*(\d+)\s*\|")
_WIRE = re.compile(r"^\|\s*`(\w+)\.(\w+)`\s*\|\s*(\d+)\s*\|[^|]*\|\s*GPIO(\d+)\s*\|")


def run(root: Path) -> Result:
    """Compare the ESP32's GPIO numbers in all places, and the Pi's pins of each bench with the design page."""
    header = root / HEADER
    if not header.exists():
        return Result([f"{HEADER}: missing: it lists the GPIO number of every logical signal"])
    device = of_header(header.read_text())
    design = of_design((root / DESIGN).read_text())
    findings = _differences(HEADER, device, {name: gpio for name, (gpio, _pi) in design.items() if gpio != 0})
    benches = {path.relative_to(root): of_bench(path.read_text()) for path in sorted((root / "benches").glob("*.toml"))}
    for place, wires in [*benches.items(), (WIRING, of_wiring((root / WIRING).read_text()))]:
        findings += _differences(place, {name: gpio for name, (gpio, _pi) in wires.items() if gpio != 0}, device)
        for name, (_gpio, pi) in wires.items():
            if name in design and design[name][1] != pi:
                findings.append(f"{place}: {name} is on Pi pin {pi}, but {DESIGN} says {design[name][1]}")
    return Result(findings, f"{len(device)} signals")


def of_header(text: str) -> dict[str, int]:
    """Return GPIO numbers by signal: `constexpr int kLedStatus = 18;` becomes led_status: 18."""
    return {_snake(name): int(number) for name, number in _CONSTANT.findall(text)}


def of_design(text: str) -> dict[str, tuple[int, int]]:
    """Return GPIO and Pi pin by signal, from the rows with both in the table of signals."""
    rows = filter(None, map(_ROW.match, text.splitlines()))
    return {row[1]: (int(row[2]), int(row[3])) for row in rows}


def of_bench(text: str) -> dict[str, tuple[int, int]]:
    """Return GPIO and Pi pin by signal, from the wires with a GPIO in a bench description."""
    wires = {}
    for section, values in tomllib.loads(text).items():
        if not isinstance(values, dict):
            continue
        for name, wire in values.items():
            if isinstance(wire, dict) and "gpio" in wire and "pin" in wire:
                wires[_signal(section, name)] = (wire["gpio"], wire["pin"])
    return wires


def of_wiring(text: str) -> dict[str, tuple[int, int]]:
    """Return GPIO and Pi pin by signal, from the rows with a GPIO in the wiring table."""
    rows = filter(None, map(_WIRE.match, text.splitlines()))
    return {_signal(row[1], row[2]): (int(row[4]), int(row[3])) for row in rows}


def _signal(section: str, name: str) -> str:
    return f"led_{name}" if section == "leds" else name


def _differences(place: Path, found: dict[str, int], expected: dict[str, int]) -> list[str]:
    texts = []
    for name in sorted(found.keys() | expected.keys()):
        here, there = found.get(name), expected.get(name)
        if here is None:
            texts.append(f"{place}: {name} is missing; elsewhere it is GPIO {there}")
        elif there is None:
            texts.append(f"{place}: {name} (GPIO {here}) is listed nowhere else")
        elif here != there:
            texts.append(f"{place}: {name} is GPIO {here}, elsewhere GPIO {there}")
    return texts


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
