"""Equal pins in the boards, the bench descriptions and the tables of docs/design.md and docs/wiring.md."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from tools.lint.check import Result

BOARDS = Path("firmware/src/features/board/boards")
USUAL_BOARD = "esp32-devkitc"
DESIGN = Path("docs/design.md")
WIRING = Path("docs/wiring.md")

_CONSTANT = re.compile(r"constexpr\s+(?:\w+::)*\w+\s+k(\w+)\s*(?:=|\{)\s*(\d+)\s*\}?;")
_ROW = re.compile(r"^\|\s*`(\w+)\.(\w+)`\s*\|\s*(?:GPIO)?(\d+)\s*\|\s*(\d+)\s*\|")
_WIRE = re.compile(r"^\|\s*`(\w+)\.(\w+)`\s*\|\s*(\d+)\s*\|[^|]*\|\s*GPIO(\d+)\s*\|")


def run(root: Path) -> Result:
    """Compare each bench with the pins of its board, and its Pi pins with those of the design page."""
    boards = {path.stem: of_header(path.read_text()) for path in sorted((root / BOARDS).glob("*.h"))}
    if USUAL_BOARD not in boards:
        return Result([f"{header_of(USUAL_BOARD)}: missing: it lists the GPIO number of every logical signal"])
    design = of_design((root / DESIGN).read_text())
    on_design = {name: gpio for name, (gpio, _pi) in design.items() if gpio != 0}
    findings = _differences(header_of(USUAL_BOARD), boards[USUAL_BOARD], on_design)
    for board, pins in boards.items():
        findings += [f"{header_of(board)}: {name} is missing" for name in sorted(on_design.keys() - pins.keys())]
        findings += [f"{header_of(board)}: GPIO {gpio} is listed twice" for gpio in _twice(list(pins.values()))]
    places = [(WIRING, USUAL_BOARD, of_wiring((root / WIRING).read_text()))]
    for path in sorted((root / "benches").glob("*.toml")):
        text = path.read_text()
        if kind_of_bench(text) == "emulator":  # it has no pins
            continue
        board = board_of_bench(text)
        if board not in boards:
            findings.append(f"{path.relative_to(root)}: device.board: {header_of(board)} is missing")
            continue
        places.append((path.relative_to(root), board, of_bench(text)))
    for place, board, wires in places:
        boot = {name for name in design if design[name][0] == 0}
        gpios = {name: gpio for name, (gpio, _pi) in wires.items() if name not in boot}
        findings += _differences(place, gpios, boards[board])
        for name, (_gpio, pi) in wires.items():
            if name in design and design[name][1] != pi:
                findings.append(f"{place}: {name} is on Pi pin {pi}, but {DESIGN} says {design[name][1]}")
    return Result(findings, f"{len(on_design)} signals, {len(boards)} boards")


def header_of(board: str) -> Path:
    """Name the header with the pins of a board."""
    return BOARDS / f"{board}.h"


def board_of_bench(text: str) -> str:
    """Read which board a bench description is of."""
    return str(tomllib.loads(text).get("device", {}).get("board", USUAL_BOARD))


def kind_of_bench(text: str) -> str:
    """Read the kind of a bench description."""
    return str(tomllib.loads(text).get("kind", ""))


def _twice(numbers: list[int]) -> list[int]:
    return sorted({number for number in numbers if numbers.count(number) > 1})


def of_header(text: str) -> dict[str, int]:
    """Return GPIO numbers by signal: `constexpr int kLedStatus = 18;` becomes led_status: 18."""
    return {_snake(name): int(number) for name, number in _CONSTANT.findall(text)}


def of_design(text: str) -> dict[str, tuple[int, int]]:
    """Return GPIO and Pi pin by signal, from the rows with both in the table of signals."""
    rows = filter(None, map(_ROW.match, text.splitlines()))
    return {_signal(row[1], row[2]): (int(row[3]), int(row[4])) for row in rows}


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
