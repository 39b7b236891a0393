"""`rig status`: the state of the open benches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from rig.cli.attach import attached, open_benches, print_json
from rig.cli.led import led_words
from rig.cli.options import AttachOption, JsonOption, PidOption


def command(
    bench: AttachOption = None,
    pid: PidOption = None,
    everywhere: Annotated[bool, typer.Option("--all", help="Also benches of programs in other folders.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show the state of the open benches, or of the bench of --bench, which is opened if necessary."""
    found = open_benches(bench, pid, everywhere=everywhere)
    states = []
    for client in found:
        with client:
            states.append(client.request("state"))
    if not states and (bench is not None or pid is not None):
        with attached(bench, pid, "rig status") as session:
            states.append(session.client.request("state"))
    if as_json:
        print_json(states)
        return
    if not states:
        typer.echo("no bench is open" + ("" if everywhere else " in this folder; `rig status --all` looks everywhere"))
    for state in states:
        for line in _lines(state):
            typer.echo(line)


def _lines(state: Mapping[str, Any]) -> Iterator[str]:
    live = state["live"]
    yield f"bench {live['bench']} of {live['path']}"
    yield f"  open in    {live['program']}, process {live['pid']}{_doing(live)}"
    for name, words in _WORDS.items():
        if (section := state.get(name)) and (shown := words(section)):
            yield f"  {name:10} {shown}"
    if live["driver"]:
        yield f"  acting     {live['driver']}"


def _doing(live: Mapping[str, Any]) -> str:
    if live["paused"]:
        return f": paused, {live['why_paused']}"
    if live["test"]:
        return f": runs {live['test']}{', pauses after it' if live['pause_requested'] else ''}"
    return ""


def _csms(section: Mapping[str, Any]) -> str:
    points = [
        " ".join(
            [
                name,
                "connected" if point["connected"] else "not connected",
                point["registration"],
                *(f"{number}:{status}" for number, status in point["connectors"].items()),
                *(f"transaction {number}" for number in point["transactions"]),
            ]
        )
        for name, point in section["charge_points"].items()
    ]
    listening = f"port {section['port']}" if section["listening"] else "does not listen"
    return "; ".join([listening, *points])


def _network(section: Mapping[str, Any]) -> str:
    parts = ["on the air" if section["on_air"] else "off the air", f"{section['connections']} connections"]
    if section["latency_ms"]:
        parts.append(f"latency {section['latency_ms']:g} ms")
    if section["black_hole"]:
        parts.append("black hole")
    if section["admission"] != "accept":
        parts.append(f"{section['admission']}s connections")
    return ", ".join(parts)


def _power(section: Mapping[str, Any]) -> str:
    rail = "" if section["rail"] is None else f", rail {'up' if section['rail'] else 'down'}"
    reset = ", in reset" if section["in_reset"] else ""
    return f"{'on' if section['is_on'] else 'off'}{rail}{reset}{_current(section.get('current'))}"


def _current(section: Mapping[str, Any] | None) -> str:
    if section is None:
        return ""
    if "trouble" in section:
        return f", {section['trouble']}"
    over = " or more" if section["overflow"] else ""
    return f", {section['milliamperes']:.1f} mA{over} at {section['volts']:.2f} V"


def _faults(section: list[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{fault['fault']} ({', '.join(f'{k}={v}' for k, v in fault['arguments'].items())}) by {fault['by']}"
        for fault in section
    )


def _device(section: Mapping[str, Any]) -> str:
    heap = section["telemetry"].get("heap_free")
    version = f"version {section['version']}" if section["version"] else "has not booted"
    return f"{version}{f', {heap:.0f} bytes of heap free' if heap is not None else ''}"


_WORDS: Mapping[str, Any] = {
    "bench": lambda s: s["trouble"] or ("" if s["is_open"] else "closed"),
    "power": _power,
    "device": _device,
    "inputs": lambda s: ", ".join(name for name, state in s.items() if state["on"]) or "all off",
    "outputs": lambda s: ", ".join(f"{name} {'on' if level else 'off'}" for name, level in s.items()),
    "leds": lambda s: "; ".join(f"{name} {led_words(led)}" for name, led in s.items()),
    "console": lambda s: f"{s['port']}{'' if s['is_open'] else ' (released for other programs)'}",
    "network": _network,
    "csms": _csms,
    "faults": _faults,
}
"""The words for each section of docs/live.md#state."""
