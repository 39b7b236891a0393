"""The prompt of `rig csms serve`: the calls of the live socket, with completion, history and a line for each answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import readline
import shlex
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import orjson
from rich.text import Text

from rig.live.client import Client, clients
from rig.ocpp import schemas
from rig.ocpp.versions import V16, VERSIONS
from rig.util.errors import BenchError, DeviceError
from rig.util.terminal import Terminal
from rig.util.text import visible

PROMPT = "csms> "
_MOST_QUOTED = 80  # characters of a word in a message
_OWN = {
    "help": "list the calls, or the arguments of one: help csms.call",
    "state": "print the state of the CSMS",
    "quit": "end the CSMS",
}
_TO_LINE_START = "\r\x1b[K"
"""Return to the first column and erase the line (ECMA-48 sections 8.3.15 and 8.3.41)."""


class PromptedTerminal(Terminal):
    """A terminal whose lines appear above the prompt while a prompt is shown.

    Args:
        on_gone: as for `Terminal`.
    """

    def __init__(self, on_gone: Callable[[], None] = lambda: None) -> None:
        super().__init__(on_gone)
        self.is_prompting = False

    def print(self, *objects: Any, **how: Any) -> None:
        """Print above the prompt."""
        with self._above_the_prompt():
            super().print(*objects, **how)

    def print_line(self, *parts: tuple[str, str], are_masked: bool = False) -> None:
        """Print a line above the prompt."""
        if not self.is_prompting:
            super().print_line(*parts, are_masked=are_masked)
            return
        with self._above_the_prompt():
            super().print_line(*parts, are_masked=are_masked)

    @contextlib.contextmanager
    def _above_the_prompt(self) -> Iterator[None]:
        """Remove the prompt, and show it with the typed text again afterwards."""
        if not self.is_prompting:
            yield
            return
        sys.stdout.write(_TO_LINE_START)
        yield
        sys.stdout.write(f"{PROMPT}{readline.get_line_buffer()}")
        sys.stdout.flush()


class Calls:
    """The calls of a live socket, as lines of text.

    Args:
        described: the calls by name (docs/live.md#requests).
        charge_points: returns the sub-protocols of the known charge points by identity, for the completion.
    """

    def __init__(self, described: Mapping[str, Any], charge_points: Callable[[], Mapping[str, str]] = dict) -> None:
        self._described = described
        self._charge_points = charge_points

    def parse(self, line: str) -> tuple[str, dict[str, Any]]:
        """Return the call and the arguments of a line: `NAME [KEY=VALUE]...`, with values as JSON or as text.

        Raises:
            BenchError: the line is not a call.
        """
        try:
            name, *pairs = _words(line)
        except ValueError as error:
            raise BenchError(f"the line cannot be read: {error}", "Close the quotes") from None
        if name not in self._described:
            raise BenchError(f"there is no call {_shortened(name)!r}", "`help` lists the calls; Tab completes them")
        known = self._described[name]["arguments"]
        arguments = {}
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if not equals:
                raise BenchError(
                    f"{_shortened(pair)!r} is not an argument of {name}", f"Write KEY=VALUE, KEY: {_listed(known)}"
                )
            if key in arguments:
                raise BenchError(f"{name} has the argument {_shortened(key)!r} twice", "Give it once")
            arguments[key] = _value(value, known.get(key, {}).get("type", ""))
        return name, arguments

    def help(self, name: str = "") -> str:
        """Return the calls with their summaries, or the arguments of one call."""
        if name not in self._described:
            calls = {**_OWN, **{call: described["summary"] for call, described in self._described.items()}}
            return "\n".join(f"{call:20} {summary}" for call, summary in calls.items())
        lines = [f"{name}: {self._described[name]['summary']}"]
        for key, described in self._described[name]["arguments"].items():
            default = "required" if described["required"] else f"default {json.dumps(described['default'])}"
            lines.append(f"  {key}: {described['type']}, {default}")
        return "\n".join(lines)

    def completions(self, before: str, word: str) -> list[str]:
        """Return the completions of a word.

        Args:
            before: the line before the word.
            word: the beginning of the word.
        """
        words = before.split()
        if not words or words == ["help"]:
            return [f"{name} " for name in (*_OWN, *self._described) if name.startswith(word)]
        known = self._described.get(words[0], {}).get("arguments", {})
        key, equals, beginning = word.partition("=")
        if not equals:
            used = {given.partition("=")[0] for given in words[1:]}
            return [f"{name}=" for name in known if name.startswith(word) and name not in used]
        values = self._values(key, known.get(key, {}), words)
        return [f"{key}={value} " for value in values if value.startswith(beginning)]

    def _values(self, key: str, described: Mapping[str, Any], words: list[str]) -> list[str]:
        if "choices" in described:
            return list(described["choices"])
        if described.get("type") == "bool":
            return ["true", "false"]
        if key == "action":
            return self._actions(words, to_charge_point=words[0] == "csms.call")
        return list(self._charge_points()) if key == "charge_point" else []

    def _actions(self, words: list[str], *, to_charge_point: bool) -> list[str]:
        """Return the actions of the charge point that the line names; if it names none, of all charge points.

        Args:
            words: the words of the line.
            to_charge_point: whether to return the actions that a CSMS calls, or those that a charge point calls.
        """
        points = self._charge_points()
        named = (word.removeprefix("charge_point=") for word in words if word.startswith("charge_point="))
        protocols = {points[name] for name in named if name in points} or set(points.values())
        versions = [VERSIONS[protocol] for protocol in protocols if protocol in VERSIONS] or [V16]
        found = (schemas.to_charge_point(each) if to_charge_point else each.from_charge_point for each in versions)
        return sorted(frozenset[str]().union(*found))


def begin_prompt(terminal: PromptedTerminal, loop: asyncio.AbstractEventLoop, end: Callable[[], None]) -> None:
    """Read calls from the terminal in a thread, and make them on the live socket of this process.

    Args:
        terminal: prints the answers.
        loop: the loop of the CSMS.
        end: called on that loop after `quit` or the end of the input.
    """
    found = clients(pid=os.getpid())
    if found:
        thread = threading.Thread(
            target=_read, args=(found[0], terminal, lambda: loop.call_soon_threadsafe(end)), name="prompt", daemon=True
        )
        thread.start()


def _read(client: Client, terminal: PromptedTerminal, ended: Callable[[], object]) -> None:
    def charge_points() -> dict[str, str]:
        points = client.request("state")["csms"]["charge_points"]
        return {name: point["protocol"] for name, point in points.items()}

    calls = Calls(client.request("calls"), charge_points)
    _complete_with(calls)
    try:
        while True:
            terminal.is_prompting = True
            line = input(PROMPT).strip()
            terminal.is_prompting = False
            if line in ("quit", "exit"):
                break
            if line:
                terminal.print(_answered(client, calls, line))
    except EOFError:
        pass
    finally:
        terminal.is_prompting = False
        ended()


def _answered(client: Client, calls: Calls, line: str) -> Text:
    """Carry out a line, and return the answer for the terminal."""
    try:
        if line.split()[0] == "help":
            return Text(calls.help(line[len("help") :].strip()))
        if line == "state":
            return Text(visible(json.dumps(client.request("state")["csms"], ensure_ascii=False)))
        name, arguments = calls.parse(line)
        result = client.call(name, arguments, by="prompt")
        return Text(visible(json.dumps(result, ensure_ascii=False)) if result is not None else "done", style="cyan")
    except (BenchError, DeviceError) as error:
        return Text(visible(str(error)), style="red")


def _complete_with(calls: Calls) -> None:
    """Let readline complete calls. The history is in memory only, because lines may hold secrets."""
    found: list[str] = []

    def complete(word: str, number: int) -> str | None:
        nonlocal found
        if number == 0:
            try:
                found = calls.completions(readline.get_line_buffer()[: readline.get_begidx()], word)
            except (BenchError, DeviceError):
                found = []
        return found[number] if number < len(found) else None

    readline.set_completer_delims(" ")
    readline.set_completer(complete)
    readline.parse_and_bind("tab: complete")


def _words(line: str) -> list[str]:
    """Split a line at its spaces, except at spaces in quotes or in JSON."""
    if any(f"{before}'" in f" {line}" for before in (" ", "=")):
        return shlex.split(line)
    words: list[str] = []
    for word in line.split():
        if words and not _is_whole(words[-1]):
            words[-1] += f" {word}"
        else:
            words.append(word)
    return words if all(map(_is_whole, words)) else shlex.split(line)


def _is_whole(word: str) -> bool:
    """Return whether the value of `KEY=VALUE` is complete JSON, or plain text."""
    _, _, value = word.partition("=")
    if not value.startswith(("{", "[", '"')):
        return True
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return False
    return True


def _value(text: str, kind: str) -> Any:
    """Read a value: as text if the argument is a text, and otherwise as JSON."""
    if kind == "str" and not text.startswith('"'):
        return None if text == "null" else text
    if kind == "bool" and text.lower() in ("true", "false"):  # messages of the rig write False, as Python
        return text.lower() == "true"
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _shortened(text: str) -> str:
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}…"


def _listed(arguments: Mapping[str, Any]) -> str:
    return ", ".join(arguments) or "none"
