"""The virtual environment `.venv`: pip, the pinned packages, and Plugbench itself."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.setup.apt import Apt
from tools.setup.steps import CACHE, ROOT, Log, SetupError, Step

VENV = ROOT / ".venv"
LOCK = ROOT / "requirements" / "rig.txt"

PIP_HINT = """Likely causes: no network; a proxy that pip is not told about (HTTPS_PROXY, or
`pip config set global.proxy`); a package index of your own (`pip config list`) that lacks a pinned version; a platform
for which a package has no wheel (supported: Linux on x86-64 and 64-bit ARM, Python 3.11 or newer)."""

# Where Debian's package python3-pip-whl puts pip's wheel: on this machine, or below the folder it was unpacked into.
_WHEELS = "usr/share/python-wheels"


def steps() -> list[Step]:
    """Say what makes `.venv`, in order."""
    python = VENV / "bin" / "python"
    packages = tuple(sorted(str(init.parent.name) for init in ROOT.glob("*/__init__.py")))
    return [
        Step("virtual environment", lambda log: create(VENV, log), [], [python, VENV / "bin" / "pip"]),
        Step("Python packages", lambda log: install(VENV, LOCK, log), [LOCK], [VENV / "bin" / "pytest"]),
        Step(
            "rig",
            _install_rig,
            [ROOT / "pyproject.toml", *packages],
            [VENV / "bin" / "rig"],
        ),
    ]


def create(folder: Path, log: Log) -> None:
    """Make a virtual environment with pip in it, also where Debian left ensurepip out.

    Args:
        folder: where; emptied when it exists.
        log: the step's.

    Raises:
        SetupError: python3 cannot make one, or pip cannot be had.
    """
    venv = [sys.executable, "-m", "venv", "--clear"]
    hint = "python3 needs its module venv: on Debian `apt-get install python3 python3-venv`."
    if _has_ensurepip():
        log.command([*venv, folder], hint=hint)
        return
    log.command([*venv, "--without-pip", folder], hint=hint)
    wheel = _wheel_of_pip(log)
    log.command(
        [folder / "bin" / "python", f"{wheel}/pip", "install", "--quiet", "--no-index", "--ignore-installed", wheel],
        hint=f"Delete {folder} and {CACHE}, then try again.",
    )


def install(folder: Path, lock: Path, log: Log) -> None:
    """Install exactly what a lock file says, each file checked against its SHA-256.

    Args:
        folder: the virtual environment.
        lock: the lock file.
        log: the step's.

    Raises:
        SetupError: a package cannot be had.
    """
    log.command([*pip(folder), "install", "--require-hashes", "--requirement", lock], hint=PIP_HINT)


def pip(folder: Path) -> list[str | Path]:
    """Give the start of a pip command that asks nothing and says only what went wrong."""
    options = ["--quiet", "--no-input", "--disable-pip-version-check"]
    return [folder / "bin" / "python", "-m", "pip", *options]


def _install_rig(log: Log) -> None:
    # Without build isolation: setuptools is in the lock file, and nothing is fetched that is not.
    log.command(
        [*pip(VENV), "install", "--no-deps", "--no-index", "--no-build-isolation", "--editable", ROOT],
        hint="Look for a mistake in pyproject.toml.",
    )


def _has_ensurepip() -> bool:
    try:
        from ensurepip import version
    except ImportError:
        return False
    return bool(version())


def _wheel_of_pip(log: Log) -> Path:
    for root in (Path("/"), None):
        folder = (root or Apt(log).binary("python3-pip-whl")) / _WHEELS
        wheels = sorted(folder.glob("pip-*.whl"))
        if wheels:
            return wheels[-1]
    raise SetupError("Debian's package python3-pip-whl holds no wheel of pip. Install python3-venv, then try again.")
