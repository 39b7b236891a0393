"""Steps that drive the bench and look at it. Without a bench a person does the same."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from rig.faults import CATALOGUE, by_name
from rig.faults.csms_alone import inject_at_csms
from rig.ocpp.versions import Version
from rig.scenarios.player import Player
from rig.scenarios.step import DURATION, FLAG, NAME, STEPS, TEXT, Problems, Schema, Values, step
from rig.scenarios.values import Unknown, seconds
from rig.util.errors import BenchError

WORD: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"}
RATE: Schema = {"type": "number", "exclusiveMinimum": 0}
PATTERNS: Schema = {"enum": ["on", "off", "blink", "double_flash"]}


@step("plug_in", options={"draws": FLAG})
def plug_in(player: Player, values: Values) -> None:
    """Plug the cable into the vehicle. With `draws: false` the vehicle requests no energy."""
    draws = values.get("draws", True)
    energy = "a vehicle that charges" if draws else "a vehicle that takes no energy"
    player.act(f"Plug the cable into {energy}", lambda _: player.driver.plug_in(draws=draws))


@step("unplug")
def unplug(player: Player, _: Values) -> None:
    """Unplug the cable."""
    player.act("Unplug the cable from the vehicle", lambda _: player.driver.unplug())


@step("rest")
def rest(player: Player, _: Values) -> None:
    """Let the vehicle stop drawing energy. The cable stays plugged in."""
    player.act("Let the vehicle stop charging, but leave it plugged in", lambda _: player.driver.rest())


@step("present_tag")
def present_tag(player: Player, _: Values) -> None:
    """Present the local idTag, `${tag}`, once."""
    player.act(f"Present the card {player.variable('tag')}", lambda _: player.driver.present_tag())


@step("draw", {"type": "integer", "minimum": 1, "description": "energy in Wh"}, options={"hz": RATE})
def draw(player: Player, values: Values) -> None:
    """Let the vehicle draw this energy, and wait until it has drawn all of it."""
    hz = values.get("hz", 100.0)
    player.act(
        f"Let the vehicle charge {values.subject} Wh", lambda _: player.driver.draw(values.subject, hz=float(hz)).wait()
    )


@step("emergency_stop", {"enum": ["pressed", "released"]})
def emergency_stop(player: Player, values: Values) -> None:
    """Press or release the emergency stop."""
    pressed = values.subject == "pressed"
    player.act(
        f"{'Press' if pressed else 'Release'} the emergency stop",
        lambda _: player.driver.press_emergency_stop() if pressed else player.driver.release_emergency_stop(),
    )


@step(
    "inputs",
    {
        "type": "object",
        "propertyNames": WORD,
        "additionalProperties": FLAG,
        "minProperties": 1,
        "description": "`true` or `false` for each input",
    },
)
def inputs(player: Player, values: Values) -> None:
    """Set inputs of the device, by their names in the bench description."""
    for name, level in values.subject.items():
        _set_input(player, name, level)


def _set_input(player: Player, name: str, level: bool) -> None:
    player.act(f"Set the input {name} {'on' if level else 'off'}", lambda bench: bench.inputs[name].set(level))


@step("power", {"enum": ["on", "off", "cycle"]})
def power(player: Player, values: Values) -> None:
    """Switch the supply of the device on or off; `cycle`: off and on."""
    words = {"on": "on", "off": "off", "cycle": "off, and on again after some seconds"}[values.subject]
    player.act(f"Switch the charge point {words}", lambda bench: getattr(bench.power, values.subject)())


@step(
    "output",
    {**WORD, "description": "the name of an output"},
    options={"is": FLAG, "steady": DURATION, "edge": FLAG, "as": NAME},
    required=["is"],
)
def output(player: Player, values: Values) -> None:
    """Wait until an output has a level. It must keep the level for `steady`; with `edge` it must change to the level.

    Only an edge after the last matched message counts.
    """
    name, level = values.subject, values.options["is"]
    state = {True: "on (closed)", False: "off (open)"}[level]

    def check(bench: Any) -> Any:
        if "steady" in values.options:
            bench.outputs[name].expect_steady(level, within=values.duration("steady", 0))
            return None
        return bench.outputs[name].expect(level, since=player.cursor if values.get("edge") else None)

    found = player.look(f"Is the {name} {state}?", check)
    if (variable := values.get("as")) and found is not None:
        player.saved[variable] = found


@step(
    "led",
    {**WORD, "description": "the name of an LED"},
    options={"shows": PATTERNS, "rate_hz": RATE},
    required=["shows"],
)
def led(player: Player, values: Values) -> None:
    """Wait until an LED shows a pattern."""
    rate = values.get("rate_hz")
    player.look(
        f"Does the LED {values.subject} show {values.options['shows']!r}{f' at {rate:g} Hz' if rate else ''}?",
        lambda bench: bench.leds[values.subject].expect(values.options["shows"], rate_hz=rate),
    )


def _expression(values: Values, _: Version) -> Problems:
    if isinstance(values.subject, Unknown):
        return
    try:
        re.compile(values.subject)
    except re.error as error:
        yield ("console",), f"the regular expression is wrong: {error}"


@step("console", {**TEXT, "description": "a regular expression"}, options={"timeout": DURATION}, problems=_expression)
def console(player: Player, values: Values) -> None:
    """Expect a line of the device's console that contains a match of the expression."""
    player.look(
        f"Has the console printed {values.subject!r}?",
        lambda bench: bench.console.expect(
            values.subject, since=player.cursor, timeout=player.until(values.duration("timeout", 5.0))
        ),
    )


