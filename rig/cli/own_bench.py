"""A bench that a command opens for itself, and offers to other commands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from rig.bench import Bench
from rig.bench.project import bench_root, load_for
from rig.config.description import Description
from rig.device import Device
from rig.live.bench_offer import offer_of
from rig.live.server import LiveServer
from rig.timeline import Timeline
from rig.wiring.open import open_clock

_KEPT_EVENTS = 250_000
"""The number of events that stay readable, in about 100 MB; `rig console` may run for weeks."""


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
        opened(in_real_time(load_for(Path.cwd(), path)), keep=_KEPT_EVENTS) as (bench, device),
        contextlib.closing(LiveServer(offer_of(bench, device, program))),
    ):
        yield


@contextlib.contextmanager
def opened(description: Description, keep: int | None = None) -> Iterator[tuple[Bench, Device]]:
    """Open a bench of the working directory's project within the block, as pytest does.

    Args:
        description: the bench.
        keep: the minimum number of latest events that stay readable; None for all.

    Raises:
        BenchError: the bench cannot be opened.
    """
    timeline = Timeline(open_clock(description), keep)
    with Bench(description, timeline, bench_root(Path.cwd())) as bench, contextlib.closing(Device(bench)) as device:
        yield bench, device


def in_real_time(description: Description) -> Description:
    """Return the description of a bench that a person watches."""
    if description.kind != "virtual":
        return description
    return description.model_copy(update={"time": "real"})
