"""The ready-made linters, as checks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.lint.check import Result, SkippedError, tracked_files
from tools.setup.platformio import CORE, ENVIRONMENT

# The tools beside this Python have the pinned versions, unlike those of the machine.
_BIN = Path(sys.executable).parent


def ruff_check(root: Path) -> Result:
    """Check the style of the Python code, and find likely errors."""
    return _run(root, _BIN / "ruff", "check", "--quiet", "--output-format=concise", ".")


def ruff_format(root: Path) -> Result:
    """Check the layout of the Python code."""
    return _run(root, _BIN / "ruff", "format", "--check", "--quiet", ".")


def mypy(root: Path) -> Result:
    """Check types strictly. Files and options are in pyproject.toml."""
    return _run(root, _BIN / "mypy", "--no-error-summary")


def clang_format(root: Path) -> Result:
    """Check the layout of the C++ code."""
    files = _cpp(root, "firmware/*.h", "*.cpp")
    return _run(root, _BIN / "clang-format", "--dry-run", "-Werror", *files) if files else Result()


def cppcheck(root: Path) -> Result:
    """Analyse the C++ code. tools/lint/cppcheck.txt has the suppressions with their reasons."""
    folders = [folder for folder in ("firmware/src", "firmware/test", "examples") if (root / folder).is_dir()]
    build = root / ".cache" / "cppcheck"
    build.mkdir(parents=True, exist_ok=True)
    options = [
        *("--enable=warning,performance,portability", "--inline-suppr", "--error-exitcode=2", "--quiet", "--std=c++17"),
        *("--language=c++", "--template={file}:{line}: {message} [{id}]", f"-j{os.cpu_count()}"),
        *("--suppressions-list=tools/lint/cppcheck.txt", f"--cppcheck-build-dir={build}", "-Ifirmware/src"),
        '-DPLUGBENCH_VERSION="0"',
    ]
    return _run(root, _BIN / "cppcheck", *options, *folders)


def platformio(root: Path) -> Result:
    """Check the PlatformIO project file."""
    pio = ENVIRONMENT / "bin" / "pio"
    if not pio.exists():
        raise SkippedError("PlatformIO is not set up; `make lint` does that first")
    settings = {"PLATFORMIO_CORE_DIR": str(CORE), "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "No"}
    return _run(root, pio, "project", "config", "--project-dir", "firmware", "--lint", env=settings)


def _cpp(root: Path, *patterns: str) -> list[str]:
    return [str(path.relative_to(root)) for path in tracked_files(root, *patterns)]


def _run(root: Path, *command: str | Path, env: dict[str, str] | None = None) -> Result:
    done = subprocess.run(
        command,
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **(env or {})},
    )
    if done.returncode == 0:
        return Result()
    return Result(_lines(done.stdout) or [f"{command[0]} ended with exit code {done.returncode} and without output"])


def _lines(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.strip()]
