"""The accuracy of a bench's stamps, as `rig doctor --latency` measured it on this machine."""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rig.util.folders import make_writable, replace_file, unwritable

_FOLDER = Path(".plugbench", "latency")
_PERCENT = 95


class Spread(BaseModel):
    """The spread of a time, in milliseconds.

    Attributes:
        median: half of the times are at most this.
        p95: 95 % of them are at most this.
        worst: the longest of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    median: float = Field(ge=0, allow_inf_nan=False)
    p95: float = Field(ge=0, allow_inf_nan=False)
    worst: float = Field(ge=0, allow_inf_nan=False)

    @classmethod
    def of(cls, times: Sequence[int]) -> Self:
        """Return the spread of some times in ns."""
        ordered = sorted(times)
        nearest = -(-len(ordered) * _PERCENT // 100) - 1  # the nearest rank
        return cls(median=statistics.median(ordered) / 1e6, p95=ordered[nearest] / 1e6, worst=ordered[-1] / 1e6)


class Latency(BaseModel):
    """The latencies of a bench.

    Attributes:
        measured: when, in ISO 8601.
        edges: the number of edges.
        stamp: the time between the two stamps of an edge: at the end of the wire that drives it, and at the other end.
            A time that a test measures between two edges has this error.
        edge: the time from the stamp of an edge until a waiting test continues.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    measured: str
    edges: int = Field(gt=0)
    stamp: Spread
    edge: Spread


def read_latency(root: Path, description: Path) -> Latency | None:
    """Return the latencies of a bench; None if they were not measured on this machine, or cannot be read.

    Args:
        root: the project's folder.
        description: the path of the bench description.
    """
    try:
        return Latency.model_validate_json(_file(root, description).read_bytes())
    except (OSError, ValidationError):
        return None


def write_latency(root: Path, description: Path, latency: Latency) -> Path:
    """Keep the latencies of a bench for the reports of this machine. An existing file is replaced atomically.

    Args:
        root: the project's folder.
        description: the path of the bench description.
        latency: the latencies.

    Returns:
        The path of the file.

    Raises:
        BenchError: the folder cannot be written to.
    """
    path = _file(root, description)
    make_writable(path.parent)
    try:
        return replace_file(path, f"{latency.model_dump_json(indent=2)}\n".encode())
    except OSError as problem:
        raise unwritable(path.parent, problem) from None


def _file(root: Path, description: Path) -> Path:
    """Return the file of a bench. Descriptions of the same name in other folders have other files."""
    path = description.resolve()
    return root / _FOLDER / f"{path.stem}-{hashlib.sha256(str(path).encode()).hexdigest()[:12]}.json"
