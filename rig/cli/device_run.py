"""`rig device run`: the virtual charge point without a bench, for any CSMS."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import select
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TextIO

import typer

from rig.adapters.csms_url import problem_of_identity, problem_of_url
from rig.adapters.plugbench import configuration, reconfigure
from rig.cli.device_offer import KEPT_EVENTS, MOST_PULSES, ConsoleLog, offer_of_lone
from rig.cli.masked_lines import MaskedLines
from rig.config.signal import Signal
from rig.firmware.build import build, package
from rig.firmware.filesystem import make_filesystem
from rig.firmware.manifest import Manifest
from rig.live.server import offered
from rig.timeline import Timeline
from rig.timeline.events import AccessPointChange, PinEdge, PowerChange
from rig.util.clock import BenchClock
from rig.util.errors import BenchError
from rig.util.redaction import masked_text
from rig.wiring.virtual.access_point import VirtualAccessPoint
from rig.wiring.virtual.board import Board, BoardPins
from rig.wiring.virtual.flash import Flash
from rig.wiring.virtual.page_socket import PageSocket
from rig.wiring.virtual.pins import Wires
from rig.wiring.virtual.run_directory import RunDirectory

_POWER_SWITCH = 17
_EN = 22
_INPUTS = {
    "cable": (32, 5),
    "vehicle_ready": (33, 6),
    "emergency_stop": (25, 13),
    "auth_button": (26, 19),
    "meter_pulse": (27, 26),
    "power_fail": (34, 12),
    "lock_feedback": (35, 16),
}
"""GPIO and Pi pin by signal, as in docs/design.md#signals."""

HELP = f"""!help                       this text
!power on|off               switch the board's supply
!reset                      press the reset button
!ap up|down                 put the access point on or off the air
!pulses N                   N pulses of the energy meter: N Wh; at most 100000
!SIGNAL 1|0                 {", ".join(_INPUTS)}
anything else goes to the device's console; Ctrl-C ends"""

_FIRST_PASSWORD = re.compile(r"^I \(\d+\) web: the password of the page, shown once .* password=[a-z2-9-]{14}$")
"""The line by which the device shows its owner the random password of its page."""

_PAUSE_S = 0.2
"""An incomplete line, such as a prompt, is shown after the device has been silent for this time."""


@dataclass(frozen=True, slots=True)
class _Alone:
    """A board without a Pi: the keyboard drives its wires."""

    wires: Wires
    board: Board
    access_point: VirtualAccessPoint
    timeline: Timeline
    port: int

    @property
    def is_on(self) -> bool:
        """Whether the supply is on."""
        return bool(self.wires[_POWER_SWITCH].pi_drive)

    def switch(self, on: bool) -> None:
        """Switch the supply."""
        self.timeline.append(PowerChange(source="power", on=on))
        self._drive(_POWER_SWITCH, on)

    def press_reset(self) -> None:
        """Press the reset button."""
        self._drive(_EN, False)
        self.wires.change(self.wires[_EN], pi_drive=None)

    def set_input(self, name: str, on: bool) -> None:
        """Set an input."""
        self.timeline.append(PinEdge(source="inputs", signal=str(Signal("inputs", name)), level=on, driven=True))
        self._drive(_INPUTS[name][1], on)

    def input_states(self) -> Mapping[str, bool]:
        """Return the inputs by name."""
        return {name: bool(self.wires[pin].pi_drive) for name, (_, pin) in _INPUTS.items()}

    def switch_access_point(self, up: bool) -> None:
        """Put the access point on or off the air."""
        self.timeline.append(AccessPointChange(source="network", up=up))
        if up:
            self.access_point.up()
        else:
            self.access_point.down()

    def send(self, line: bytes) -> None:
        """Send bytes to the device's console."""
        os.write(self.port, line)

    def _drive(self, pin: int, level: bool) -> None:
        self.wires.change(self.wires[pin], pi_drive=level)


def command(
    csms: Annotated[str, typer.Option(metavar="URL", help="ws://HOST:PORT/PATH; the identity is appended.")],
    identity: Annotated[str, typer.Option("--id", metavar="NAME", help="The charge point's identity.")],
    flash: Annotated[Path | None, typer.Option(metavar="FILE", help="The file that keeps the flash.")] = None,
) -> None:
    """Run the virtual charge point with its console on the terminal, for any CSMS; Ctrl-C ends it."""
    run_device(csms, identity, Path.cwd(), flash=flash)


