"""The commands of `rig`, by group and name. This file imports nothing, so that `rig --help` is quick."""

from __future__ import annotations

from typing import NamedTuple

PROGRAM = "Plugbench: a bench that tests the firmware of OCPP charge points."
COMPLETE_VARIABLE = "_RIG_COMPLETE"
"""The environment variable by which the script of `rig completion` requests completions."""


class Command(NamedTuple):
    """A command.

    Attributes:
        module: the module whose function `command` runs it.
        summary: the first line of that function's docstring.
    """

    module: str
    summary: str


class Group(NamedTuple):
    """A group of commands.

    Attributes:
        summary: the subject of the commands.
        commands: the commands by name.
    """

    summary: str
    commands: dict[str, Command]


COMMANDS: dict[str, Command | Group] = {
    "doctor": Command("rig.cli.doctor", "Check everything that a bench needs, and print each problem with its remedy."),
    "fleet": Command(
        "rig.cli.fleet",
        "Run many virtual charge points, and measure how many reconnect in the busiest second after an outage.",
    ),
    "new": Command(
        "rig.cli.new", "Write bench descriptions, an adapter, first tests and a first scenario for your own firmware."
    ),
    "status": Command(
        "rig.cli.status",
        "Show the state of the open benches, or of the bench of --bench, which is opened if necessary.",
    ),
    "log": Group(
        "The log of a device. `rig log` without a command is `rig log show`.",
        {
            "show": Command("rig.cli.log", "Print the device's log; with --follow also new lines."),
            "fetch": Command(
                "rig.cli.log_fetch",
                "Print the log that a device has stored in its flash, the oldest line first (docs/log-format.md).",
            ),
        },
    ),
    "crash": Group(
        "The crashes of a device.",
        {
            "decode": Command(
                "rig.cli.crash_decode", "Print the crashes of a log, or a core dump, with functions and lines."
            ),
            "fetch": Command(
                "rig.cli.crash_fetch",
                "Save the core dump that a crashed device left in its flash, and print it with functions and lines.",
            ),
        },
    ),
    "power": Command("rig.cli.power", "Switch the board's supply, or reset the board."),
    "input": Command("rig.cli.input", "Set an input of the device, or show the inputs."),
    "led": Command("rig.cli.led", "Show the patterns of the LEDs."),
    "flash": Command(
        "rig.cli.flash",
        "Write those files of a firmware that differ from the flash, verify them, and boot the device.",
    ),
    "pause": Command("rig.cli.pause", "Hold a session of pytest before its next test, until `rig resume`."),
    "resume": Command("rig.cli.resume", "Continue a session of pytest that `rig pause` or --pause-on-fail holds."),
    "console": Command(
        "rig.cli.console",
        "Show a bench on a web page and operate it by hand, until Ctrl-C. Opens the bench if it is not open.",
    ),
    "record": Command(
        "rig.cli.record",
        "Record the acts at a bench and their effects until Ctrl-C, and write them as a test or as a scenario.",
    ),
    "snapshot": Command(
        "rig.cli.snapshot",
        "Write timeline, logs, state, settings and versions of an open bench to one file, without secrets.",
    ),
    "completion": Command("rig.cli.completion", "Print the script that completes commands in a shell."),
    "bench": Group(
        "Bench descriptions.",
        {
            "check": Command(
                "rig.cli.bench_check", "Validate a bench description, and its firmware if that is already built."
            )
        },
    ),
    "fault": Group(
        "The catalogue of faults.",
        {
            "list": Command(
                "rig.cli.fault_list",
                "List the faults with their effect, arguments and needs, and those active on an open bench.",
            ),
            "inject": Command(
                "rig.cli.fault_inject",
                "Inject a fault, remove it, and print the events. If no bench is open, open one and start the device.",
            ),
            "lift": Command("rig.cli.fault_lift", "Lift faults that were injected by hand on an open bench."),
        },
    ),
    "csms": Group(
        "The fake CSMS.",
        {
            "serve": Command("rig.cli.csms_serve", "Run the fake CSMS alone and print the traffic; Ctrl-C ends it."),
            "call": Command(
                "rig.cli.csms_call",
                "Call a charge point and print the payload of its answer as JSON, on one line with --json.",
            ),
            "answer": Command("rig.cli.csms_answer", "Replace the next answers of the CSMS to an action."),
            "api": Command(
                "rig.cli.csms_api", "Serve an HTTP API with OpenAPI for an open CSMS or bench, until Ctrl-C."
            ),
            "load": Command(
                "rig.cli.csms_load",
                "Let many charge points call any CSMS at a fixed rate, and print the answer times.",
            ),
            "play": Command(
                "rig.cli.csms_play",
                "Play scenarios against a charge point that connects. When asked, you act in place of a bench.",
            ),
        },
    ),
    "device": Group(
        "The virtual charge point.",
        {
            "run": Command(
                "rig.cli.device_run",
                "Run the virtual charge point with its console on the terminal, for any CSMS; Ctrl-C ends it.",
            )
        },
    ),
    "storage": Group(
        "The files that a device has stored.",
        {
            "show": Command(
                "rig.cli.storage_show",
                "Show each file of a device's storage: version, state and content, without secrets "
                "(firmware/FORMAT.md).",
            ),
            "convert": Command(
                "rig.cli.storage_convert",
                "Write the storage of a device in another format, and list the lost data (firmware/FORMAT.md).",
            ),
        },
    ),
    "report": Group(
        "Reports.",
        {
            "build": Command("rig.cli.report_build", "Make the pages of a run, or of any record."),
            "list": Command(
                "rig.cli.report_list", "List the runs in DIR/index.html, with links to the other reports in DIR."
            ),
        },
    ),
}
