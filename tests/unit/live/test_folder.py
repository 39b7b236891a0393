"""The folder of the live sockets."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from rig.live import folder
from rig.util.errors import BenchError

CANDIDATES = folder.candidates


def test_the_folder_is_for_its_user_only(home: Path) -> None:
    assert folder.own_folder() == home
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@pytest.mark.parametrize("spoil", ["link", "mode", "file"])
def test_a_folder_that_others_may_use_is_rejected(home: Path, spoil: str) -> None:
    if spoil == "link":
        home.symlink_to("/tmp")
    elif spoil == "file":
        home.write_text("")
    else:
        home.mkdir(mode=0o755)
        home.chmod(0o755)
    with pytest.raises(BenchError, match="no folder for the live socket: "):
        folder.own_folder()
    assert list(folder.connections()) == []


def test_the_runtime_folder_is_preferred(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    home.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home))
    assert CANDIDATES()[0] == home / "plugbench"


def test_a_folder_with_a_long_path_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A Unix socket's path has 107 bytes at most."""
    deep = tmp_path / ("x" * 100)
    deep.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    assert deep / "plugbench" not in CANDIDATES()


def test_the_name_holds_no_path() -> None:
    name = folder.socket_name(Path("/a/" + "very/" * 100 + "deep.toml"), 1)
    assert len(name) < 40