def run_device(
    csms_url: str,
    identity: str,
    root: Path,
    *,
    flash: Path | None = None,
    settings: Mapping[str, str | int] | None = None,
    keyboard: TextIO | None = None,
    terminal: TextIO | None = None,
) -> None:
    """Build, flash and boot the firmware, with its console on the terminal, until Ctrl-C or the end of the input.

    Lines that begin with `!` control the board, see `HELP`; all others go to the device.

    Args:
        csms_url: `ws://HOST:PORT/PATH`; the device appends its identity to the path.
        identity: the charge point's identity.
        root: the project's folder.
        flash: the file of the flash; None: a temporary file. Each run writes the firmware and these settings into the
            file, and keeps everything else in it, such as transactions.
        settings: further settings of docs/settings.md.
        keyboard: the source of commands; None: standard input.
        terminal: the output for the console; None: standard output.

    Raises:
        BenchError: the device would reject the URL or identity, the firmware cannot be built, a setting is unknown, or
            the flash file cannot be used.
    """
    if problem := problem_of_url(csms_url):
        raise BenchError(f"--csms {csms_url!r} {problem}", "Write ws://HOST:PORT/PATH, like ws://127.0.0.1:9000/")
    if problem := problem_of_identity(identity):
        raise BenchError(f"--id {identity!r} {problem}", "Give a name like CP-1")
    clock = BenchClock()
    print("building the device (about a minute the first time) …", file=sys.stderr, flush=True)
    firmware = package(build(root), root)
    values = configuration(csms_url, identity, "virtual", secrets.token_urlsafe(), **(settings or {}))
    with contextlib.ExitStack() as stack:
        run = RunDirectory(root)
        stack.callback(run.close)
        path = flash or run.path / "flash.bin"
        wires = Wires()
        page = PageSocket()
        board = Board(wires, _pins(), _written(path, firmware.manifest, values), clock, page=page)
        stack.callback(board.close)
        print(f"the device's page: {page.url}", file=sys.stderr, flush=True)
        port = os.open(board.port.url, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        stack.callback(os.close, port)
        timeline = Timeline(clock, keep=KEPT_EVENTS)
        alone = _Alone(wires, board, VirtualAccessPoint(board, "fast"), timeline, port)
        # Release the emergency stop: an undriven wire would be pulled to its safe state, pressed.
        alone.set_input("emergency_stop", False)
        alone.switch(True)
        stack.enter_context(offered(offer_of_lone(alone, identity)))
        with contextlib.suppress(KeyboardInterrupt):
            _join(alone, keyboard or sys.stdin, terminal or sys.stdout)


def _pins() -> BoardPins:
    return BoardPins(power_switch=_POWER_SWITCH, en=_EN, inputs=dict(_INPUTS.values()))


def _written(path: Path, manifest: Manifest, values: Mapping[str, str | int]) -> Flash:
    storage = manifest.storage()
    try:
        flash = Flash(path)
    except (OSError, ValueError) as problem:
        raise BenchError(f"the flash file cannot be used: {problem}", "Name another file") from None
    old = flash.read(storage.offset, storage.size)
    is_new = not old.strip(b"\xff")
    try:
        image = reconfigure(make_filesystem({}, storage.size) if is_new else old, values)
    except BenchError as problem:
        flash.close()
        raise BenchError(f"{path}: {problem.what}", "Remove the file to start anew") from None
    for offset, content in [*manifest.contents(), (storage.offset, image)]:
        flash.erase(offset, len(content))
        flash.program(offset, content)
    return flash


def _join(alone: _Alone, keyboard: TextIO, terminal: TextIO) -> None:
    keys = keyboard.fileno()
    typed = b""
    console = MaskedLines(terminal, reveals=lambda line: bool(_FIRST_PASSWORD.search(line)))
    log = ConsoleLog(alone.timeline)
    port = alone.port
    while True:
        ready, _, _ = select.select([port, keys], [], [], _PAUSE_S if console.has_open_line else None)
        if not ready:
            console.show_open_line()
        if port in ready:
            data = os.read(port, 4096)
            log.write(data)
            console.write(data)
        if keys in ready:
            # Not readline, which reads ahead: select would not report the lines in its buffer.
            data = os.read(keys, 4096)
            if not data:
                console.show_open_line()
                return
            *lines, typed = (typed + data).split(b"\n")
            for line in lines:
                if line.startswith(b"!"):
                    done = _work_board(alone, line[1:].decode(errors="replace").split())
                    print(masked_text(done), file=terminal, flush=True)
                else:
                    alone.send(line + b"\n")


def _work_board(alone: _Alone, words: list[str]) -> str:
    """Run the command after `!`. Return the text to show."""
    actions: dict[tuple[str, ...], Callable[[], None]] = {
        ("power", "on"): lambda: alone.switch(True),
        ("power", "off"): lambda: alone.switch(False),
        ("ap", "up"): lambda: alone.switch_access_point(True),
        ("ap", "down"): lambda: alone.switch_access_point(False),
        ("reset",): alone.press_reset,
    }
    for name in _INPUTS:
        for level in (False, True):
            actions[name, str(int(level))] = lambda name=name, level=level: alone.set_input(name, level)  # type: ignore[misc]
    match words:
        case ["help"]:
            return HELP
        case ["pulses", count] if _is_count(count):
            for _ in range(int(count)):
                alone.set_input("meter_pulse", True)
                alone.set_input("meter_pulse", False)
        case _ if tuple(words) in actions:
            actions[tuple(words)]()
        case _:
            return f"! no such command: {' '.join(words)!r}; !help lists them"
    return f"! {' '.join(words)}"


def _is_count(text: str) -> bool:
    return len(text) <= len(str(MOST_PULSES)) and text.isdecimal() and 1 <= int(text) <= MOST_PULSES