def _fault(values: Values, _: Version) -> Problems:
    arguments = values.get("with", {})
    if any(isinstance(each, Unknown) for each in arguments.values()):
        return  # the values are known when the step is played
    try:
        by_name(values.subject, **arguments)
    except BenchError as error:
        yield ("with",) if values.get("with") else (), str(error)


@step(
    "fault",
    {"enum": sorted(CATALOGUE)},
    options={"with": {"type": "object", "description": "arguments of the fault"}, "during": STEPS},
    required=["during"],
    problems=_fault,
)
def fault(player: Player, values: Values) -> None:
    """Inject a fault of the catalogue during steps."""
    kind = by_name(values.subject, **values.get("with", {}))
    steps = values.options["during"]
    if player.stage.bench is not None:
        with player.stage.bench.inject(kind):
            player.play(steps)
        return
    if kind.on_csms:
        with inject_at_csms(player.stage.csms, kind, player.stage.files):
            player.play(steps)
        return
    player.act(f"Begin: {kind.summary}", lambda _: None)
    player.play(steps)
    player.act(f"End: {kind.summary}", lambda _: None)


@step("reboot", STEPS)
def reboot(player: Player, values: Values) -> None:
    """Play steps during which the device reboots once, and wait until the device has booted."""
    with _announced(player):
        player.play(values.subject)


@contextlib.contextmanager
def _announced(player: Player) -> Iterator[None]:
    if player.stage.device is None:
        yield
        return
    with player.stage.device.expecting_reboot():
        yield


@step(
    "settings",
    {
        "type": "object",
        "propertyNames": WORD,
        "additionalProperties": {"type": ["string", "integer", "boolean"]},
        "description": "values by name",
    },
)
def settings(player: Player, values: Values) -> None:
    """Provision the device with settings for which OCPP has no key. The next test restores the settings."""
    device = player.stage.device
    if device is not None:
        device.configure(**values.subject)
        player.cursor = player.timeline.mark()
        return
    wanted = ", ".join(f"{key} = {value}" for key, value in values.subject.items())
    player.act(f"Configure the charge point: {wanted}", lambda _: None)


@step(
    "status",
    {"type": "object", "propertyNames": WORD, "minProperties": 1, "description": "values by name"},
    options={"timeout": DURATION},
)
def status(player: Player, values: Values) -> None:
    """Wait until the device reports this status on its console."""
    wanted = ", ".join(f"{key} = {value}" for key, value in values.subject.items())
    timeout = values.duration("timeout", 10.0)
    player.look(
        f"Is the status of the charge point {wanted}?",
        lambda _: player.with_device("status").wait_status(timeout=player.until(timeout), **values.subject),
    )


@step("wait", DURATION)
def wait(player: Player, values: Values) -> None:
    """Let bench time pass."""
    player.wait(seconds(values.subject))


@step("note", {**TEXT, "description": "the request"})
def note(player: Player, values: Values) -> None:
    """Ask a person to do something that a bench cannot do, and record the request on the timeline."""
    player.act(values.subject, lambda _: None)
