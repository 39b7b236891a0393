"""`rig doctor --wiring`: each wire of the virtual bench works, and a swapped or missing one is found."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rig.cli.wiring_check import WireResult, check_wiring

ROOT = Path(__file__).parents[2]
VIRTUAL = (ROOT / "benches/virtual.toml").read_text()


def results(path: Path) -> dict[str, WireResult]:
    return {result.wire: result for result in check_wiring(path, ROOT)}


def test_every_wire_of_the_virtual_bench_works() -> None:
    found = results(ROOT / "benches/virtual.toml")
    assert [result.line for result in found.values() if result.problem or result.skipped] == []
    assert {"inputs.cable", "inputs.meter_pulse", "leds.fault", "outputs.contactor"} <= set(found)


@pytest.mark.parametrize(
    ("one", "other", "problems"),
    [
        ("cable", "emergency_stop", {"inputs.cable", "inputs.emergency_stop"}),
        ("contactor", "lock", {"outputs.contactor", "outputs.lock"}),
        ("status", "fault", {"leds.status", "leds.fault"}),
    ],
)
def test_swapped_wires_are_found(tmp_path: Path, one: str, other: str, problems: set[str]) -> None:
    """The board's ends of two wires are exchanged: the virtual board is wired as in its description."""
    file = tmp_path / "swapped.toml"
    gpios = {name: re.search(rf"^{name} = .*gpio = (\d+)", VIRTUAL, re.MULTILINE) for name in (one, other)}
    ends = {name: found[1] for name, found in gpios.items() if found is not None}
    swapped = re.sub(rf"^({one} = .*gpio = )\d+", rf"\g<1>{ends[other]}", VIRTUAL, flags=re.MULTILINE)
    file.write_text(re.sub(rf"^({other} = .*gpio = )\d+", rf"\g<1>{ends[one]}", swapped, flags=re.MULTILINE))
    found = results(file)
    assert problems & {wire for wire, result in found.items() if result.problem}
