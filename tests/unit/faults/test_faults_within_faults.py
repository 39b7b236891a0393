"""Faults within faults: lifting one leaves the other unchanged. On the virtual board without firmware."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from rig import faults
from rig.bench import Bench
from rig.bench.bench_file import load
from rig.faults import CATALOGUE, Fault
from rig.timeline.events import FaultInjected
from rig.util.errors import BenchError
from tests.unit.csms.conftest import Peer

ROOT = Path(__file__).parents[3]

OTHER_ARGUMENTS: dict[str, dict[str, Any]] = {
    "latency": {"ms": 50, "jitter_ms": 5, "seed": 1},
    "slow-erase": {"ms": 20},
    "heap-leak": {"bytes_per_connection": 8},
    "http-refusal": {"status": 429},
    "bad-handshake": {"kind": "garbage"},
    "bad-answers": {"kind": "garbage"},
    "clock-jump": {"seconds": -60},
    "time-server-slow": {"ms": 7},
    "time-server-jump": {"seconds": -60},
    "trickle": {"bytes_per_s": 5},
}
"""Arguments of the inner fault, so that it differs from an outer one of the same name."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with Bench(load(ROOT / "benches" / "virtual.toml"), root=tmp_path_factory.mktemp("bench")) as bench:
        bench.power.on()
        yield bench


def state(bench: Bench) -> dict[str, Any]:
    """Return all settings that a fault changes while it lasts."""
    hooks, server = bench.wiring.hooks, bench.csms._server
    assert hooks is not None
    return {
        "power": (bench.power.is_on, bench.power.rail, bench.power.in_reset),
        "board": (hooks.erase_ms, hooks.flash_is_full, hooks.leaking, hooks.supply_mv),
        "time server": (hooks.time_server.is_present, hooks.time_server.delay_ms, hooks.time_server.offset_s),
        "network": (bench.network.on_air, bench.network.admission, bench.network.is_black_hole, bench.network.delay),
        "csms": (server.is_listening, server.refuse_with, server.bad_handshake, server.frame_faults, server._mute),
        "pace": (server.retry_after_s, server.redirect_to, server._bytes_per_s),
        "clock": bench.csms.behaviour.clock_offset_s,
    }


def inner_of(name: str) -> Fault:
    return faults.by_name(name, **OTHER_ARGUMENTS.get(name, {}))


@pytest.mark.parametrize("outer", CATALOGUE)
def test_lifting_an_inner_fault_leaves_the_outer_one(bench: Bench, outer: str) -> None:
    normal = state(bench)
    rejected = set()
    with bench.inject(faults.by_name(outer)):
        injected = state(bench)
        for inner in CATALOGUE:
            mark = bench.mark()
            try:
                with bench.inject(inner_of(inner)):
                    pass
            except BenchError:
                rejected.add(inner)
                assert bench.timeline.events(FaultInjected, mark) == []
            assert state(bench) == injected, f"after {inner}"
    assert state(bench) == normal
    assert rejected == {
        "torn-write": {"torn-write"},
        "csms-gone": {"csms-restart"},
    }.get(outer, set())


@pytest.mark.parametrize(
    ("fault", "state", "error"),
    [
        (
            faults.TornWrite(),
            faults.TornWrite(5),
            "injected already: only one torn write can be pending. Lift it first",
        ),
        (faults.CsmsRestart(), faults.CsmsGone(), "csms-restart needs a CSMS that listens: it is gone. Lift csms-gone"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
def test_an_impossible_combination_is_rejected_with_the_reason(
    bench: Bench, fault: Fault, state: Fault, error: str
) -> None:
    with bench.inject(state), pytest.raises(BenchError, match=error), bench.inject(fault):
        pytest.fail("the block must not run")


def connect(bench: Bench) -> str:
    """Try to connect to the CSMS through the proxy. Return the result as text."""
    try:
        socket.create_connection(("127.0.0.1", bench.network.csms_port), timeout=0.2).close()
    except ConnectionRefusedError:
        return "refused"
    except TimeoutError:
        return "ignored"
    return "accepted"


def test_the_latest_refusal_of_connections_applies(bench: Bench) -> None:
    with bench.inject(faults.SynIgnored()):
        assert connect(bench) == "ignored"
        with bench.inject(faults.CsmsGone()):
            assert connect(bench) == "refused"
            with bench.inject(faults.SynIgnored()):
                assert connect(bench) == "ignored"
            assert connect(bench) == "refused"
        assert connect(bench) == "ignored"
    assert connect(bench) == "accepted"


def status(bench: Bench) -> int:
    """Return the HTTP status that refuses an opening handshake."""
    with pytest.raises(InvalidStatus) as refused:
        Peer(bench.csms.url("CP-1"))
    return refused.value.response.status_code


def test_lifting_a_refusal_restores_the_outer_one(bench: Bench) -> None:
    with bench.inject(faults.HttpRefusal(503)):
        with bench.inject(faults.HttpRefusal(429)):
            assert status(bench) == 429
        assert status(bench) == 503
    Peer(bench.csms.url("CP-1")).socket.close()
