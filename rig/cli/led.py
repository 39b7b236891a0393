"""`rig led`: the LEDs of a device."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from rig.cli.attach import attached, print_json
from rig.cli.options import AttachOption, JsonOption, PidOption

_RECOGNIZED_S = 3.0
"""The time after which every pattern of the device is recognized."""


def command(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The LED; without it all are shown.")] = "",
    bench: AttachOption = None,
    pid: PidOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the patterns of the LEDs."""
    with attached(bench, pid, "rig led") as session:
        session.switch_on()
        if session.is_own:
            time.sleep(_RECOGNIZED_S)
        shown = session.wires("leds", "LED", name)
        if as_json:
            print_json({"leds": shown})
            return
        for key, led in shown.items():
            typer.echo(f"{key:16} {led_words(led)}")


def led_words(led: Mapping[str, Any]) -> str:
    """Return the state of an LED in words: `blink 2 Hz, lit`."""
    lit = "lit" if led["lit"] else "dark"
    if led["pattern"] in ("on", "off"):
        return str(led["pattern"])
    if led["pattern"] == "unknown":
        return f"{lit}, no known pattern"
    return f"{led['pattern'].replace('_', ' ')} {led['rate_hz']:.2g} Hz, now {lit}"
