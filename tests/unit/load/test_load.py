"""A load on the fake CSMS, its figures and its limits."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Iterator

import pytest

from rig.csms import Csms
from rig.csms.frame_effects import Drop, ErrorInstead, WrongUniqueId
from rig.csms.wire import Selection
from rig.load.figures import Figures
from rig.load.histogram import Histogram
from rig.load.limits import Limit
from rig.load.points import Load, LoadAction, run
from rig.ocpp.versions import SubprotocolName
from rig.timeline import Timeline
from rig.timeline.events import OcppFrame
from rig.util.errors import AuthorError, BenchError
from rig.util.open_files import allow_open_files, raise_open_files


@pytest.fixture
def csms(timeline: Timeline, loop: asyncio.AbstractEventLoop) -> Iterator[Csms]:
    csms = Csms(timeline, loop)
    csms.start()
    yield csms
    csms.shut_down()


def put(
    csms: Csms, points: int = 3, rate: float = 60.0, action: LoadAction = "Heartbeat", timeout_s: float = 30.0
) -> Figures:
    """Put a load of one second on the CSMS."""
    url = csms.url("x").removesuffix("/x")
    return asyncio.run(run(Load(url, points, rate, 1.0, action, ramp=1000, timeout_s=timeout_s), lambda _: None))


@pytest.mark.parametrize("action", ["Heartbeat", "StatusNotification", "MeterValues"])
def test_points_register_and_call_at_the_rate(csms: Csms, action: LoadAction) -> None:
    """All frames of the load are valid. It plans no more calls than the rate, and each point awaits one answer."""
    figures = put(csms, action=action)
    assert figures.reached == 3
    assert figures.counts() == {"errors": 0, "timeouts": 0, "lost": 0, "refused": 0, "invalid": 0}
    assert 0 < figures.started <= 60
    assert figures.times.count >= figures.started - 3
    frames = csms.timeline.events(OcppFrame)
    assert [frame.error for frame in frames if frame.error] == []
    calls = [frame for frame in frames if frame.direction == "received" and frame.action == action]
    assert len(calls) == figures.started


@pytest.mark.parametrize("action", ["StatusNotification", "MeterValues"])
@pytest.mark.parametrize("protocol", ["ocpp2.0.1", "ocpp2.1"])
def test_points_speak_another_version(csms: Csms, protocol: SubprotocolName, action: LoadAction) -> None:
    url = csms.url("x").removesuffix("/x")
    figures = asyncio.run(run(Load(url, 1, 5.0, 1.0, action, ramp=1000, protocol=protocol), lambda _: None))
    assert figures.counts() == {"errors": 0, "timeouts": 0, "lost": 0, "refused": 0, "invalid": 0}
    frames = csms.timeline.events(OcppFrame)
    assert [frame.error for frame in frames if frame.error] == []
    assert action in {frame.action for frame in frames}


def test_failures_are_counted_by_kind(csms: Csms) -> None:
    """A CALLERROR, a wrong id and a missing answer are different failures."""
    with csms.tamper(ErrorInstead("SecurityError"), Selection(action="Heartbeat", times=2)):
        figures = put(csms, points=1, rate=20)
    assert (figures.call_errors, figures.counts()["errors"]) == (2, 2)
    assert figures.reasons == {"CALLERROR SecurityError": 2}
    with csms.tamper(WrongUniqueId(), Selection(action="Heartbeat", first=2, times=1)):
        figures = put(csms, points=1, rate=20, timeout_s=0.2)
    assert (figures.invalid, figures.timeouts) == (1, 1)
    with csms.tamper(Drop(), Selection(action="Heartbeat", first=2, times=1)):
        figures = put(csms, points=1, rate=20, timeout_s=0.2)
    assert (figures.timeouts, figures.lost, figures.invalid) == (1, 0, 0)


def test_a_late_answer_delays_the_planned_calls(csms: Csms) -> None:
    """The time of a call counts from its planned moment, so a stall is not hidden by the calls that it prevented."""
    with csms.hold("Heartbeat", charge_point="LOAD-1"):
        figures = put(csms, points=1, rate=20, timeout_s=0.5)
    assert figures.times.count == 0
    assert figures.timeouts >= 1


def test_a_lost_connection_is_counted_and_made_again(csms: Csms) -> None:
    dropped = []

    async def drop_after_a_while() -> Figures:
        load = Load(csms.url("x").removesuffix("/x"), 2, 20.0, 3.0, ramp=1000)
        loading = asyncio.create_task(run(load, lambda _: None))
        await asyncio.sleep(0.5)
        dropped.append(await asyncio.to_thread(csms.drop_connections))
        return await loading

    figures = asyncio.run(drop_after_a_while())
    assert dropped == [2]
    assert figures.lost == 2
    assert len(csms.timeline.events(OcppFrame, where=lambda f: f.action == "BootNotification")) == 8


def test_nobody_registers_at_a_csms_that_rejects(csms: Csms) -> None:
    csms.behaviour.registration = "Rejected"
    with pytest.raises(BenchError, match=r"could register at ws://.*: BootNotification was not accepted"):
        put(csms)


def test_too_many_connections_are_rejected_before_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 200))
    with pytest.raises(BenchError, match="500 connections need 564 open files, and the limit of this process is 200"):
        allow_open_files(564, "500 connections")


@pytest.mark.parametrize(("wanted", "raised"), [(150, [150]), (500, [200]), (80, [])])
def test_the_limit_of_open_files_is_raised_as_far_as_the_system_allows(
    monkeypatch: pytest.MonkeyPatch, wanted: int, raised: list[int]
) -> None:
    limits: list[int] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (100, 200))
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair[0]))
    raise_open_files(wanted)
    assert limits == raised


@pytest.mark.parametrize("seconds", [1e-6, 31e-6, 64e-6, 0.0123, 1.0, 86_400.0])
def test_a_percentile_is_within_three_percent(seconds: float) -> None:
    histogram = Histogram()
    for factor in range(1, 101):
        histogram.add(seconds * factor)
    assert histogram.percentile(50) == pytest.approx(seconds * 50, rel=0.04, abs=1.1e-6)
    assert histogram.percentile(100) == histogram.longest_s


def test_an_empty_histogram_has_no_times() -> None:
    assert Histogram().percentile(99) == 0


def test_limits_name_the_figures_that_exceed_them() -> None:
    figures = Figures(elapsed_s=1.0, timeouts=2)
    for number in range(1, 101):
        figures.times.add(number / 1000)
    assert Limit.parse("p50=60").exceeded(figures) == ""
    assert Limit.parse("p95=60").exceeded(figures).startswith("p95 is 9")
    assert Limit.parse("max=99").exceeded(figures) == "max is 100 ms, at most 99 ms is accepted"
    assert Limit.parse("rate=101").exceeded(figures) == "rate is 100 calls/s, at least 101 calls/s is accepted"
    assert Limit.parse("timeouts=1").exceeded(figures) == "timeouts is 2, at most 1 is accepted"
    assert Limit.parse("lost=0").exceeded(figures) == ""


@pytest.mark.parametrize("text", ["p95", "p101=1", "p0=1", "q=1", "p95=x", "max=-1", "rate=nan", "errors=inf"])
def test_a_wrong_limit_is_rejected(text: str) -> None:
    with pytest.raises(AuthorError, match="is not a limit such as p95=200"):
        Limit.parse(text)


@pytest.mark.parametrize(("limit", "code"), [("errors=0", 0), ("rate=1000", 1), ("soon", 2)])
def test_the_exit_code_says_whether_the_limits_are_met(csms: Csms, limit: str, code: int) -> None:
    url = csms.url("x").removesuffix("x")
    command = [sys.executable, "-c", "from rig.cli.start import main; main()", "csms", "load", url, "--json"]
    options = ["--points", "2", "--rate", "20", "--for", "1", "--limit", limit]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == code, done.stderr
    if code < 2:
        assert json.loads(done.stdout)["reached"] == 2
