"""Folders on a full disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from rig.util.errors import BenchError
from rig.util.folders import require_space


def test_too_little_space_is_an_error_with_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=1_040_000))
    require_space(tmp_path, 1_000_000)
    with pytest.raises(BenchError, match=rf"{tmp_path} has 1\.0 MB free, 16 MB are needed\. Free some space"):
        require_space(tmp_path, 16_000_000)


def test_a_flash_file_without_space_is_a_bench_error(tmp_path: Path) -> None:
    """Otherwise its first write is a bus error, which ends the process without a message."""
    script = """
import pathlib, resource, sys
from rig.util.errors import BenchError
from rig.wiring.virtual.flash import Flash
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
try:
    Flash(pathlib.Path(sys.argv[1]) / "flash.bin")
except BenchError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"{tmp_path} cannot be written to: ")
