"""lgpio of Debian's package, where the virtual environment has none."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from rig.wiring.system_package import load_lgpio


@pytest.fixture
def without_lgpio(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the lgpio of this environment."""
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "lgpio" else find(name))
    for name in ("lgpio", "_lgpio"):
        monkeypatch.setitem(sys.modules, name, None)  # restored at the end
        del sys.modules[name]


@pytest.mark.usefixtures("without_lgpio")
def test_the_modules_of_the_system_are_loaded_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "_lgpio.py").write_text("VERSION = 2\n")
    (tmp_path / "lgpio.py").write_text("from _lgpio import VERSION\n")
    path = list(sys.path)
    load_lgpio(str(tmp_path))
    assert sys.modules["lgpio"].VERSION == 2
    assert sys.path == path


@pytest.mark.usefixtures("without_lgpio")
@pytest.mark.parametrize("files", [{}, {"_lgpio.py": "raise ImportError('for another Python')"}])
def test_a_missing_or_foreign_package_is_an_import_error(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ImportError):
        load_lgpio(str(tmp_path))
    assert "lgpio" not in sys.modules


@pytest.mark.usefixtures("without_lgpio")
def test_a_package_for_another_python_is_named(tmp_path: Path) -> None:
    (tmp_path / "_lgpio.cpython-27-aarch64-linux-gnu.so").touch()
    with pytest.raises(ImportError, match=r"_lgpio\.cpython-27-aarch64-linux-gnu\.so is for another version of Python"):
        load_lgpio(str(tmp_path))
