"""The pytest plugin of the package: its options, and the other plugins if a session has a bench.

It is outside of `fixtures`, because other projects have folders of that name. It imports nothing of Plugbench until a
session has a bench: `--bench`, or `plugbench_bench` in the project's pytest.ini.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, in one group."""
    group = parser.getgroup("plugbench", "tests of a device on a bench (plugbench)")
    group.addoption(
        "--bench",
        metavar="FILE",
        action="append",
        help="bench description, which makes the fixtures of the bench available (default: plugbench_bench in "
        "pytest.ini); with xdist, give one for each worker in turn",
    )
    group.addoption("--pause-on-fail", action="store_true", help="leave the bench as it is when a test fails, and wait")
    group.addoption("--rig-record", metavar="DIR", default="reports/runs", help="where run records go")
    group.addoption(
        "--rig-run",
        metavar="NAME",
        help="name of this run's folder (default: date and time, as 20260131-235959); if the folder exists, such as "
        "from tests on another bench, this session becomes a part of that run, and one report shows all of it",
    )
    group.addoption(
        "--rig-keep-runs",
        metavar="N",
        type=_count,
        default=20,
        help="number of newest run records to keep, older ones are removed; 0: all (default: 20)",
    )
    group.addoption(
        "--retry-bench-errors",
        metavar="N",
        type=_count,
        default=0,
        help="retry a device test that ends in an error of the bench up to N times, each time on a reopened bench; a "
        "failure of the firmware is never retried (default: 0)",
    )
    parser.addini(
        "plugbench_bench",
        type="linelist",
        help="bench descriptions for sessions without --bench, one per line, relative to this file",
    )


def _count(text: str) -> int:
    """Read the value of an option that is a count.

    Raises:
        argparse.ArgumentTypeError: the value is not a whole number of 0 or more.
    """
    if not (text.isascii() and text.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number: give 0 or more")
    return int(text)


# Before the conftests, so that the plugins are loaded before any conftest, like those of other packages.
@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Register the plugins of `fixtures` if the session has a bench.

    Raises:
        pytest.UsageError: another package named `fixtures` is loaded, or a bench description has made pytest use
            another project folder.
    """
    if not early_config.known_args_namespace.bench and not early_config.getini("plugbench_bench"):
        return
    _refuse_moved_root(early_config)
    here = Path(__file__).parent
    # A folder `fixtures` or `rig` in the working directory must not hide the packages beside this file.
    sys.path.insert(0, str(here))
    try:
        found = importlib.import_module("fixtures")
        if not found.__file__ or Path(found.__file__).parent.parent != here:
            raise pytest.UsageError(
                f"plugbench needs its own package `fixtures`, but {found.__file__ or next(iter(found.__path__))} has "
                "been imported by that name. Rename that one"
            )
        for plugin in found.PLUGINS:
            early_config.pluginmanager.import_plugin(plugin)
    finally:
        sys.path.remove(str(here))


def _refuse_moved_root(config: pytest.Config) -> None:
    """Reject a `--bench FILE` that pytest has treated as a test file in its search for the project's root folder.

    pytest does this before it knows the option. It recognizes `--bench=FILE` as an option.

    Raises:
        pytest.UsageError: the root is the bench description's project.
    """
    root, here = config.rootpath, config.invocation_params.dir
    if here.is_relative_to(root) or "--bench" not in config.invocation_params.args:
        return
    named = [(here / path).resolve() for path in config.known_args_namespace.file_or_dir]
    benches = [str(path) for path in config.known_args_namespace.bench or ()]
    moved = [path for path in benches if (here / path).resolve().is_relative_to(root)]
    if moved and not any(path.is_relative_to(root) for path in named):
        raise pytest.UsageError(
            f"--bench {moved[0]} made pytest use {root} as the project, not {here}. Write it as one word: "
            f"--bench={moved[0]}"
        )
