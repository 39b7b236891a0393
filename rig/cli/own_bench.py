"""A bench that a command opens for itself, and offers to other commands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rig.bench import Bench
from rig.bench.bench_file import load
from rig.config.description import Description
from rig.device import Device
from rig.firmware.build import host_project
from rig.live.bench_offer import offer_of
from rig.live.server import LiveServer


@contextlib.contextmanager
def own_bench(path: Path, program: str) -> Iterator[None]:
    """Open a bench within the block, in real time, and offer it on a live socket.

    Args:
        path: the bench description.
        program: the command.

    Raises:
        BenchError: the description or the bench cannot be used, or there is no folder for the socket.
    """
    with (
        opened(in_real_time(load(path))) as (bench, device),
        contextlib.closing(LiveServer(offer_of(bench, device, program))),
    ):
        yield


@contextlib.contextmanager
def opened(description: Description) -> Iterator[tuple[Bench, Device]]:
    """Open a bench of the working directory's project within the block.

    Args:
        description: the bench.

    Raises:
        BenchError: the bench cannot be opened.
    """
    if description.device.firmware == "host":
        host_project(Path.cwd())  # first, so that the bench does not write to a wrong folder
    with Bench(description, root=Path.cwd()) as bench, contextlib.closing(Device(bench)) as device:
        yield bench, device


def in_real_time(description: Description) -> Description:
    """Return the description of a bench that a person watches."""
    if description.kind != "virtual":
        return description
    return description.model_copy(update={"time": "real"})
