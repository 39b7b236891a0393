"""The catalogue of faults, on a bench that only records calls."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, fields
from types import SimpleNamespace
from typing import Any

import pytest

from rig import faults
from rig.csms.behaviour import Behaviour
from rig.timeline import Timeline
from rig.timeline.events import BenchTrouble, FaultInjected, FaultLifted
from rig.util.errors import BenchError

ALL = frozenset({"power", "control.en", "access_point", "test_hooks", "files"})


NORMAL = {
    "is_on": True,
    "in_reset": False,
    "on_air": True,
    "admission": "accept",
    "is_black_hole": False,
    "delay": (0, 0, 0),
    "is_listening": True,
    "erase_ms": 0,
    "flash_is_full": False,
    "leaking": 0,
    "supply_mv": 3_300,
    "refusal": 0,
    "events": ("normal", 0),
    "gives_leases": True,
    "silence_ms": 0,
    "is_present": True,
    "delay_ms": 0,
    "offset_s": 0,
}
"""The state of a bench that no fault has changed."""


class Notes:
    """Records each call as `part.method(arguments)`. A call in `failing` raises after it was recorded.

    A call that only reads a part's state returns the value in `NORMAL`.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.failing: set[str] = set()

    def part(self, name: str) -> Any:
        notes = self

        class Part:
            def __getattr__(self, method: str) -> Any:
                if method in NORMAL:
                    return NORMAL[method]
                if method in {"radio", "time_server"}:
                    return notes.part(f"{name}.{method}")

                def call(*arguments: Any) -> None:
                    text = f"{name}.{method}({', '.join(map(repr, arguments))})"
                    notes.calls.append(text)
                    if text in notes.failing:
                        raise BenchError(f"{text} failed")

                return call

        return Part()


SELECTION = "Selection(direction='received', action='Heartbeat', kind='call', first=2, times=3, chance=50, seed=9)"
CONTEXTS = ("silence", "no_pong", "ping_flood", "trickle", "refuse", "malform_handshakes", "malform_answers", "tamper")
"""The methods of the CSMS that are context managers."""
OF_FILES = "Selection(path='*.bin', kind='download', first=2, times=3, chance=50, seed=9)"


class NotedContexts:
    """A part of a bench with methods that are context managers."""

    def __init__(self, notes: Notes, name: str, contexts: tuple[str, ...]) -> None:
        self._part = notes.part(name)
        self._contexts = contexts

    def __getattr__(self, method: str) -> Any:
        if method not in self._contexts:
            return getattr(self._part, method)

        @contextlib.contextmanager
        def context(*arguments: Any, **_: Any) -> Iterator[None]:
            getattr(self._part, method)(*arguments)
            yield
            getattr(self._part, f"end_{method}")()

        return context


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def bench(notes: Notes) -> Any:
    return SimpleNamespace(
        timeline=Timeline(),
        power=notes.part("power"),
        network=notes.part("network"),
        csms=NotedContexts(notes, "csms", CONTEXTS),
        files=NotedContexts(notes, "files", ("fail", "certificate")),
        wiring=SimpleNamespace(hooks=notes.part("hooks")),
        capabilities=ALL,
    )


