"""The virtual environment `.venv`: pip, the pinned packages, and Plugbench itself."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.setup.apt import Apt
from tools.setup.steps import CACHE, ROOT, Log, SetupError, Step

VENV = ROOT / ".venv"
LOCK = ROOT / "requirements" / "rig.txt"

PIP_HINT = """Likely causes: no network; a proxy that is not set for pip (HTTPS_PROXY, or
`pip config set global.proxy`); a package index of your own (`pip config list`) that lacks a pinned version; a platform
for which a package has no wheel (supported: Linux on x86-64 and 64-bit ARM, Python 3.11 or newer)."""

# The path of pip's wheel in Debian's package python3-pip-whl, on this machine or in the unpacked package.
_WHEELS = "usr/share/python-wheels"


def steps() -> list[Step]:
    """Return the steps that make `.venv`, in order."""
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


def api_steps() -> list[Step]:
    """Return the step that installs the packages of `rig csms api`."""
    return [_extra("api", "uvicorn")]


def console_steps() -> list[Step]:
    """Return the step that installs the packages of `rig console`."""
    return [_extra("console", "nicegui-pack")]


def browser_steps() -> list[Step]:
    """Return the step that installs the packages of `rig console` and of its tests in a browser."""
    return [_extra("browser", "playwright")]


def _extra(name: str, program: str) -> Step:
    lock = ROOT / "requirements" / f"{name}.txt"
    return Step(f"packages of {name}", lambda log: install(VENV, lock, log), [lock], [VENV / "bin" / program])


def create(folder: Path, log: Log) -> None:
    """Make a virtual environment with pip, even if Debian's Python lacks ensurepip.

    Args:
        folder: its path; an existing folder is emptied.
        log: the log of the step.

    Raises:
        SetupError: python3 cannot make one, or pip cannot be downloaded.
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
    """Install exactly the packages of a lock file, and check the SHA-256 of each file.

    Args:
        folder: the virtual environment.
        lock: the lock file.
        log: the log of the step.

    Raises:
        SetupError: a package cannot be downloaded.
    """
    log.command([*pip(folder), "install", "--require-hashes", "--requirement", lock], hint=PIP_HINT)


def pip(folder: Path) -> list[str | Path]:
    """Return the beginning of a pip command without questions, which prints only errors."""
    options = ["--quiet", "--no-input", "--disable-pip-version-check"]
    return [folder / "bin" / "python", "-m", "pip", *options]


def _install_rig(log: Log) -> None:
    # Without build isolation, which would fetch unpinned packages. setuptools is in the lock file.
    log.command(
        [*pip(VENV), "install", "--no-deps", "--no-index", "--no-build-isolation", "--editable", ROOT],
        hint="Check pyproject.toml for errors.",
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
    raise SetupError("Debian's package python3-pip-whl has no wheel of pip. Install python3-venv, then try again.")
