"""One synthetic run for all tests of the report."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for the helpers beside this file, whatever pytest's import mode

import synthetic_run

from rig.runs import load


@pytest.fixture(scope="session")
def recorder() -> synthetic_run.Recorder:
    """A run with one of everything."""
    return synthetic_run.run()


@pytest.fixture(scope="session")
def run(recorder: synthetic_run.Recorder) -> load.Run:
    """The same, as the report reads it."""
    return load.from_events(recorder.events)


@pytest.fixture(scope="session")
def by_name(run: load.Run) -> dict[str, load.Test]:
    """Its tests by name, without parameters."""
    return {test.name.partition("[")[0]: test for test in run.tests}