@pytest.mark.parametrize(
    ("fault", "begins", "ends"),
    [
        (faults.PowerCut(), ["power.off()"], ["power.on()"]),
        (faults.Reset(), ["power.hold_reset(True)"], ["power.hold_reset(False)"]),
        (faults.BrownOut(), ["hooks.brown_out()"], []),
        (
            faults.TornWrite(3, "random", 9),
            ["hooks.tear_flash(3, 'random', 9)"],
            ["hooks.disarm_tear()", "power.off()", "power.on()"],
        ),
        (faults.LowSupply(2_600), ["hooks.set_supply(2600)"], ["hooks.set_supply(3300)"]),
        (faults.SlowErase(400), ["hooks.slow_erase(400)"], ["hooks.slow_erase(0)"]),
        (faults.FlashFull(), ["hooks.fill_flash(True)"], ["hooks.fill_flash(False)"]),
        (faults.HeapLeak(64), ["hooks.leak(64)"], ["hooks.leak(0)"]),
        (faults.AccessPointGone(), ["network.down()"], ["network.up()"]),
        (
            faults.WifiRejected(15),
            ["hooks.radio.refuse(15)", "hooks.radio.kick(15)"],
            ["hooks.radio.refuse(0)"],
        ),
        (faults.WifiKick(4), ["hooks.radio.kick(4)"], []),
        (faults.WifiEvents("twice", 5), ["hooks.radio.report('twice', 5)"], ["hooks.radio.report('normal', 0)"]),
        (faults.LeaseLost(), ["hooks.radio.give_leases(False)"], ["hooks.radio.give_leases(True)"]),
        (
            faults.WifiSilence(90),
            ["hooks.radio.require_silence(90000)", "hooks.radio.kick(200)"],
            ["hooks.radio.require_silence(0)"],
        ),
        (
            faults.TimeServerGone(),
            ["hooks.time_server.appear(False)"],
            ["hooks.time_server.appear(True)"],
        ),
        (faults.TimeServerSlow(9), ["hooks.time_server.slow_down(9)"], ["hooks.time_server.slow_down(0)"]),
        (faults.TimeServerJump(-9), ["hooks.time_server.step(-9)"], ["hooks.time_server.step(0)"]),
        (faults.BlackHole(), ["network.black_hole(True)"], ["network.black_hole(False)"]),
        (faults.Latency(50, 5, 1), ["network.latency(50, 5, 1)"], ["network.latency(0, 0, 0)"]),
        (faults.ConnectionDrop(), ["network.drop_connections()"], []),
        (
            faults.CsmsGone(),
            ["network.admit('refuse')", "csms.stop()", "network.drop_connections()"],
            ["csms.start()", "network.admit('accept')"],
        ),
        (
            faults.CsmsRestart(),
            ["csms.stop(1012, 'service restart')", "csms.start()"],
            ["csms.start()"],
        ),
        (faults.CsmsSilent(), ["csms.silence()"], ["csms.end_silence()"]),
        (faults.NoPong(), ["csms.no_pong()"], ["csms.end_no_pong()"]),
        (faults.PingFlood(7), ["csms.ping_flood(7)"], ["csms.end_ping_flood()"]),
        (faults.Trickle(3), ["csms.trickle(3)"], ["csms.end_trickle()"]),
        (faults.WebSocketClose(4000, "x"), ["csms.close_all(4000, 'x')"], []),
        (
            faults.FrameDelay("received", "Heartbeat", "call", 2, 3, 50, 9, seconds=4),
            ["csms.tamper(Delay(seconds=4), " + SELECTION + ")"],
            ["csms.end_tamper()"],
        ),
        (
            faults.SynIgnored(),
            ["network.admit('ignore')", "network.drop_connections()"],
            ["network.admit('accept')"],
        ),
        (
            faults.BadHandshake("garbage"),
            ["csms.malform_handshakes('garbage')", "network.drop_connections()"],
            ["csms.end_malform_handshakes()", "network.drop_connections()"],
        ),
        (faults.BadAnswers("wrong-id"), ["csms.malform_answers('wrong-id')"], ["csms.end_malform_answers()"]),
        (
            faults.FileCut("*.bin", "download", 2, 3, 50, 9, after=10, end="reset"),
            ["files.fail(Cut(after=10, end='reset'), " + OF_FILES + ")"],
            ["files.end_fail()"],
        ),
        (faults.FileCertificate("expired"), ["files.certificate('expired')"], ["files.end_certificate()"]),
        (faults.HttpRefusal(429), ["csms.refuse(429, 0, '')", "network.drop_connections()"], ["csms.end_refuse()"]),
    ],
    ids=lambda value: value.name if isinstance(value, faults.Fault) else "",
)
def test_a_fault_is_applied_and_lifted(
    bench: Any, notes: Notes, fault: faults.Fault, begins: list[str], ends: list[str]
) -> None:
    with faults.inject(bench, fault) as injected:
        assert notes.calls == begins
        assert bench.timeline.last(FaultLifted) is None
    assert notes.calls == begins + ends
    assert (injected.fault, injected.arguments) == (fault.name, fault.arguments())
    lifted = bench.timeline.last(FaultLifted)
    assert (lifted.fault, lifted.injected) == (fault.name, injected.id)
    assert lifted.t > injected.t


