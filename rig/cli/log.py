"""`rig log`: the console of a device, and the events of a bench."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any

import typer

from rig.cli.attach import Session, attached
from rig.cli.options import AttachOption, JsonOption, PidOption
from rig.util.errors import BenchError

_LEVELS = "EWID"


class _Level(StrEnum):
    ERROR = "E"
    WARNING = "W"
    INFO = "I"
    DEBUG = "D"


def command(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Continue with new lines until Ctrl-C.")] = False,
    level: Annotated[_Level | None, typer.Option(help="Only lines of this level and worse.")] = None,
    feature: Annotated[str, typer.Option(metavar="TAG", help="Only lines of this feature of the device.")] = "",
    text: Annotated[str, typer.Option(metavar="REGEX", help="Only lines that match.")] = "",
    every: Annotated[bool, typer.Option("--events", help="Print the other events of the bench as well.")] = False,
    bench: AttachOption = None,
    pid: PidOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print the device's log; with --follow also new lines."""
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise BenchError(f"--text {text!r} is not a regular expression: {error}", "Escape special characters") from None
    chosen = _Filter(level, feature, pattern, every)
    with attached(bench, pid, "rig log") as session:
        session.switch_on()
        try:
            _print(session, chosen, follow=follow or session.is_own, as_json=as_json)
        except KeyboardInterrupt:
            return


class _Filter:
    def __init__(self, level: str | None, feature: str, pattern: re.Pattern[str], every: bool) -> None:
        self._levels = _LEVELS[: _LEVELS.index(level) + 1] if level is not None else ""
        self._feature = feature
        self._pattern = pattern
        self.every = every

    def takes(self, event: dict[str, Any], line: str) -> bool:
        """Return whether an event is shown.

        Args:
            event: the event.
            line: the text of the event.
        """
        if (self._levels or self._feature) and event["type"] != "log_line":
            return False
        return (
            (not self._levels or (event["level"] != "" and event["level"] in self._levels))
            and (not self._feature or event["tag"] == self._feature)
            and self._pattern.search(line) is not None
        )


def _print(session: Session, chosen: _Filter, *, follow: bool, as_json: bool) -> None:
    import json

    from rig.util.terminal import Terminal

    terminal = Terminal()
    session.client.request("subscribe", kinds=[] if chosen.every else ["log_line"], since=1)
    for message in session.client.pushed():
        if (lost := message.get("lost")) is not None:
            terminal.print(json.dumps(message) if as_json else f"… {lost} events are missing here", markup=False)
        elif (event := message.get("event")) is not None:
            line = event["text"] if event["type"] == "log_line" else _words(event)
            if line is not None and chosen.takes(event, line):
                shown = json.dumps(event) if as_json else f"{event['t'] / 1e9:12.3f} {line}"
                terminal.print(shown, markup=False, style=_STYLES.get(event.get("level", "")))
        elif "caught_up" in message and not follow:
            return
        if terminal.quiet:  # the reader of the output has ended
            return
    if not follow:
        raise BenchError(f"the bench ended meanwhile: {session.client.end}", "Its record is in the folder of its run")
    typer.echo(f"the bench ended: {session.client.end}", err=True)


def _words(event: dict[str, Any]) -> str | None:
    """Return an event other than a log line in words; None if it is not shown."""
    from rig.timeline.codec import event_of
    from rig.timeline.words import terminal_line

    return terminal_line(event_of(event))


_STYLES = {"E": "red", "W": "yellow"}
