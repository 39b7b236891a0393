"""The set-up: finished steps are skipped, failures are explained, downloads match their pins."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.setup import builds, environment, sources, steps
from tools.setup.steps import Log, SetupError, Step


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(steps, "LOGS", tmp_path / "logs")
    return tmp_path / "logs"


def counting(times: list[int], output: Path) -> Callable[[Log], None]:
    def run(_log: Log) -> None:
        times.append(1)
        output.write_text("made")

    return run


def test_step_runs_once_until_its_inputs_or_outputs_change(tmp_path: Path) -> None:
    times: list[int] = []
    lock, output = tmp_path / "lock.txt", tmp_path / "made"
    lock.write_text("a==1")
    step = Step("some thing", counting(times, output), [lock], [output])
    steps.run([step])
    steps.run([step])
    assert len(times) == 1
    lock.write_text("a==2")
    steps.run([step])
    assert len(times) == 2
    output.unlink()
    steps.run([step])
    assert len(times) == 3


def test_a_failed_step_is_explained_and_runs_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(log: Log) -> None:
        log.command([sys.executable, "-c", "print('the words'); raise SystemExit(3)"], hint="Do this.", cwd=tmp_path)

    step = Step("bad", fail)
    with pytest.raises(SetupError, match=r"exit code 3:\n    the words\nDo this\.\nThe whole log: "):
        steps.run([step])
    assert not step.is_done()
    capsys.readouterr()


def test_missing_command_is_explained(tmp_path: Path) -> None:
    step = Step("absent", lambda log: log.command(["no-such-command-here"], hint="Install it.", cwd=tmp_path))
    with pytest.raises(SetupError, match=r"`no-such-command-here` is not installed\. Install it\."):
        steps.run([step])


RUSTUP = """#!/bin/sh
# Like rustup's rustc: on any call it writes settings into its home.
mkdir -p "${RUSTUP_HOME:-$HOME/.rustup}" && touch "${RUSTUP_HOME:-$HOME/.rustup}/settings.toml" && echo "$1" >"$ASKED"
"""


@pytest.mark.parametrize("used", [False, True], ids=["never used", "used before"])
def test_pip_makes_rustup_write_nothing_into_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: bool
) -> None:
    rustc, home = tmp_path / "bin" / "rustc", tmp_path / "home"
    rustc.parent.mkdir()
    rustc.write_text(RUSTUP)
    rustc.chmod(0o755)
    (home / ".rustup" if used else home).mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{rustc.parent}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    monkeypatch.delenv("RUSTUP_HOME", raising=False)
    monkeypatch.setattr(steps, "CACHE", tmp_path / "cache")
    command = [*environment.pip(Path(sys.prefix)), "download", "--no-index", "no-such-package"]
    with pytest.raises(SetupError, match="No matching distribution"):
        steps.run([Step("ask", lambda log: log.command(command, hint="", cwd=tmp_path))])
    assert (tmp_path / "asked").read_text() == "--version\n", "pip calls rustc; remove this test when it no longer does"
    changed = tmp_path / ("home/.rustup" if used else "cache/rustup") / "settings.toml"
    assert sorted(tmp_path.rglob("settings.toml")) == [changed], "the user's own RUSTUP_HOME is used where it is set"


def archive(path: Path, name: str, data: bytes) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return path


def test_pinned_file_is_unpacked(tmp_path: Path) -> None:
    file = archive(tmp_path / "a.tar.gz", "top-1.0/src/lib/x.c", b"int x;\n")
    sources.unpack(file, "src/lib", {"x.c": hashlib.sha256(b"int x;\n").hexdigest()}, tmp_path / "out")
    assert (tmp_path / "out" / "x.c").read_bytes() == b"int x;\n"


@pytest.mark.parametrize(
    ("name", "words"), [("top/src/lib/x.c", "not the pinned file"), ("top/src/x.c", "has no src/lib/x.c")]
)
def test_a_file_other_than_the_pinned_one_is_rejected(tmp_path: Path, name: str, words: str) -> None:
    file = archive(tmp_path / "a.tar.gz", name, b"int y;\n")
    with pytest.raises(SetupError, match=words):
        sources.unpack(file, "src/lib", {"x.c": hashlib.sha256(b"int x;\n").hexdigest()}, tmp_path / "out")
    assert not (tmp_path / "out" / "x.c").exists()


def test_mbed_tls_is_unpacked_with_its_version_and_replaces_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "mbedtls"
    (folder / "library").mkdir(parents=True)
    (folder / "library" / "gone.c").write_text("of another version")
    file = archive(tmp_path / "mbedtls_3.6.6.orig.tar.gz", "mbedtls-3.6.6/library/ssl_tls.c", b"int x;\n")
    sources.unpack_mbedtls(file, folder)
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    assert found == {"library/ssl_tls.c": "int x;\n", "VERSION": "3.6.6\n"}


@pytest.mark.parametrize("name", ["mbedtls_3.60.1.orig.tar.gz", "mbedtls_4.0.0.orig.tar.gz", "other_3.6.1.orig.tar.gz"])
def test_another_branch_of_mbed_tls_is_rejected(tmp_path: Path, name: str) -> None:
    with pytest.raises(SetupError, match=r"is not mbed TLS 3\.6"):
        sources.unpack_mbedtls(archive(tmp_path / name, "mbedtls/library/x.c", b""), tmp_path / "mbedtls")
    assert not (tmp_path / "mbedtls").exists()


def test_every_package_of_the_locks_is_pinned_by_version_and_hash() -> None:
    for lock in (environment.LOCK.parent / name for name in ("rig.txt", "platformio.txt", "sources.txt")):
        text = "".join(line for line in lock.read_text().splitlines(keepends=True) if not line.startswith("#"))
        requirements = text.replace("\\\n", " ").splitlines()
        assert requirements
        assert all("==" in line and "--hash=sha256:" in line for line in requirements), lock
        assert "://" not in text


@pytest.mark.parametrize(
    ("cache", "stays"),
    [
        ("CMAKE_HOME_DIRECTORY:INTERNAL={root}/firmware/host\n", True),
        ("CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere/firmware/host\n", False),
        ("CMAKE_HOME_DIRECTORY:INTERNAL={root}/firmware\n", False),
        ("half a fi", False),
    ],
)
def test_a_build_of_a_clone_that_has_moved_is_removed(tmp_path: Path, cache: str, stays: bool) -> None:
    build = tmp_path / "a b" / "build" / "firmware"
    build.mkdir(parents=True)
    (build / "CMakeCache.txt").write_text("# x\n" + cache.format(root=tmp_path / "a b"))
    (build.parent / "coverage-python").mkdir()
    builds.remove_foreign(tmp_path / "a b")
    assert build.exists() is stays
    assert (build.parent / "coverage-python").exists()
