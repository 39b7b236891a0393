"""The state of a bench in a few words, for the head of the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def chips(state: Mapping[str, Any]) -> list[str]:
    """Return the parts of the state that the head shows.

    Args:
        state: the state, as in docs/live.md#state; empty if no bench is open.
    """
    return list(_chips(state)) if state else ["no bench is open"]


def _chips(state: Mapping[str, Any]) -> Iterator[str]:
    live = state["live"]
    yield f"open in {live['program']}, process {live['pid']}"
    if live["clock"] == "stepped":
        yield "stepped time"
    if live["driver"]:
        yield f"acting: {live['driver']}"
    if device := state.get("device"):
        yield f"firmware {device['version']}" if device["version"] else "the device has not booted"
    if network := state.get("network"):
        yield f"{'on' if network['on_air'] else 'off'} the air, {network['connections']} connections"
    for name, point in state.get("csms", {}).get("charge_points", {}).items():
        connectors = ", ".join(f"{number} {status}" for number, status in point["connectors"].items())
        link = "connected" if point["connected"] else "not connected"
        yield f"{name} {link}{f': {connectors}' if connectors else ''}"


def session_words(live: Mapping[str, Any]) -> str:
    """Return the state of a session of tests, and whether a person may act; empty without a session.

    Args:
        live: the section `live` of the state; empty if no bench is open.
    """
    if live.get("paused"):
        return f"{live['program']} is paused: {live['why_paused']}. You may act."
    if live.get("test"):
        return f"{live['program']} runs {live['test']}. You can look, not act."
    return ""


def bench_trouble(state: Mapping[str, Any]) -> str:
    """Return the error of the bench, such as a serial port that has vanished; empty if it works.

    Args:
        state: the state, as in docs/live.md#state; empty if no bench is open.
    """
    trouble = state.get("bench", {}).get("trouble", "")
    if trouble and state["live"]["can_pause"]:
        return f"The bench failed: {trouble}. The session opens it again for its next test."
    return f"The bench failed: {trouble}" if trouble else ""
