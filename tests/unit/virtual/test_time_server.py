"""The time server in the board's network, with a device that asks it on command. Time is stepped."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from rig.util.clock import BenchClock
from tests.unit.conftest import STEPPED

from .conftest import Desk

pytestmark = STEPPED

HOUR_S = 3600


def unix_ms(clock: BenchClock) -> int:
    return (clock.utc() - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def ask(desk: Desk) -> None:
    """Let the device send a question. The board has it when this returns."""
    desk.port.send("sntp ntp.example")
    desk.port.expect("= sntp ntp.example")
    desk.wiring.hooks.leak(0)  # its confirmation by the device follows the question


def answers(desk: Desk) -> list[int]:
    """Return the times that the device has received so far, in ms since 1970."""
    return [int(found) for found in re.findall(r"board: sntp (-?\d+)", desk.port.read())]


def test_an_answer_has_the_time_of_the_bench(running, clock):
    asked = unix_ms(clock)
    ask(running)
    clock.settle()
    assert answers(running) == [asked]


def test_a_slow_answer_has_the_time_of_its_question(running, clock):
    running.wiring.hooks.time_server.slow_down(5_000)
    asked = unix_ms(clock)
    ask(running)
    clock.deadline(4.999).wait_out()
    assert answers(running) == []
    clock.deadline(0.001).wait_out()
    clock.settle()
    assert answers(running) == [asked]


def test_a_server_that_is_gone_answers_only_questions_after_its_return(running, clock):
    server = running.wiring.hooks.time_server
    server.appear(False)
    ask(running)
    clock.deadline(HOUR_S).wait_out()
    server.appear(True)
    clock.settle()
    assert answers(running) == []
    asked = unix_ms(clock)
    ask(running)
    clock.settle()
    assert answers(running) == [asked]


@pytest.mark.parametrize("seconds", [HOUR_S, -HOUR_S])
def test_a_step_changes_the_time_of_later_answers(running, clock, seconds):
    asked = unix_ms(clock)
    ask(running)
    running.wiring.hooks.time_server.step(seconds)
    ask(running)
    clock.settle()
    assert answers(running) == [asked, asked + 1000 * seconds]


def test_a_reboot_discards_the_answer_but_not_the_delay(running, clock):
    running.wiring.hooks.time_server.slow_down(5_000)
    ask(running)
    running.press_reset()
    running.port.expect("reset=external")
    running.port.expect("board: go")
    clock.deadline(6).wait_out()
    clock.settle()
    assert answers(running) == []
    asked = unix_ms(clock)
    ask(running)
    clock.deadline(5).wait_out()
    clock.settle()
    assert answers(running) == [asked]
