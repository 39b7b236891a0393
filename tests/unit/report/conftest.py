"""One synthetic run for all tests of the report."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers beside this file, in any import mode of pytest

import synthetic_run

from rig.runs import load


@pytest.fixture(scope="session")
def recorder() -> synthetic_run.Recorder:
    """Return a run with one event of each kind."""
    return synthetic_run.run()


@pytest.fixture(scope="session")
def run(recorder: synthetic_run.Recorder) -> load.Run:
    """Return the same run as the report reads it."""
    return load.from_events(recorder.events)


@pytest.fixture(scope="session")
def by_name(run: load.Run) -> dict[str, load.Test]:
    """Return the run's tests by name, without parameters."""
    return {test.name.partition("[")[0]: test for test in run.tests}
