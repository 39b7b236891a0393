"""Measure what all fixtures together cost an empty test on an idle device."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perf.environment import ROOT
from perf.result import Result
from rig.firmware.build import build

TESTS = 200
CONFTEST = f"""
import json, time
from pathlib import Path
import pytest
spent = {{"plain": [], "fixtures": []}}

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    began = time.perf_counter_ns()
    result = yield
    spent[item.originalname.removeprefix("test_")].append((time.perf_counter_ns() - began) / 1e6)
    return result

def pytest_sessionfinish():
    Path("spent.json").write_text(json.dumps(spent))

def pytest_generate_tests(metafunc):
    metafunc.fixturenames.append("number")
    metafunc.parametrize("number", range({TESTS}))
"""
SOURCE = """
def test_plain(): pass
def test_fixtures(device, bench, console, csms, driver, firmware, inject, inputs, leds, measure, network, outputs,
                  power, telemetry, timeline): pass
"""


def measure(_peers: Path, runs: int) -> Iterator[Result]:
    """Yield the median over all tests of all runs, with the median of tests without a fixture beside it."""
    plain: list[float] = []
    with_fixtures: list[float] = []
    for _ in range(runs):
        spent = _run()
        plain += spent["plain"]
        with_fixtures += spent["fixtures"][1:]  # the first one opens the bench
    ours, theirs = statistics.median(with_fixtures), statistics.median(plain)
    peer = {f"pytest {pytest.__version__} without fixtures": theirs}
    yield Result("an empty test with every fixture", "ms", False, ours, peer)
    yield Result("the fixtures alone", "ms", False, ours - theirs, {})


def _run() -> dict[str, list[float]]:
    build(ROOT)
    project = ROOT / "build" / "bench"
    shutil.rmtree(project, ignore_errors=True)
    (project / "build").mkdir(parents=True)
    (project / "benches").mkdir()
    shutil.copy(ROOT / "benches" / "virtual.toml", project / "benches")
    (project / "firmware").symlink_to(ROOT / "firmware")
    (project / "build" / "firmware").symlink_to(ROOT / "build" / "firmware")
    (project / "conftest.py").write_text(CONFTEST)
    (project / "pytest.ini").write_text(
        "[pytest]\nplugbench_bench = benches/virtual.toml\nasyncio_default_fixture_loop_scope = function\n"
    )
    (project / "test_empty.py").write_text(SOURCE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:random_order", "-p", "no:cacheprovider", "test_empty.py"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=project, env=environment, stdout=subprocess.DEVNULL, check=True)
    spent: dict[str, list[float]] = json.loads((project / "spent.json").read_text())
    return spent
