"""`rig doctor --latency`: the bench measures its own stamps, and the record of a run names their error."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures.session.run import Run
from rig.bench.bench_file import load
from rig.cli.latency_check import measure_latency
from rig.runs.latency import Spread, read_latency
from rig.timeline.events import RunStarted
from rig.util.errors import BenchError
from rig.wiring.virtual.pins import Wires

BENCHES = Path(__file__).parents[2] / "benches"
REAL = BENCHES / "virtual-real.toml"


def test_a_measured_error_is_kept_and_is_in_the_record_of_a_run(tmp_path: Path) -> None:
    measured = measure_latency(REAL, tmp_path, edges=10)
    assert measured.edges == 10
    for spread in (measured.stamp, measured.edge):
        assert 0 < spread.median <= spread.p95 <= spread.worst
    assert read_latency(tmp_path, REAL) == measured
    for bench, error in ((REAL, measured.stamp.p95), (BENCHES / "pi.toml", None)):
        run = Run(load(bench), tmp_path, tmp_path / bench.stem)
        run.close()
        started = run.timeline.last(RunStarted)
        assert started is not None
        assert started.stamp_error == error


def test_a_damaged_result_counts_as_not_measured(tmp_path: Path) -> None:
    measure_latency(REAL, tmp_path, edges=1)
    (file,) = (tmp_path / ".plugbench" / "latency").iterdir()
    file.write_text('{"measured": "today", "edges": 0}')
    assert read_latency(tmp_path, REAL) is None


def test_the_spread_has_the_nearest_ranks() -> None:
    assert Spread.of([round(ms * 1e6) for ms in range(1, 101)]) == Spread(median=50.5, p95=95, worst=100)
    assert Spread.of([2_000_000]) == Spread(median=2, p95=2, worst=2)


def test_stepped_time_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="stands still while the bench works"):
        measure_latency(BENCHES / "virtual.toml", tmp_path)


def test_a_bench_without_a_loop_is_rejected(tmp_path: Path) -> None:
    file = tmp_path / "bench.toml"
    file.write_text(REAL.read_text().replace("[loop]", "").replace("drive = 8\nwatch = 7\n", ""))
    with pytest.raises(BenchError, match=r"no \[loop\]"):
        measure_latency(file, tmp_path)


def test_a_missing_wire_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Wires, "join", lambda *_: None)
    with pytest.raises(BenchError, match=r"an edge at loop\.drive did not arrive at loop\.watch within 1 s"):
        measure_latency(REAL, tmp_path)
    assert read_latency(tmp_path, REAL) is None
