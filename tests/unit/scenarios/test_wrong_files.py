"""Wrong scenario files: the message has file, line and column, and the allowed content."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rig.scenarios import ScenarioError, load
from tests.unit.scenarios.conftest import Load

HEAD = "scenario: a test\nsteps:\n"


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("scenario: [", "1:12", "this is not YAML"),
        ("scenario: a\nscenario: b\nsteps: [plug_in]\n", "2:1", "duplicate key"),
        ("steps: [plug_in]\n", "1:1", "'scenario' is missing"),
        ("scenario: a\nsteps: []\n", "2:1", "at least one step"),
        ("scenario: a\nstep: [plug_in]\n", "2:1", "did you mean 'steps'?"),
        ("scenario: a\nrequires: [time travel]\nsteps: [plug_in]\n", "2:12", "smart charging"),
        ("scenario: a\ntime_limit: 5\nsteps: [plug_in]\n", "2:1", "such as 5 min"),
        (HEAD + "  - plug_inn\n", "3:5", "did you mean 'plug_in'? Allowed: "),
        (HEAD + "  - expect\n", "3:5", "needs a value"),
        ("scenario: a\ntime_limit: 0 s\nsteps: [plug_in]\n", "2:1", "such as 5 min"),
        ("scenario: a\ntime_limit: 0.00 min\nsteps: [plug_in]\n", "2:1", "such as 5 min"),
        (HEAD + "  - within: 0 s\n    steps: [plug_in]\n", "3:5", "more than 0"),
        (HEAD + "  - transaction: {gapless: 0 ms}\n", "3:19", "does not match"),
        (
            HEAD + "  - expect: BootNotification\n    save: {a: chargePointModle}\n",
            "4:12",
            "BootNotification has no field 'chargePointModle': did you mean 'chargePointModel'? Its fields: ",
        ),
        (
            HEAD + "  - expect: MeterValues\n    save: {a: meterValue.0.sampledValue.0.valeu}\n",
            "4:12",
            "MeterValues.meterValue[0].sampledValue[0] has no field 'valeu': did you mean 'value'?",
        ),
        (
            HEAD + "  - expect: MeterValues\n    save: {a: meterValue.timestamp}\n",
            "4:12",
            "MeterValues.meterValue is an array: write an index such as 0, or KEY=VALUE, not 'timestamp'",
        ),
        (
            HEAD + "  - call: GetConfiguration\n    save: {a: configurationKey.kee=Name.value}\n",
            "4:12",
            "no field 'kee'",
        ),
        (HEAD + "  - call: Reset\n    save: {a: status.x}\n", "4:12", "Reset.status has no fields"),
        (HEAD + "  - call: Reset\n    save: {a: type}\n", "4:12", "Its fields: status"),
        (HEAD + "  - uploaded: x\n    save: {a: sha257}\n", "4:12", "did you mean 'sha256'?"),
        (HEAD + "  - issue_certificate: x\n    save: {a: key}\n", "4:12", "Allowed: chain"),
        (
            "scenario: a\nprotocol: ocpp2.0.1\nsteps:\n  - expect: TransactionEvent\n"
            "    save: {a: transactionInfo.transactionID}\n",
            "5:12",
            "did you mean 'transactionId'?",
        ),
        (HEAD + "  - expct: Heartbeat\n", "3:5", "did you mean 'expect'?"),
        (HEAD + "  - expect: Hartbeat\n", "3:5", "did you mean 'Heartbeat'?"),
        (HEAD + "  - expect: Heartbeat\n    wth: {}\n", "4:5", "did you mean 'with'? Allowed: with, timeout"),
        (HEAD + "  - output: contactor\n", "3:5", "needs the option 'is'"),
        (HEAD + "  - unplug: now\n", "3:5", "has no value"),
        (HEAD + "  - wait: 5\n", "3:5", "such as 500 ms, 20 s"),
        (
            HEAD + "  - expect: StatusNotification\n    with:\n      connectorId: 1\n      status: Prepared\n",
            "6:7",
            "did you mean 'Preparing'?",
        ),
        (HEAD + "  - expect: StatusNotification\n    with: {connectorID: 1}\n", "4:12", "did you mean 'connectorId'?"),
        (HEAD + "  - call: Reset\n    with: {type: Soft}\n    result: {status: Done}\n", "5:14", "Accepted"),
        (HEAD + "  - expect: Authorize\n    with: {idTag: {$match: x}}\n", "4:20", "Allowed: $matches"),
        (HEAD + "  - expect: Authorize\n    with: {idTag: {$matches: '('}}\n", "4:20", "regular expression"),
        (HEAD + '  - expect: Authorize\n    with: {idTag: "${card}"}\n', "3:5", "no variable 'card'. Allowed: "),
        (HEAD + "  - either:\n      - [plug_in]\n      - [unplug]\n", "4:10", "begins with `expect`"),
        (HEAD + "  - forbid: Heartbeat\n", "3:5", "`for`"),
        (HEAD + "  - fault: csms-gone\n", "3:5", "needs the option 'during'"),
        (HEAD + "  - fault: latency\n    with: {ms: soon}\n    during: [plug_in]\n", "4:5", "latency"),
        (HEAD + "  - within: 5 s\n    steps:\n      - plug_inn\n", "5:9", "did you mean 'plug_in'?"),
        (HEAD + "  - include: none.yaml\n", "3:5", "there is no file 'none.yaml'"),
        (HEAD + "  - include: s.yaml\n", "3:5", "includes itself"),
        (HEAD + '  - include: "a\\0b"\n', "3:5", "there is no file"),
        (HEAD + f"  - include: {'a' * 300}\n", "3:5", "there is no file"),
        (HEAD + "  - tags: {12345: Blocked}\n", "3:12", "a key is a text, not 12345. Put it in quotes"),
        (HEAD + "  - fault: latency\n    with: {name: x}\n    during: [plug_in]\n", "4:5", "It takes ms"),
        (HEAD + "  - call: Reset\n    error: Wrong\n", "4:5", "Allowed: FormationViolation"),
        (HEAD + "  - forbid: Heartbeet\n    for: 1 s\n", "3:5", "did you mean 'Heartbeat'?"),
        (HEAD + "  - call: Reset\n    with: {type: {$any: true}}\n", "4:19", "this payload is sent"),
        (HEAD + "  - expect: Authorize\n    with: {idTag: {$one_of: 5}}\n", "4:20", 'not of type "array"'),
        (
            HEAD + "  - expect: StatusNotification\n    with: {status: {$one_of: [Available, Prepared]}}\n",
            "4:12",
            "did you mean 'Preparing'?",
        ),
        (
            HEAD + "  - expect: StatusNotification\n    with: {connectorId: {$at_least: one}}\n",
            "4:26",
            "$at_least takes a number, not 'one'",
        ),
        (HEAD + "  - console: '['\n", "3:5", "the regular expression is wrong"),
        (HEAD + f"  - ping: {'ü' * 63}\n", "3:5", "at most 125 bytes"),
        (HEAD + "  - wait: 366 d\n", "3:5", "at most 365 d"),
        (HEAD + "  - draw: 5\n    hz: 0\n", "4:5", "less than or equal to the minimum"),
        (HEAD + "  - any_order:\n      - wait: 5 s\n", "4:9", "Allowed: expect, output, led"),
        (HEAD + "  - measure: {from: a, to: b}\n    is: 5 s\n", "3:5", "no step names an event 'a' by `as`"),
        (HEAD + "  - expect: Heartbeat\n    as: a\n  - measure: {from: a, to: a}\n", "5:5", "a limit of the time"),
        (HEAD + '  - note: "${Card}"\n', "3:5", "no variable 'Card'. Allowed: "),
        (HEAD + '  - tags: {"${card}": Blocked}\n', "3:5", "no variable 'card'. Allowed: "),
        ('scenario: a\nconfiguration: {A: "${b}"}\nsteps: [plug_in]\n', "2:17", "'b' is not a variable"),
        ("%YAML 1.1\n---\nscenario: a\n", "1:1", "no directives"),
        ("scenario: &a [x]\nsteps: *a\n", "1:11", "no anchors"),
        ("a: [*a]\n", "1:5", "no anchors (&) and aliases"),
        ("scenario: a\nsteps: !!python/object/apply:os.system [ls]\n", "2:8", "no tags"),
        ("scenario: a\nsteps: !!omap [a: 1]\n", "2:8", "no tags"),
        ("scenario: a\nsteps: !x [a]\n", "2:8", "no tags"),
        ("scenario: a\nsteps:\n  - <<: {plug_in: }\n", "3:5", "'<<' is not a step"),
        ("? {a: {b: [c]}}\n: d\n", "1:3", "a key is a text"),
        ("scenario: a\nsteps: " + "[" * 3000 + "]" * 3000, "2:58", "at most 50 levels"),
        ("scenario: a\nsteps: " + "- " * 3000, "2:8", "this is not YAML"),
        ("- " * 3000 + "x", "1:101", "at most 50 levels"),
        ("{a: " * 3000, "1:201", "at most 50 levels"),
        (f"scenario: a\ntime_limit: {'9' * 5000}\n", "2:13", "at most 100 digits"),
        (f"scenario: a\ntime_limit: 0x{'f' * 5000}\n", "2:13", "at most 100 digits"),
        ("scenario: a\nsettings: {x: .nan}\n", "2:12", "a number is finite"),
        ("scenario: a\nsettings: {x: 1e999}\n", "2:12", "a number is finite"),
        ('scenario: "\\ud800"\n', "1:11", "half of a surrogate pair"),
        ('scenario: "\\U00110000"\n', "1:1", "this is not YAML"),
        ("scenario: " + "a" * 100_000, "1:1", "more than 100,000 bytes"),
    ],
)
def test_a_wrong_file_is_named_with_place_and_remedy(read: Load, text: str, place: str, words: str) -> None:
    with pytest.raises(ScenarioError) as wrong:
        read(text)
    assert str(wrong.value).startswith(f"s.yaml:{place}: ")
    assert words in str(wrong.value)


def test_a_parameter_that_a_part_does_not_have_is_named(read: Load, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("part: a part\nparams: {tag: T}\nsteps: [plug_in]\n")
    with pytest.raises(ScenarioError, match=r"s\.yaml:4:12: 'tg' is not a parameter of p\.yaml: did you mean 'tag'"):
        read(HEAD + "  - include: p.yaml\n    with: {tg: X}\n")


def test_an_error_in_a_part_names_the_part(read: Load, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("part: a part\nsteps:\n  - plug_inn\n")
    with pytest.raises(ScenarioError, match=r"p\.yaml:3:5: 'plug_inn' is not a step"):
        read(HEAD + "  - include: p.yaml\n")


def test_a_date_is_a_text_as_in_yaml_1_2(read: Load) -> None:
    assert read("scenario: 2024-13-45\nsteps: [plug_in]\n").title == "2024-13-45"


@pytest.mark.parametrize("kind", ["device", "pipe", "folder"])
def test_only_regular_files_are_read(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "s.yaml"
    match kind:
        case "device":
            path.symlink_to("/dev/zero")
        case "pipe":
            os.mkfifo(path)
        case _:
            path.mkdir()
    with pytest.raises(ScenarioError, match=r"s\.yaml:1:1: the file cannot be read: not a file"):
        load(path, tmp_path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"gone\.yaml:1:1: the file cannot be read"):
        load(tmp_path / "gone.yaml", tmp_path)