def test_a_fault_is_lifted_when_the_block_fails(bench: Any, notes: Notes) -> None:
    with pytest.raises(ZeroDivisionError), faults.inject(bench, faults.PowerCut()):
        raise ZeroDivisionError
    assert notes.calls == ["power.off()", "power.on()"]
    assert bench.timeline.last(FaultLifted) is not None


def test_a_fault_is_lifted_when_it_fails_to_begin(bench: Any, notes: Notes) -> None:
    notes.failing.add("csms.stop()")
    with pytest.raises(BenchError, match=r"csms\.stop\(\) failed"), faults.inject(bench, faults.CsmsGone()):
        pytest.fail("the block must not run")
    assert notes.calls == ["network.admit('refuse')", "csms.stop()", "csms.start()", "network.admit('accept')"]
    assert bench.timeline.last(FaultLifted) is not None


def test_everything_else_is_restored_when_one_step_fails(bench: Any, notes: Notes) -> None:
    notes.failing.add("csms.start()")
    with (
        pytest.raises(BenchError, match=r"The fault csms-gone could not be lifted: csms\.start\(\) failed"),
        faults.inject(bench, faults.CsmsGone()),
    ):
        pass
    assert notes.calls[-1] == "network.admit('accept')"
    assert "could not be lifted" in bench.timeline.last(BenchTrouble).what
    assert bench.timeline.last(FaultLifted) is not None


def test_the_clock_of_the_csms_jumps_and_jumps_back(bench: Any) -> None:
    behaviour = bench.csms.behaviour = Behaviour(bench.timeline.clock)
    behaviour.clock_offset_s = 5
    with faults.inject(bench, faults.ClockJump(-3600)):
        assert behaviour.clock_offset_s == -3595
    assert behaviour.clock_offset_s == 5


