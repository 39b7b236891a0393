"""`rig doctor`: checks everything that a bench needs. It uses the bench only with `--wiring` or `--latency`."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rig.bench.project import bench_root, load_for
from rig.cli.exit_codes import EXIT_FAILURE
from rig.cli.options import DEFAULT_BENCH, BenchOption
from rig.config.description import Description, NmcliAccessPoint, NoAccessPoint
from rig.util.errors import BenchError, DescriptionError
from rig.util.folders import make_writable
from rig.util.redaction import without_url_passwords

if TYPE_CHECKING:
    from rig.runs.latency import Latency

SAFETY = "extra-low voltage only: everything runs from 5 V or 3.3 V; never a contactor that switches mains"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of a check. `problem` is empty if there is none."""

    subject: str
    detail: str = ""
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether there is no problem."""
        return not self.problem

    @property
    def line(self) -> str:
        """The finding as a line of the terminal."""
        return f"{'ok ' if self.ok else 'BAD'}  {self.subject:12} {without_url_passwords(self.problem or self.detail)}"


def command(
    bench: BenchOption = DEFAULT_BENCH,
    wiring: Annotated[bool, typer.Option("--wiring", help="Also flash the board, and use each wire once.")] = False,
    latency: Annotated[
        bool, typer.Option("--latency", help="Also measure the error of time stamps, which reports then show.")
    ] = False,
) -> None:
    """Check everything that a bench needs, and print each problem with its remedy."""
    sound = True
    for finding in examine(bench, Path.cwd()):
        sound = sound and finding.ok
        typer.secho(finding.line, fg=None if finding.ok else "red")
    if sound and wiring:
        from rig.cli.wiring_check import check_wiring

        for result in check_wiring(bench, Path.cwd()):
            sound = sound and not result.problem and not result.skipped
            typer.secho(result.line, fg=None if not result.problem else "red")
    if sound and latency:
        from rig.cli.latency_check import measure_latency

        for finding in _latencies(measure_latency(bench, bench_root(Path.cwd()))):
            typer.echo(finding.line)
    if not sound:
        raise typer.Exit(EXIT_FAILURE)


def _latencies(measured: Latency) -> Iterator[Finding]:
    for subject, what, spread in (
        ("stamps", "error of a time between two edges", measured.stamp),
        ("edges", "time from an edge until a waiting test continues", measured.edge),
    ):
        figures = f"median {spread.median:.3f} ms, 95 % {spread.p95:.3f} ms, worst {spread.worst:.3f} ms"
        yield Finding(subject, f"{what}: {figures}, of {measured.edges} edges")


def examine(path: Path, root: Path) -> Iterator[Finding]:
    """Check a bench.

    Args:
        path: the bench description.
        root: the project's folder.
    """
    yield Finding("safety", SAFETY)
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("python", version, "" if sys.version_info >= (3, 11) else f"{version} is too old: 3.11 or newer")
    try:
        description = load_for(root, path)
    except DescriptionError as error:
        yield Finding("description", problem=str(error))
        return
    yield Finding("description", f"{path}: bench {description.name} of kind {description.kind}")
    if description.psk_path is not None:
        yield _passphrase(description)
    yield _csms_port(description)
    yield _folder("folder", root)
    project, root = root, bench_root(root)
    for folder in (root / ".plugbench", root / "build", project / "reports"):  # the rig writes to these
        yield _folder(folder.name, folder)
    if description.device.firmware == "host":
        yield _sources(root)
        for tool, package in (("g++", "g++"), ("strip", "binutils")):
            yield _tool(tool, f"Debian's package {package} has it")
        for tool in ("cmake", "ninja"):
            yield _tool(tool, "`make setup` installs it")
    else:
        yield _firmware(description.device.firmware, root)
    if description.kind == "emulator":
        yield _emulator(description)
    if description.kind == "pi":
        yield _serial_port(description.console.port or "")
        yield _pins(description)
        if isinstance(description.network.access_point, NmcliAccessPoint):
            yield _tool("nmcli", "Debian's package network-manager has it")


def _emulator(description: Description) -> Finding:
    from rig.wiring.emulator.qemu import find_qemu

    try:
        has_pins = bool(description.inputs or description.leds or description.outputs)
        qemu = find_qemu(description.emulator.qemu, description.device.board, with_pins=has_pins)
    except BenchError as error:
        return Finding("emulator", problem=str(error))
    return Finding("emulator", str(qemu.program))


def _firmware(source: str, root: Path) -> Finding:
    from rig.firmware.build import check_source

    try:
        check_source(source, root)
    except BenchError as error:
        return Finding("firmware", problem=str(error))
    return Finding("firmware", source)


def _passphrase(description: Description) -> Finding:
    try:
        description.psk()
    except DescriptionError as error:
        return Finding("passphrase", problem=str(error))
    return Finding("passphrase", f"in {description.psk_path}")


def _csms_port(description: Description) -> Finding:
    from rig.util.tcp import Port

    host, port = description.csms.host, description.csms.port
    try:
        Port(host, port, "the bench's proxy").close()
    except BenchError as error:
        why = error.__cause__
        off_air = isinstance(why, OSError) and why.errno == errno.EADDRNOTAVAIL
        if off_air and not isinstance(description.network.access_point, NoAccessPoint):
            return Finding("csms.port", f"{host} port {port} (checked when the access point is on)")
        return Finding("csms.port", problem=f"{description.path}: csms.{'host' if off_air else 'port'}: {error}")
    return Finding("csms.port", f"{host} port {port} is free" if port else f"{host}, with a free port for each session")


def _folder(subject: str, path: Path) -> Finding:
    """Check that a folder can be written to. A missing folder is created later; its parent is checked, too."""
    if not path.exists():
        return Finding(subject, "is created when it is needed")
    try:
        make_writable(path)
    except BenchError as error:
        return Finding(subject, problem=str(error))
    return Finding(subject, f"{path} can be written to")


def _sources(root: Path) -> Finding:
    from rig.firmware.build import host_project

    try:
        return Finding("firmware", str(host_project(root)))
    except BenchError as error:
        return Finding("firmware", problem=str(error))


def _tool(name: str, fix: str) -> Finding:
    beside = Path(sys.executable).parent / name
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which(name)
    return Finding(name, found or "", "" if found else f"not installed: {fix}")


def _serial_port(device: str) -> Finding:
    if "://" in device:
        return Finding("serial port", f"{device} (checked when it is opened)")
    if not Path(device).exists():
        there = ", ".join(sorted(str(found) for found in Path("/dev").glob("tty[UA][SC]*"))) or "none"
        return Finding("serial port", problem=f"console.port: {device} does not exist. Existing serial ports: {there}")
    if not os.access(device, os.R_OK | os.W_OK):
        return Finding("serial port", problem=f"console.port: no permission for {device}: join the group dialout")
    return Finding("serial port", device)


def _pins(description: Description) -> Finding:
    from rig.wiring.pins import open_factory

    try:
        factory = open_factory("lgpio")
    except BenchError as error:
        return Finding("pins", problem=str(error))
    try:
        for _, wire in description.wires():
            factory.pin(wire.pin)
    except Exception as error:  # gpiozero's and lgpio's errors have no common base
        return Finding("pins", problem=f"{type(error).__name__}: {error}")
    finally:
        factory.close()
    return Finding("pins", f"{len(list(description.wires()))} pins are free")