def test_a_fault_without_its_capability_is_rejected(bench: Any, notes: Notes) -> None:
    bench.capabilities = frozenset({"power"})
    with (
        pytest.raises(BenchError, match="The fault torn-write needs the capability test_hooks, which this bench lacks"),
        faults.inject(bench, faults.TornWrite()),
    ):
        pytest.fail("the block must not run")
    assert notes.calls == []
    assert bench.timeline.last(FaultInjected) is None


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: faults.TornWrite(operation=0), "operation is .* at least 1 .*, not 0"),
        (lambda: faults.TornWrite(effect="most"), "effect is one of none, half, random, not 'most'"),  # type: ignore[arg-type]
        (lambda: faults.SlowErase(ms=0), "ms is .* at least 1 and at most 60000, not 0"),
        (lambda: faults.HeapLeak(0), "bytes_per_connection is .* at least 1 and at most 532480, not 0"),
        (lambda: faults.SlowErase(ms=60_001), "ms is .* at most 60000, not 60001"),
        (lambda: faults.HeapLeak(532_481), "bytes_per_connection is .* at most 532480, not 532481"),
        (lambda: faults.Latency(ms=-1), "ms is .* at least 0"),
        (lambda: faults.Latency(jitter_ms=-1), "jitter_ms is .* at least 0"),
        (lambda: faults.HttpRefusal(200), "status is one of 300, 301, .*, 511, not 200"),
        (lambda: faults.BadHandshake("slow"), "kind is one of half, garbage, close"),  # type: ignore[arg-type]
        (lambda: faults.BadAnswers("late"), "kind is one of half, garbage, wrong-id, no-payload"),  # type: ignore[arg-type]
        (lambda: faults.HttpRefusal(450), "status is one of 300, .*, 451, .* not 450"),
        (lambda: faults.Latency(ms=float("nan")), "ms is a finite number, .*, not nan"),
        (lambda: faults.Latency(jitter_ms=float("inf")), "jitter_ms is a finite number, .*, not inf"),
        (lambda: faults.Latency(ms=120_001), "latency: ms is .* at most 120000, not 120001"),
        (lambda: faults.Latency(jitter_ms=1e18), "latency: jitter_ms is .* at most 120000, not 1e"),
        (lambda: faults.ClockJump(1e12), "seconds is .* at most 315360000, not 1e"),
        (lambda: faults.ClockJump(-1e11), "seconds is .* at least -315360000 .*, not -1e"),
        (lambda: faults.ClockJump(float("nan")), "seconds is a finite number, .*, not nan"),
        (lambda: faults.ClockJump(float("-inf")), "seconds is a finite number, .*, not -inf"),
        (lambda: faults.HttpRefusal(600), "status is one of 300, .* not 600"),
        (lambda: faults.HttpRefusal(503, location="ws://x"), "only a redirection .* has a location"),
        (
            lambda: faults.FrameDrop(action="Heartbeet"),
            "the action .* not 'Heartbeet'. Did you mean 'Heartbeat'",
        ),
        (lambda: faults.FrameDrop(chance=0), "chance is .* at least 1 and at most 100, not 0"),
        (lambda: faults.FrameFragments("received"), "only frames that are sent have fragments"),
        (
            lambda: faults.FrameBreakSchema(action="Heartbeat", keyword="enum"),
            "do not use the keyword 'enum'",
        ),
        (lambda: faults.FileStatus(status=200), "status is .* at least 400 and at most 599, not 200"),
        (lambda: faults.FileRedirect(status=304), "status is one of 301, 302, 303, 307, 308, not 304"),
        (lambda: faults.FileRedirect(location="http://x/\r\nX: 1"), "location is a URL in printable ASCII"),
        (lambda: faults.HttpRefusal(301, location="ws://x/\r\nX: 1"), "location is a URL in printable ASCII"),
        (lambda: faults.WebSocketClose(reason="ä" * 62), "reason has at most 123 bytes of UTF-8, not 124"),
    ],
)
def test_limits_are_checked(make: Any, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        make()


def test_the_limits_themselves_are_allowed() -> None:
    assert faults.Latency(120_000, 120_000).arguments() == {"ms": 120_000, "jitter_ms": 120_000, "seed": 0}


def test_a_fault_is_a_value() -> None:
    assert faults.Latency(5) == faults.Latency(5.0)
    with pytest.raises(FrozenInstanceError):
        faults.Latency(5).ms = 6  # type: ignore[misc]


@pytest.mark.parametrize("name", faults.CATALOGUE)
def test_every_fault_of_the_catalogue_is_described_and_made_by_name(name: str) -> None:
    cls = faults.CATALOGUE[name]
    fault = faults.by_name(name)
    assert isinstance(fault, cls)
    assert name == name.lower().replace("_", "-")
    assert fault.summary
    described = "".join(base.__doc__ or "" for base in cls.__mro__)
    for field in fields(cls):  # type: ignore[arg-type]
        assert f"{field.name}:" in described, f"{name}: {field.name} is not documented"


def test_arguments_of_the_command_line_are_converted() -> None:
    assert faults.by_name("latency", ms="20.5", seed="3") == faults.Latency(20.5, seed=3)
    assert faults.by_name("torn_write", operation="7", effect="none") == faults.TornWrite(7, "none")


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("blackhole", {}, "There is no fault 'blackhole'. Did you mean 'black-hole'[?] These exist: power-cut, "),
        ("latency", {"jitter": 3}, "latency has no argument 'jitter'. Did you mean 'jitter_ms'[?] It takes ms,"),
        ("power-cut", {"ms": 3}, "has no argument 'ms'. It takes no arguments"),
        ("latency", {"name": 3}, "latency has no argument 'name'. "),
        ("latency", {"ms": "soon"}, "The fault latency: ms is a number, not 'soon'"),
        ("latency", {"ms": "1e9"}, r"latency: ms is .* at most 120000, not 1e\+09. Give a value within its limits"),
        ("slow-erase", {"ms": "1.5"}, "slow-erase: ms is a whole number, not '1.5'"),
        ("slow-erase", {"ms": "0"}, "slow-erase: ms is a finite number, at least 1 and at most 60000, not 0"),
    ],
)
def test_a_message_about_a_wrong_name_or_argument_lists_the_known_ones(
    name: str, arguments: dict[str, Any], error: str
) -> None:
    with pytest.raises(BenchError, match=error):
        faults.by_name(name, **arguments)
